//! Client construction.

use std::sync::{Arc, Mutex};

use azure_core::http::Transport;
use provisioning_convenience::*;

use crate::support::{FixedToken, KEY, MockTransport};

fn options(transport: &Arc<MockTransport>) -> ProvisioningServiceClientOptions {
    let mut options = ProvisioningServiceClientOptions::default();
    options.client_options.transport = Some(Transport::new(transport.clone()));
    options
}

#[tokio::test]
async fn entra_token_is_requested_for_the_scope_of_the_service() {
    let transport = MockTransport::new();
    let credential = Arc::new(FixedToken(Mutex::default()));
    let dps = ProvisioningServiceClient::from_token_credential(
        "dps.example:8443",
        credential.clone(),
        Some(options(&transport)),
    )
    .unwrap();
    dps.get_registration("sensor-7").await.unwrap();
    assert_eq!(
        *credential.0.lock().unwrap(),
        ["https://azure-devices-provisioning.net/.default"]
    );
    assert_eq!(transport.take_authorizations(), ["Bearer token"]);
}

#[tokio::test]
async fn service_token_is_signed_for_the_host_with_the_policy() {
    let transport = MockTransport::new();
    transport.dps().get_registration("sensor-7").await.unwrap();
    let tokens = transport.take_authorizations();
    assert!(
        tokens[0].starts_with("SharedAccessSignature sr=dps.example&sig=")
            && tokens[0].ends_with("&skn=owner"),
        "{tokens:?}"
    );
}

#[tokio::test]
async fn device_token_is_signed_for_the_registration_with_its_case_kept() {
    let transport = MockTransport::new();
    let mut options = ProvisioningDeviceClientOptions::default();
    options.client_options.transport = Some(Transport::new(transport.clone()));
    let key = Secret::new(KEY);
    let device = ProvisioningDeviceClient::with_group_key("0neABC", "Sensor.7", &key, Some(options)).unwrap();
    device.get_own_registration().await.unwrap();
    let tokens = transport.take_authorizations();
    assert!(
        tokens[0].starts_with("SharedAccessSignature sr=0neABC%2Fregistrations%2FSensor.7&sig=")
            && tokens[0].ends_with("&skn=registration"),
        "{tokens:?}"
    );
    insta::assert_snapshot!(transport.take().join("\n"));
}

#[test]
fn invalid_options_are_refused_without_showing_keys() {
    let text =
        |host: &str, key: &str| format!("HostName={host};SharedAccessKeyName=owner;SharedAccessKey={key}");
    let refused = [
        ProvisioningServiceClient::from_connection_string("", None).err(),
        ProvisioningServiceClient::from_connection_string(&text("dps.example", "c2VjcmV0!"), None).err(),
        ProvisioningServiceClient::from_connection_string(&text("hub.azure-devices.net", KEY), None).err(),
        ProvisioningServiceClient::from_connection_string(
            &text("dps.example", KEY),
            Some(ProvisioningServiceClientOptions {
                api_version: "2026&x=y".to_owned(),
                ..ProvisioningServiceClientOptions::default()
            }),
        )
        .err(),
        ProvisioningDeviceClient::with_symmetric_key("a/b", "d", &Secret::new(KEY), None).err(),
        ProvisioningDeviceClient::with_symmetric_key("0ne", "d/", &Secret::new(KEY), None).err(),
        ProvisioningDeviceClient::with_symmetric_key("0ne", "d", &Secret::new("c2VjcmV0!"), None).err(),
        ProvisioningDeviceClient::with_certificate("0ne", "d", &Secret::new("c2VjcmV0!"), None).err(),
    ];
    for error in refused {
        let error = error.unwrap();
        assert!(error.is_invalid_input(), "{error}");
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("c2VjcmV0") && !shown.contains(KEY), "{shown}");
    }
}

#[test]
fn transport_of_the_caller_cannot_be_combined_with_a_certificate() {
    let identity = rcgen::generate_simple_self_signed(["sensor-7".to_owned()]).unwrap();
    let pem = Secret::new(format!(
        "{}{}",
        identity.signing_key.serialize_pem(),
        identity.cert.pem()
    ));
    ProvisioningDeviceClient::with_certificate("0ne", "sensor-7", &pem, None).unwrap();
    let mut options = ProvisioningDeviceClientOptions::default();
    options.client_options.transport = Some(Transport::new(MockTransport::new()));
    let error =
        ProvisioningDeviceClient::with_certificate("0ne", "sensor-7", &pem, Some(options)).unwrap_err();
    assert_eq!(error.parameter(), Some("transport"));
    let options = ProvisioningDeviceClientOptions {
        endpoint: "http://localhost".to_owned(),
        ..ProvisioningDeviceClientOptions::default()
    };
    let error =
        ProvisioningDeviceClient::with_certificate("0ne", "sensor-7", &pem, Some(options)).unwrap_err();
    assert_eq!(error.parameter(), Some("endpoint"));
}
