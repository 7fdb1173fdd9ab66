//! Hosts, API versions and members that later API versions added.

use std::sync::{Arc, Mutex};

use crate::support::{FixedToken, KEY, MockTransport, hub_with};
use iothub_convenience::*;
use serde_json::{Value, json};

const ANY: Precondition = Precondition::Unconditional;

fn hub_at(host: &str, transport: &Arc<MockTransport>) -> IotHubRegistryManager {
    let text = format!("HostName={host};SharedAccessKeyName=service;SharedAccessKey={KEY}");
    IotHubRegistryManager::from_connection_string(&text, Some(transport.options())).unwrap()
}

/// HUB-HOST-1, HUB-HOST-3.
#[tokio::test]
async fn requests_and_signatures_name_the_host_in_use() {
    for (given, in_use) in [
        ("h.azure-devices.net", "h.azure-devices.net"),
        ("h.service.azure-devices.net", "h.service.azure-devices.net"),
        ("h.device.azure-devices.net", "h.service.azure-devices.net"),
        ("h.device.azure-devices.us", "h.service.azure-devices.us"),
        ("localhost:8443", "localhost:8443"),
    ] {
        let transport = MockTransport::new();
        let hub = hub_at(given, &transport);
        assert_eq!(hub.host_name(), in_use);
        assert_eq!(hub.endpoint().as_str(), format!("https://{in_use}/"));
        hub.get_device("d").await.unwrap();
        let resource = format!("SharedAccessSignature sr={}&", in_use.replace(':', "%3A"));
        let tokens = transport.take_authorizations();
        assert_eq!(tokens.len(), 1);
        assert!(tokens[0].starts_with(&resource), "{given}");
    }
}

/// HUB-HOST-3.
#[tokio::test]
async fn entra_scope_is_the_same_for_all_hosts() {
    for (given, in_use) in [
        ("h.azure-devices.net", "h.azure-devices.net"),
        ("h.service.azure-devices.net", "h.service.azure-devices.net"),
        (
            "https://h.device.azure-devices.net",
            "h.service.azure-devices.net",
        ),
    ] {
        let transport = MockTransport::new();
        let credential = Arc::new(FixedToken(Mutex::default()));
        let options = Some(transport.options());
        let hub = IotHubRegistryManager::from_token_credential(given, credential.clone(), options).unwrap();
        hub.get_device("d").await.unwrap();
        assert_eq!(hub.host_name(), in_use);
        let scopes = credential.0.lock().unwrap().clone();
        assert_eq!(scopes, ["https://iothubs.azure.net/.default"], "{given}");
    }
}

#[tokio::test]
async fn chosen_api_version_is_sent_with_every_kind_of_call() {
    for (chosen, sent) in [
        (None, "2024-03-31"),
        (Some("2021-04-12"), "2021-04-12"),
        (Some("2026-11-01"), "2026-11-01"),
        (Some("2031-01-01-preview"), "2031-01-01-preview"),
        (Some("a&b=c"), "a%26b%3Dc"),
    ] {
        let transport = MockTransport::new();
        let mut options = transport.options();
        if let Some(version) = chosen {
            options.api_version = version.to_owned();
        }
        let hub = hub_with(options);
        hub.get_device("d").await.unwrap();
        transport.respond_with(204, &[], "");
        let quick = hub.with_call_options(CallOptions::default());
        quick.delete_device("d", ANY).await.unwrap();
        let report = hub
            .update_twins([TwinUpdate::new("d", TwinPatch::new(), ANY)], None)
            .await
            .unwrap();
        assert!(report.is_successful());
        hub.protocol().devices_get_identity("d").await.unwrap();
        for request in transport.take() {
            let line = request.lines().next().unwrap().to_owned();
            assert!(line.ends_with(&format!("?api-version={sent}")), "{line}");
        }
    }
    let known = iothub_protocol::API_VERSIONS;
    assert_eq!(known, ["2021-04-12", "2024-03-31", "2026-11-01"]);
    let options = IotHubClientOptions {
        api_version: String::new(),
        ..MockTransport::new().options()
    };
    let text = format!("HostName=h;SharedAccessKeyName=n;SharedAccessKey={KEY}");
    let error = IotHubRegistryManager::from_connection_string(&text, Some(options)).unwrap_err();
    assert_eq!(error.parameter(), Some("api_version"));
}

/// Returns a device of a hub that is linked to a namespace.
fn linked_device() -> Value {
    json!({
        "deviceId": "d", "etag": "MQ==", "status": "enabled", "statusReason": null, "capabilities": {"iotEdge": false},
        "attributes": {"site": "oslo", "floors": [1, 2], "adrDeviceProperties": "of the user"},
        "adrDeviceProperties": {"uuid": "u", "name": "d", "etag": "\"0a\"", "systemData": {"createdBy": "a"}},
        "armSyncStatus": {"state": "Succeeded"}, "deviceResourceId": "/subscriptions/s/devices/d",
        "authentication": {
            "type": "certificateAuthority", "symmetricKey": {"primaryKey": null, "secondaryKey": null},
            "policyResourceId": "/subscriptions/s/policies/p",
            "x509CaValidation": {"scheme": "chain", "value": {"depth": 2}, "later": true}
        }
    })
}

/// HUB-ATTRIBUTE-1, HUB-ATTRIBUTE-3, HUB-REGISTRY-3, HUB-REGISTRY-4.
#[tokio::test]
async fn change_of_a_linked_device_sends_what_can_be_written_and_not_what_the_registry_owns() {
    let transport = MockTransport::new();
    transport.respond(200, &linked_device());
    let hub = hub_with(IotHubClientOptions {
        api_version: "2026-11-01".to_owned(),
        ..transport.options()
    });
    let device = hub.get_device("d").await.unwrap().into_model().unwrap();
    let registry = device.adr_device_properties.as_ref().unwrap();
    assert_eq!(registry.uuid.as_deref(), Some("u"));
    let mut options = CreateOrUpdateDeviceOptions::from(&device);
    options.status_reason = Some("moved".to_owned());
    let attributes = options.attributes.as_mut().unwrap();
    attributes.insert("site".to_owned(), json!("bergen"));
    let authentication = device.authentication.clone().unwrap();
    hub.update_device(
        "d",
        authentication.clone(),
        DeviceStatus::Disabled,
        device.precondition().unwrap(),
        Some(options.clone()),
    )
    .await
    .unwrap();
    options.attributes = None;
    let entry = RegistryEntry::update("d", device.precondition().unwrap())
        .with_authentication(authentication)
        .with_options(options);
    transport.respond(200, &json!({"isSuccessful": true, "errors": []}));
    let report = hub.bulk_create_or_update_devices([entry], None).await.unwrap();
    assert!(report.is_successful());
    let sent = transport.take();
    for request in &sent[1..] {
        for owned in ["armSyncStatus", "deviceResourceId", "uuid", "systemData"] {
            assert!(!request.contains(owned), "{owned}: {request}");
        }
    }
    insta::assert_snapshot!(sent[1..].join("\n----\n"));
}

/// HUB-ATTRIBUTE-1, HUB-ATTRIBUTE-2.
#[tokio::test]
async fn attributes_of_devices_modules_and_twins_are_read_and_those_of_identities_written() {
    let transport = MockTransport::new();
    let document = json!({"s": "x", "b": true, "n": 7, "a": [1, "y"]});
    let attributes = document.as_object().cloned();
    transport
        .respond(200, &json!({"deviceId": "d", "attributes": document}))
        .respond(
            200,
            &json!({"deviceId": "d", "moduleId": "m", "attributes": document}),
        )
        .respond(200, &json!({"deviceId": "d", "attributes": document}));
    let hub = transport.hub();
    let device = CreateOrUpdateDeviceOptions {
        attributes: attributes.clone(),
        ..Default::default()
    };
    let keys = SymmetricKey::assigned_by_service;
    let device = hub.create_device_with_sas("d", keys(), DeviceStatus::Enabled, Some(device));
    assert_eq!(device.await.unwrap().into_model().unwrap().attributes, attributes);
    let module = CreateOrUpdateModuleOptions {
        attributes: attributes.clone(),
        ..Default::default()
    };
    let module = hub.create_module_with_sas("d", "m", keys(), Some(module)).await;
    assert_eq!(module.unwrap().into_model().unwrap().attributes, attributes);
    let twin = hub.get_twin("d").await.unwrap().into_model().unwrap();
    assert_eq!(twin.attributes, attributes);
    let sent = transport.take();
    for request in &sent[..2] {
        assert!(
            request.contains(&format!("\"attributes\":{document}")),
            "{request}"
        );
    }

    let refused = CreateOrUpdateDeviceOptions {
        attributes: json!({"a.b": 1}).as_object().cloned(),
        ..Default::default()
    };
    let error = hub
        .create_device_with_sas("d", keys(), DeviceStatus::Enabled, Some(refused))
        .await
        .unwrap_err();
    assert_eq!(error.parameter(), Some("attributes"));
    assert!(transport.take().is_empty());
}
