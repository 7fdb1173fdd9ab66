//! Tests of the generated types and operations where the overlay corrects the API description.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use provisioning_device_protocol::{Client, OPERATIONS, types};
use serde_json::json;

#[test]
fn result_keeps_unknown_members_and_hides_the_key_of_a_tpm() {
    let document = json!({
        "operationId": "5.1",
        "status": "assigned",
        "registrationState": {
            "assignedHub": "hub.azure-devices.net",
            "status": "later",
            "tpm": { "authenticationKey": "c2VjcmV0" },
            "later": [1],
        },
        "later": null,
    });
    let operation: types::RegistrationOperationStatus = serde_json::from_value(document.clone()).unwrap();
    assert_eq!(serde_json::to_value(&operation).unwrap(), document);
    let shown = format!("{operation:?}");
    assert!(!shown.contains("c2VjcmV0"), "{shown}");
}

#[test]
fn registration_is_a_put_and_the_lookup_can_be_repeated() {
    let repeatable: Vec<_> = OPERATIONS
        .iter()
        .map(|operation| (operation.method, operation.idempotent))
        .collect();
    assert_eq!(repeatable, [("POST", true), ("GET", true), ("PUT", true)]);
    let client = Client::new_with_client("https://dps.example", reqwest::Client::new(), None);
    let body = types::DeviceRegistration::default();
    let request = client
        .runtime_registration_register_device_and_issue_certificate_request("0ne1", "sensor 7", &body)
        .unwrap();
    assert_eq!(request.url.path(), "/0ne1/registrations/sensor%207/register");
}
