//! Tests of the generated types and operations where the overlay corrects the API description.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use azure_protocol_runtime::Paging;
use provisioning_protocol::{Client, Error, OPERATIONS, types};
use serde_json::json;

fn client() -> Client {
    Client::new_with_client("https://dps.example", reqwest::Client::new(), None)
}

#[test]
fn enrollment_round_trip_keeps_unknown_members_and_any_twin_value() {
    let document = json!({
        "registrationId": "sensor-7",
        "attestation": { "type": "symmetricKey", "later": true },
        "initialTwin": {
            "tags": { "version": "1.2", "count": null, "list": [1] },
            "properties": { "desired": { "metadata": "x" }, "later": 1 },
        },
        "reprovisionPolicy": { "updateHubAssignment": true, "migrateDeviceData": false, "later": {} },
        "allocationPolicy": "later",
        "later": { "a": 1.5 },
    });
    let enrollment: types::IndividualEnrollment = serde_json::from_value(document.clone()).unwrap();
    assert_eq!(
        enrollment.allocation_policy,
        Some(types::AllocationPolicy::UnknownValue("later".to_owned()))
    );
    assert_eq!(serde_json::to_value(&enrollment).unwrap(), document);
}

#[test]
fn debug_hides_keys_and_webhook_urls() {
    let keys: types::SymmetricKeyAttestation =
        serde_json::from_value(json!({ "primaryKey": "c2VjcmV0", "secondaryKey": "c2VjcmV0" })).unwrap();
    let webhook: types::CustomAllocationDefinition = serde_json::from_value(
        json!({ "webhookUrl": "https://x.example?code=c2VjcmV0", "apiVersion": "2021-10-01" }),
    )
    .unwrap();
    let shown = format!("{keys:?} {webhook:?}");
    assert!(!shown.contains("c2VjcmV0") && shown.contains("***"), "{shown}");
}

#[test]
fn queries_page_by_header_and_reading_posts_are_idempotent() {
    for operation in OPERATIONS {
        let is_query = operation.path.ends_with("/query");
        assert_eq!(
            operation.paging == Paging::HeaderToken,
            is_query,
            "{}",
            operation.id
        );
        let only_reads = is_query || operation.path.ends_with("/attestationmechanism");
        let is_idempotent = operation.method != "POST" || only_reads;
        assert_eq!(operation.idempotent, is_idempotent, "{}", operation.id);
    }
    assert_eq!(OPERATIONS.len(), 15);
}

#[test]
fn relative_ids_are_refused() {
    for id in [".", "..", ""] {
        let refused = client().device_registration_state_get_request(id);
        assert!(matches!(refused, Err(Error::InvalidRequest(_))), "{id:?}");
    }
}

#[test]
fn another_api_version_replaces_the_default() {
    for (client, version) in [
        (client(), provisioning_protocol::API_VERSION),
        (client().with_api_version("2021-10-01"), "2021-10-01"),
    ] {
        let request = client.enrollment_group_get_request("factory:1").unwrap();
        let expected = format!("https://dps.example/enrollmentGroups/factory%3A1?api-version={version}");
        assert_eq!(request.url.as_str(), expected);
    }
    assert!(provisioning_protocol::API_VERSIONS.contains(&"2021-10-01"));
}
