//! Tests that `Debug` output and errors contain no keys.

use std::time::Duration;

use iothub_convenience::*;
use serde_json::{Value, json};

use crate::support::{KEY, MockTransport};

const DEVICE_KEY: &str = "cHJpbWFyeS1rZXktMDEyMzQ1Njc4OTAxMjM0NTY3ODk=";

fn identity() -> Value {
    json!({"deviceId": "d", "moduleId": "m", "etag": "x",
        "authentication": {"type": "sas", "symmetricKey": {"primaryKey": DEVICE_KEY, "secondaryKey": DEVICE_KEY}}})
}

fn keys() -> SymmetricKey {
    SymmetricKey::new(DEVICE_KEY, DEVICE_KEY).unwrap()
}

#[track_caller]
fn assert_shows_no_key(text: &str) {
    for secret in [KEY, DEVICE_KEY, "sig="] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[tokio::test]
async fn debug_shows_no_key() {
    let transport = MockTransport::new();
    let hub = transport.hub();
    assert_shows_no_key(&format!("{hub:?} {:?}", hub.protocol()));
    transport.respond(200, &identity());
    let response = hub.get_device("d").await.unwrap();
    assert_shows_no_key(&format!("{response:?}"));
    let device = response.into_model().unwrap();
    transport.respond(200, &identity());
    let module = hub.get_module("d", "m").await.unwrap().into_model().unwrap();
    assert_shows_no_key(&format!("{device:?} {module:?}"));
    let string = hub.device_connection_string(&device, KeySlot::Primary).unwrap();
    let token = hub
        .module_sas_token(&module, KeySlot::Primary, Duration::from_secs(9))
        .unwrap();
    assert_shows_no_key(&format!("{string:?} {token:?}"));
    let entry = RegistryEntry::create("d").with_sas(keys());
    assert_shows_no_key(&format!("{entry:?}"));
    let job = ImportExportJobRequest::import("https://x?sig=a", "https://y?sig=b");
    assert_shows_no_key(&format!("{job:?}"));
    transport.respond(
        200,
        &json!({"jobId": "j", "inputBlobContainerUri": "https://x?sig=a", "outputBlobContainerUri": "https://y?sig=b"}),
    );
    let response = hub.get_import_export_job("j").await.unwrap();
    assert_shows_no_key(&format!("{response:?}"));
    let job = response.into_model().unwrap();
    assert!(job.output_blob_container_uri.is_some());
    assert_shows_no_key(&format!("{job:?}"));
}

#[cfg(feature = "amqp")]
#[test]
fn debug_of_options_shows_no_password() {
    let mut options = IotHubClientOptions::default();
    let proxy = AmqpProxy::new("http://user:s3cret@proxy:3128").unwrap();
    options.amqp.proxy = Some(proxy.clone());
    let shown = format!("{proxy:?} {options:?}");
    // The second secret is `user:s3cret` in Base64, as sent to the proxy.
    for secret in ["s3cret", "dXNlcjpzM2NyZXQ="] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert!(shown.contains("3128"), "{shown}");
}

#[tokio::test]
async fn errors_show_no_key() {
    let transport = MockTransport::new();
    let hub = transport.hub();
    // Decoding fails because members have the wrong type.
    let mut invalid = identity();
    invalid["status"] = json!([DEVICE_KEY]);
    invalid["statusReason"] = json!({"x": DEVICE_KEY});
    transport.respond(200, &invalid);
    let error = Error::from(hub.get_device("d").await.unwrap().into_model().unwrap_err());
    assert_shows_no_key(&format!("{error} {error:?}"));
    let error = SymmetricKey::new(format!("{DEVICE_KEY}!"), DEVICE_KEY).unwrap_err();
    assert_shows_no_key(&format!("{error} {error:?}"));
    transport.respond(400, &json!({"Message": "ErrorCode:ArgumentInvalid;no"}));
    let error = hub
        .create_device_with_sas("d", keys(), DeviceStatus::Enabled, None)
        .await
        .unwrap_err();
    assert_shows_no_key(&format!("{error} {error:?}"));
}
