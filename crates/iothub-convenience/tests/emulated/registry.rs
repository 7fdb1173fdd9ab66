//! Devices and modules.

use std::time::Duration;

use iothub_convenience::*;

use crate::{ANY, hub, if_match};

const SPECIAL_ID: &str = "dev:1.2+3%_#*?!(),=@;$'";

#[tokio::test]
async fn device_is_created_updated_and_deleted() {
    let (_emulator, hub) = hub(&[]).await;
    let keys = SymmetricKey::generate().unwrap();
    let options = CreateOrUpdateDeviceOptions {
        status_reason: Some("ü☃".into()),
        ..Default::default()
    };
    let created = hub
        .create_device_with_sas(SPECIAL_ID, keys.clone(), DeviceStatus::Disabled, Some(options))
        .await
        .unwrap()
        .into_model()
        .unwrap();
    let read = hub.get_device(SPECIAL_ID).await.unwrap().into_model().unwrap();
    assert_eq!((&read.device_id, &read.etag), (&created.device_id, &created.etag));
    assert_eq!(
        read.authentication.as_ref().unwrap().symmetric_key.as_ref(),
        Some(&keys)
    );
    assert_eq!(
        (read.status, read.status_reason.as_deref()),
        (Some(DeviceStatus::Disabled), Some("ü☃"))
    );
    assert!(read.last_activity_time.unwrap().is_never());

    let again = hub
        .create_device_with_sas(SPECIAL_ID, keys.clone(), DeviceStatus::Enabled, None)
        .await
        .unwrap_err();
    assert!(again.is_conflict());
    assert_eq!(again.error_code(), Some(ErrorCode::DEVICE_ALREADY_EXISTS));

    let updated = hub
        .update_device_with_sas(
            SPECIAL_ID,
            keys,
            DeviceStatus::Enabled,
            if_match(read.etag.clone()),
            None,
        )
        .await
        .unwrap()
        .into_model()
        .unwrap();
    assert_ne!(updated.etag, read.etag);
    assert_eq!(updated.status_reason, None);
    let stale = hub
        .delete_device(SPECIAL_ID, if_match(read.etag))
        .await
        .unwrap_err();
    assert!(stale.is_precondition_failed());
    hub.delete_device(SPECIAL_ID, if_match(updated.etag))
        .await
        .unwrap();
    assert!(hub.get_device(SPECIAL_ID).await.unwrap_err().is_not_found());
    assert!(
        hub.delete_device(SPECIAL_ID, ANY)
            .await
            .unwrap_err()
            .is_not_found()
    );
    let gone = hub
        .update_device_with_certificate_authority(SPECIAL_ID, DeviceStatus::Enabled, ANY, None)
        .await;
    assert!(gone.unwrap_err().is_not_found());
}

#[tokio::test]
async fn every_type_of_authentication_is_supported() {
    let (_emulator, hub) = hub(&[]).await;
    let kind = |device: &Device| device.authentication.as_ref().unwrap().kind.clone().unwrap();
    let sas = hub
        .create_device_with_sas(
            "sas",
            SymmetricKey::assigned_by_service(),
            DeviceStatus::Enabled,
            None,
        )
        .await
        .unwrap()
        .into_model()
        .unwrap();
    assert_eq!(kind(&sas), AuthenticationType::Sas);
    let text = hub.device_connection_string(&sas, KeySlot::Secondary).unwrap();
    assert!(text.secret().contains(";DeviceId=sas;SharedAccessKey="));
    let thumbprint = X509Thumbprint::new("a".repeat(64), Some(&"B".repeat(64))).unwrap();
    let x509 = hub
        .create_device_with_x509("x509", thumbprint.clone(), DeviceStatus::Enabled, None)
        .await
        .unwrap()
        .into_model()
        .unwrap();
    assert_eq!(
        x509.authentication.as_ref().unwrap().x509_thumbprint.as_ref(),
        Some(&thumbprint)
    );
    assert_eq!(kind(&x509), AuthenticationType::SelfSigned);
    let ca = hub
        .update_device_with_certificate_authority("x509", DeviceStatus::Enabled, if_match(x509.etag), None)
        .await
        .unwrap()
        .into_model()
        .unwrap();
    assert_eq!(kind(&ca), AuthenticationType::CertificateAuthority);
}

#[tokio::test]
async fn leaf_device_has_the_scope_of_its_edge_device() {
    let (_emulator, hub) = hub(&[]).await;
    let edge = CreateOrUpdateDeviceOptions {
        iot_edge: true,
        ..Default::default()
    };
    let keys = || SymmetricKey::generate().unwrap();
    let edge = hub
        .create_device_with_sas("edge", keys(), DeviceStatus::Enabled, Some(edge))
        .await
        .unwrap()
        .into_model()
        .unwrap();
    let scope = edge.device_scope.clone().unwrap();
    assert!(scope.starts_with("ms-azure-iot-edge://edge-"));
    let leaf = CreateOrUpdateDeviceOptions {
        device_scope: Some(scope.clone()),
        ..Default::default()
    };
    let leaf = hub
        .create_device_with_sas("leaf", keys(), DeviceStatus::Enabled, Some(leaf))
        .await
        .unwrap()
        .into_model()
        .unwrap();
    assert_eq!(leaf.parent_scopes, Some(vec![scope]));
    let modules = hub.get_modules("edge").await.unwrap().into_model().unwrap();
    let mut ids: Vec<_> = modules.into_iter().map(|module| module.module_id).collect();
    ids.sort();
    assert_eq!(ids, ["$edgeAgent", "$edgeHub"]);
    // An update that starts from the device keeps the device's fields.
    let options = CreateOrUpdateDeviceOptions::from(&edge);
    let precondition = if_match(edge.etag);
    let updated = hub
        .update_device_with_sas(
            "edge",
            keys(),
            DeviceStatus::Disabled,
            precondition,
            Some(options),
        )
        .await;
    assert_eq!(
        updated.unwrap().into_model().unwrap().device_scope,
        edge.device_scope
    );
}

#[tokio::test]
async fn module_is_created_updated_and_deleted() {
    let (_emulator, hub) = hub(&["d"]).await;
    let keys = SymmetricKey::generate().unwrap();
    let edge = CreateOrUpdateModuleOptions {
        managed_by: Some("iotEdge".into()),
        ..Default::default()
    };
    let module = hub
        .create_module_with_sas("d", "m#1", keys.clone(), Some(edge))
        .await
        .unwrap()
        .into_model()
        .unwrap();
    assert_eq!(
        (module.module_id.as_str(), module.managed_by.as_deref()),
        ("m#1", Some("iotEdge"))
    );
    assert_eq!(
        module.authentication.as_ref().unwrap().symmetric_key.as_ref(),
        Some(&keys)
    );
    let token = hub
        .module_sas_token(&module, KeySlot::Primary, Duration::from_secs(60))
        .unwrap();
    assert!(token.token.secret().contains("%2Fmodules%2Fm%231&"));
    let again = hub
        .create_module_with_certificate_authority("d", "m#1", None)
        .await
        .unwrap_err();
    assert_eq!(
        again.error_code(),
        Some(ErrorCode::MODULE_ALREADY_EXISTS_ON_DEVICE)
    );
    let thumbprint = X509Thumbprint::new("a".repeat(40), None).unwrap();
    let updated = hub
        .update_module_with_x509("d", "m#1", thumbprint, module.precondition().unwrap(), None)
        .await
        .unwrap()
        .into_model()
        .unwrap();
    assert_eq!(updated.managed_by, None);
    assert!(
        hub.delete_module("d", "m#1", if_match(module.etag))
            .await
            .unwrap_err()
            .is_precondition_failed()
    );
    hub.delete_module("d", "m#1", ANY).await.unwrap();
    assert!(hub.get_module("d", "m#1").await.unwrap_err().is_not_found());
    // With a shared access policy, the hub returns 401 for a module of a missing device.
    let orphan = hub
        .create_module_with_certificate_authority("missing", "m", None)
        .await
        .unwrap_err();
    assert!(orphan.is_unauthorized() || orphan.is_not_found(), "{orphan}");
}

#[tokio::test]
async fn devices_are_listed_and_counted() {
    let (emulator, hub) = hub(&["a", "b", "c"]).await;
    let all = hub.get_devices(None).await.unwrap().into_model().unwrap();
    assert_eq!(all.len(), 3);
    assert_eq!(
        hub.get_devices(Some(GetDevicesOptions { max_count: Some(2) }))
            .await
            .unwrap()
            .into_model()
            .unwrap()
            .len(),
        2
    );
    let counts = hub
        .get_device_registry_statistics()
        .await
        .unwrap()
        .into_model()
        .unwrap();
    assert_eq!(
        (counts.total_device_count, counts.enabled_device_count),
        (Some(3), Some(3))
    );
    emulator.iothub().unwrap().set_connected("a", None, true).unwrap();
    let service = hub.get_service_statistics().await.unwrap().into_model().unwrap();
    assert_eq!(service.connected_device_count, Some(1));
    let connected = hub.get_device("a").await.unwrap().into_model().unwrap();
    assert_eq!(connected.connection_state, Some(ConnectionState::Connected));
}

#[tokio::test]
async fn wrong_key_is_unauthorized() {
    let (emulator, _) = hub(&[]).await;
    let text = emulator.iothub_connection_string();
    let (before, _) = text.split_once("SharedAccessKey=").unwrap();
    let options = IotHubClientOptions::trusting(emulator.ca_certificate_pem()).unwrap();
    let text = format!("{before}SharedAccessKey=AAECAwQFBgcICQoLDA0ODw==");
    let client = IotHubRegistryManager::from_connection_string(&text, Some(options)).unwrap();
    let error = client.get_devices(None).await.unwrap_err();
    assert!(error.is_unauthorized(), "{error:?}");
    assert_eq!(error.error_code(), Some(ErrorCode::IOTHUB_UNAUTHORIZED_ACCESS));
}

/// HUB-AUTH-3, HUB-AUTH-10.
#[cfg(feature = "amqp")]
#[tokio::test]
async fn token_replaces_the_key_of_the_connection_string() {
    let (emulator, _) = hub(&["d"]).await;
    let text = emulator.iothub_connection_string();
    let (before, key) = text.split_once(";SharedAccessKey=").unwrap();
    let (host, policy) = before.split_once(";SharedAccessKeyName=").unwrap();
    let host = host.strip_prefix("HostName=").unwrap();
    let client = |minutes: i64| {
        let expires_on =
            azure_core::time::OffsetDateTime::now_utc() + azure_core::time::Duration::minutes(minutes);
        let token =
            azure_service_core::SasToken::sign(host, expires_on, Some(policy), &Secret::new(key.to_owned()));
        let token = token.unwrap().token;
        let text = format!("HostName={host};SharedAccessSignature={}", token.secret());
        let options =
            IotHubClientOptions::for_emulator(emulator.ca_certificate_pem(), emulator.iothub_amqp_endpoint());
        IotHubRegistryManager::from_connection_string(&text, Some(options.unwrap())).unwrap()
    };
    let valid = client(60);
    assert_eq!(
        valid.get_devices(None).await.unwrap().into_model().unwrap().len(),
        1
    );
    valid.send_c2d_message("d", "hello").await.unwrap();
    let expired = client(-60);
    assert!(expired.get_devices(None).await.unwrap_err().is_unauthorized());
    assert!(
        expired
            .send_c2d_message("d", "hello")
            .await
            .unwrap_err()
            .is_unauthorized()
    );
}

#[tokio::test]
async fn generated_client_is_authenticated() {
    let (_emulator, hub) = hub(&["d"]).await;
    let device = hub
        .protocol()
        .devices_get_identity("d")
        .await
        .unwrap()
        .into_inner();
    assert_eq!(device.device_id.as_deref(), Some("d"));
}
