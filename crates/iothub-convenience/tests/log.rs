//! Tests that logs contain no keys. The test is a separate program, because it sets the global subscriber.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "wire/support.rs"]
mod support;

use std::io::Write;
use std::sync::{Arc, Mutex};

use iothub_convenience::*;
use serde_json::{Value, json};
use support::{KEY, MockTransport};
use tracing_subscriber::fmt::MakeWriter;

const DEVICE_KEY: &str = "cHJpbWFyeS1rZXktMDEyMzQ1Njc4OTAxMjM0NTY3ODk=";

fn identity() -> Value {
    json!({"deviceId": "d", "etag": "x",
        "authentication": {"type": "sas", "symmetricKey": {"primaryKey": DEVICE_KEY, "secondaryKey": DEVICE_KEY}}})
}

fn keys() -> SymmetricKey {
    SymmetricKey::new(DEVICE_KEY, DEVICE_KEY).unwrap()
}

/// A writer that collects the log.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn trace_log_shows_no_key() {
    let log = Log::default();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .init();
    let transport = MockTransport::new();
    let hub = transport.hub();
    transport
        .respond(200, &identity())
        .respond(200, &identity())
        .respond(400, &json!({}))
        .respond(200, &identity());
    hub.create_device_with_sas("d", keys(), DeviceStatus::Enabled, None)
        .await
        .unwrap();
    hub.get_device("d").await.unwrap().into_model().unwrap();
    let _ = hub
        .bulk_create_or_update_devices([RegistryEntry::create("d").with_sas(keys())], None)
        .await
        .unwrap();
    let _ = hub.swap_keys(["d"], None).await.unwrap();
    transport.respond(
        207,
        &json!({
            "rotatedKeys": [{"id": "d", "primaryKey": DEVICE_KEY, "secondaryKey": DEVICE_KEY}],
            "errors": [{"id": "e", "errorCode": "DeviceNotFound"}]
        }),
    );
    let report = hub
        .regenerate_keys(["d", "e"], KeyPolicy::Both, None)
        .await
        .unwrap();
    assert_eq!((report.done().count(), report.failed().count()), (1, 1));
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(
        text.contains("create_device_with_sas"),
        "the log is not empty: {text}"
    );
    for secret in [KEY, DEVICE_KEY, "sig="] {
        assert!(!text.contains(secret), "{text}");
    }
}
