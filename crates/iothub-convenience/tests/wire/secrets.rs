//! Keys are shown nowhere.

use std::time::Duration;

use iothub_convenience::*;
use serde_json::{Value, json};

use crate::support::{KEY, Recorder};

const DEVICE_KEY: &str = "cHJpbWFyeS1rZXktMDEyMzQ1Njc4OTAxMjM0NTY3ODk=";

fn identity() -> Value {
    json!({"deviceId": "d", "moduleId": "m", "etag": "x",
        "authentication": {"type": "sas", "symmetricKey": {"primaryKey": DEVICE_KEY, "secondaryKey": DEVICE_KEY}}})
}

fn keys() -> SymmetricKey {
    SymmetricKey::new(DEVICE_KEY, DEVICE_KEY).unwrap()
}

#[track_caller]
fn assert_shows_nothing(text: &str) {
    for secret in [KEY, DEVICE_KEY, "sig="] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[tokio::test]
async fn debug_output_shows_no_key() {
    let recorder = Recorder::new();
    let hub = recorder.hub();
    assert_shows_nothing(&format!("{hub:?} {:?}", hub.protocol()));
    recorder.answer(200, &identity());
    let response = hub.get_device("d").await.unwrap();
    assert_shows_nothing(&format!("{response:?}"));
    let device = response.into_model().unwrap();
    recorder.answer(200, &identity());
    let module = hub.get_module("d", "m").await.unwrap().into_model().unwrap();
    assert_shows_nothing(&format!("{device:?} {module:?}"));
    let string = hub.device_connection_string(&device, WhichKey::Primary).unwrap();
    let token = hub
        .module_sas_token(&module, WhichKey::Primary, Duration::from_secs(9))
        .unwrap();
    assert_shows_nothing(&format!("{string:?} {token:?}"));
    let entry = RegistryEntry::create("d").with_sas(keys());
    assert_shows_nothing(&format!("{entry:?}"));
    let job = ImportExportJobRequest::import("https://x?sig=a", "https://y?sig=b");
    assert_shows_nothing(&format!("{job:?}"));
}

#[tokio::test]
async fn errors_show_no_key() {
    let recorder = Recorder::new();
    let hub = recorder.hub();
    // Of a type that does not fit, so that decoding fails next to the key.
    let mut odd = identity();
    odd["status"] = json!([DEVICE_KEY]);
    odd["statusReason"] = json!({"x": DEVICE_KEY});
    recorder.answer(200, &odd);
    let error = Error::from(hub.get_device("d").await.unwrap().into_model().unwrap_err());
    assert_shows_nothing(&format!("{error} {error:?}"));
    let error = SymmetricKey::new(format!("{DEVICE_KEY}!"), DEVICE_KEY).unwrap_err();
    assert_shows_nothing(&format!("{error} {error:?}"));
    // The service echoes what it was sent.
    recorder.answer(400, &json!({"Message": "ErrorCode:ArgumentInvalid;no"}));
    let error = hub
        .create_device_with_sas("d", keys(), DeviceStatus::Enabled, None)
        .await
        .unwrap_err();
    assert_shows_nothing(&format!("{error} {error:?}"));
}
