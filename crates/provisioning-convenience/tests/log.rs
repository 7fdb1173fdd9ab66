//! Tests that logs contain no keys. The test is a separate program, because it sets the global subscriber.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "wire/support.rs"]
mod support;

use std::io::Write;
use std::sync::{Arc, Mutex};

use provisioning_convenience::*;
use serde_json::json;
use support::{KEY, MockTransport};
use tracing_subscriber::fmt::MakeWriter;

const ENROLLMENT_KEY: &str = "cHJpbWFyeS1rZXktMDEyMzQ1Njc4OTAxMjM0NTY3ODk=";
const WEBHOOK: &str = "https://allocate.example/api?code=c2VjcmV0";

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
async fn trace_log_shows_no_key_and_no_webhook() {
    let log = Log::default();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .init();
    let transport = MockTransport::new();
    let keys = SymmetricKeys::new(ENROLLMENT_KEY, ENROLLMENT_KEY).unwrap();
    let webhook = Allocation::Custom(CustomAllocation::new(WEBHOOK, "2021-10-01"), Vec::new());
    let enrollment = IndividualEnrollment::new("sensor-7", Attestation::symmetric_keys(keys))
        .with_settings(EnrollmentSettings::new().with_allocation(webhook));
    let dps = transport.dps();
    let keys = json!({ "primaryKey": ENROLLMENT_KEY, "secondaryKey": ENROLLMENT_KEY });
    let attestation = json!({ "type": "symmetricKey", "symmetricKey": keys });
    let body = json!({ "registrationId": "sensor-7", "attestation": attestation, "etag": "MQ==" });
    transport
        .respond(200, &json!({ "isSuccessful": true }))
        .respond(200, &body)
        .respond(200, &attestation);
    dps.create_individual_enrollment(&enrollment).await.unwrap();
    transport.respond(200, &body);
    dps.update_individual_enrollment(&enrollment, Precondition::Unconditional)
        .await
        .unwrap();
    transport.respond(400, &json!({ "errorCode": 400004, "message": "Invalid." }));
    let report = dps
        .bulk_individual_enrollments(BulkMode::Update, [enrollment], None)
        .await;
    assert!(!report.is_successful());
    transport.respond(401, &json!({ "errorCode": 401002, "message": "Unauthorized." }));
    transport.device().register(None).await.unwrap_err();
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(
        text.contains("update_individual_enrollment"),
        "the log is not empty: {text}"
    );
    for secret in [KEY, ENROLLMENT_KEY, WEBHOOK, "sig="] {
        assert!(!text.contains(secret), "{text}");
    }
}
