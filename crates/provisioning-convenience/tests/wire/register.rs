//! Device registration.

use std::time::Duration;

use provisioning_convenience::*;
use serde_json::{Value, json};

use crate::support::MockTransport;

fn assigning() -> Value {
    json!({ "operationId": "5.316aac5bdc130deb.b1e0", "status": "assigning" })
}

fn ended(state: Value) -> Value {
    let status = state["status"].clone();
    json!({ "operationId": "5.316aac5bdc130deb.b1e0", "status": status, "registrationState": state })
}

fn assigned() -> Value {
    ended(json!({
        "registrationId": "sensor-7", "assignedHub": "hub.azure-devices.net", "deviceId": "oslo-sensor-7",
        "status": "assigned", "substatus": "initialAssignment", "etag": "IjY5MDAz", "payload": { "a": 1 },
        "symmetricKey": { "enrollmentGroupId": "factory-1" }
    }))
}

#[tokio::test(start_paused = true)]
async fn operation_is_looked_up_after_the_waits_that_the_service_asks_for() {
    let transport = MockTransport::new();
    transport
        .respond_with(202, &[("retry-after", "3")], &assigning().to_string())
        .respond_with(202, &[("retry-after", "7")], &assigning().to_string())
        .respond(202, &assigning())
        .respond(200, &assigned());
    let options = RegisterOptions {
        payload: Some(json!({ "model": "T" })),
        certificate_signing_request: Some("Q1NS".to_owned()),
        ..RegisterOptions::default()
    };
    let outcome = transport.device().register(Some(options)).await.unwrap();
    let RegistrationOutcome::Assigned(assignment) = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(
        (assignment.hub.as_str(), assignment.device_id.as_str()),
        ("hub.azure-devices.net", "oslo-sensor-7")
    );
    assert_eq!(assignment.substatus, Some(AssignmentSubstatus::InitialAssignment));
    assert_eq!(assignment.registration.payload, Some(json!({ "a": 1 })));
    assert_eq!(
        assignment.registration.extra["symmetricKey"]["enrollmentGroupId"],
        "factory-1"
    );
    insta::assert_snapshot!(transport.take().join("\n\n----\n\n"));
    let times = transport.take_times();
    let waits: Vec<_> = times
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).as_secs())
        .collect();
    assert_eq!(waits, [3, 7, 2]);
}

#[tokio::test]
async fn failed_and_disabled_registrations_are_outcomes() {
    let transport = MockTransport::new();
    let state = json!({
        "registrationId": "sensor-7", "status": "failed", "errorCode": 400207, "errorMessage": "Custom allocation failed."
    });
    transport.respond(200, &ended(state));
    let outcome = transport.device().register(None).await.unwrap();
    let RegistrationOutcome::Failed(failure) = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(failure.code, Some(ErrorCode::CUSTOM_ALLOCATION_FAILED));
    assert_eq!(
        failure.to_string(),
        "the device was not assigned: CustomAllocationFailed (400207): Custom allocation failed."
    );

    transport.respond(
        200,
        &ended(json!({ "registrationId": "sensor-7", "status": "disabled" })),
    );
    let outcome = transport.device().register(None).await.unwrap();
    assert!(matches!(outcome, RegistrationOutcome::Disabled(_)), "{outcome:?}");
}

#[tokio::test(start_paused = true)]
async fn registration_in_progress_after_the_timeout_is_an_error() {
    let transport = MockTransport::new();
    for _ in 0..20 {
        transport.respond_with(202, &[("retry-after", "3")], &assigning().to_string());
    }
    let options = RegisterOptions {
        timeout: Some(Duration::from_secs(10)),
        ..RegisterOptions::default()
    };
    let error = transport.device().register(Some(options)).await.unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
    assert!(
        error.to_string().contains("still in progress after 10 seconds"),
        "{error}"
    );
    assert_eq!(transport.take().len(), 4);
}

#[tokio::test]
async fn refused_credential_is_unauthorized() {
    let transport = MockTransport::new();
    transport.respond(
        401,
        &json!({ "errorCode": 401002, "message": "Invalid certificate." }),
    );
    let error = transport.device().register(None).await.unwrap_err();
    assert!(error.is_unauthorized(), "{error}");
    assert_eq!(error.error_code(), Some(ErrorCode::UNAUTHORIZED));
    assert_eq!(error.operation(), Some("start_registration"));
}

#[tokio::test(start_paused = true)]
async fn throttled_lookup_is_retried_after_the_wait() {
    let transport = MockTransport::new();
    let busy = json!({ "errorCode": 429001, "message": "Too many requests." }).to_string();
    transport
        .respond_with(202, &[("retry-after", "3")], &assigning().to_string())
        .respond_with(429, &[("retry-after", "5")], &busy)
        .respond(200, &assigned());
    let outcome = transport.device().register(None).await.unwrap();
    assert!(matches!(outcome, RegistrationOutcome::Assigned(_)), "{outcome:?}");
    let times = transport.take_times();
    assert!((times[2] - times[1]).as_secs() >= 5);
}

#[tokio::test]
async fn responses_without_what_a_device_needs_are_refused() {
    let transport = MockTransport::new();
    for body in [
        json!({ "status": "assigning" }),
        ended(json!({ "status": "assigned", "assignedHub": "hub.azure-devices.net" })),
        ended(json!({ "status": "teleported" })),
    ] {
        transport.respond(200, &body);
        let error = transport.device().register(None).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidResponse, "{error}");
    }
    let options = RegisterOptions {
        payload: Some(json!([1])),
        ..RegisterOptions::default()
    };
    transport.take();
    let error = transport.device().register(Some(options)).await.unwrap_err();
    assert_eq!(error.parameter(), Some("payload"));
    assert_eq!(transport.take().len(), 0);
}
