//! Tests of models, errors and the checks before sending.

use provisioning_convenience::*;
use serde_json::json;

use crate::support::{KEY, MockTransport};

fn keys() -> Attestation {
    Attestation::symmetric_keys(SymmetricKeys::new(KEY, KEY).unwrap())
}

#[tokio::test]
async fn created_enrollment_has_its_keys_and_its_etag() {
    let transport = MockTransport::new();
    transport
        .respond(200, &json!({ "isSuccessful": true }))
        .respond(
            200,
            &json!({ "registrationId": "sensor-7", "etag": "MQ==", "attestation": { "type": "symmetricKey" } }),
        )
        .respond(
            200,
            &json!({ "type": "symmetricKey", "symmetricKey": { "primaryKey": KEY, "secondaryKey": KEY } }),
        );
    let enrollment = IndividualEnrollment::new("sensor-7", keys());
    let created = transport
        .dps()
        .create_individual_enrollment(&enrollment)
        .await
        .unwrap();
    assert_eq!(created.etag, Some(Etag::from("MQ==")));
    assert_eq!(created.attestation, keys());
    let shown = format!("{created:?} {}", serde_json::to_string(&created).unwrap());
    assert!(!shown.contains(KEY) && shown.contains("REDACTED"), "{shown}");
}

#[tokio::test]
async fn creating_what_exists_is_a_conflict_and_sends_nothing_more() {
    let transport = MockTransport::new();
    transport.respond(
        200,
        &json!({ "isSuccessful": false, "errors": [
            { "enrollmentGroupId": "factory-1", "errorCode": 409202, "errorStatus": "Enrollment group already exists." }
        ] }),
    );
    let group = EnrollmentGroup::new("factory-1", keys());
    let error = transport.dps().create_enrollment_group(&group).await.unwrap_err();
    assert!(error.is_conflict() && !error.is_not_found(), "{error}");
    assert_eq!(error.error_code(), Some(ErrorCode::from_number(409202)));
    assert_eq!(error.message(), Some("Enrollment group already exists."));
    assert_eq!(transport.take().len(), 1);
}

#[tokio::test]
async fn a_lost_response_to_a_creation_is_said_and_not_repeated() {
    let transport = MockTransport::new();
    transport.fail(azure_core::error::ErrorKind::Io);
    let enrollment = IndividualEnrollment::new("sensor-7", keys());
    let error = transport
        .dps()
        .create_individual_enrollment(&enrollment)
        .await
        .unwrap_err();
    assert!(error.is_unknown_outcome(), "{error}");
    assert_eq!(transport.take().len(), 1);
}

#[tokio::test]
async fn error_has_the_number_and_the_tracking_id_of_the_body() {
    let transport = MockTransport::new();
    transport.respond(
        404,
        &json!({
            "errorCode": 404201, "trackingId": "0f8fad5b-d9cb-469f-a165-70867728950e",
            "message": "Enrollment not found.", "timestampUtc": "2026-04-10T05:24:22.4718526Z"
        }),
    );
    let error = transport
        .dps()
        .get_individual_enrollment("sensor-7")
        .await
        .unwrap_err();
    assert!(error.is_not_found());
    assert_eq!(error.error_code(), Some(ErrorCode::ENROLLMENT_NOT_FOUND));
    assert_eq!(error.tracking_id(), Some("0f8fad5b-d9cb-469f-a165-70867728950e"));
    assert_eq!(error.operation(), Some("get_individual_enrollment"));
    assert!(error.to_string().contains("Enrollment not found."), "{error}");
}

#[tokio::test]
async fn stale_etag_is_a_failed_precondition() {
    let transport = MockTransport::new();
    transport.respond(
        412,
        &json!({ "errorCode": 412000, "message": "Precondition failed." }),
    );
    let dps = transport.dps();
    let error = dps
        .delete_enrollment_group("factory-1", Precondition::IfMatch("MQ==".into()))
        .await
        .unwrap_err();
    assert!(error.is_precondition_failed(), "{error}");
}

#[tokio::test]
async fn invalid_arguments_are_refused_before_a_request() {
    let transport = MockTransport::new();
    let dps = transport.dps();
    let any = Precondition::Unconditional;
    let tpm = EnrollmentGroup::new("g", Attestation::tpm("a2V5"));
    let client = EnrollmentGroup::new("g", Attestation::x509_client_certificates("PEM", None));
    let ca = IndividualEnrollment::new("d", Attestation::x509_ca_references("root", None));
    let mut half = IndividualEnrollment::new("d", keys());
    half.settings.namespace_name = Some("namespace".to_owned());
    let mut no_webhook = IndividualEnrollment::new("d", keys());
    no_webhook.settings.allocation_policy = Some(AllocationPolicy::Custom);
    let zero = Some(QueryOptions {
        page_size: Some(0),
        ..QueryOptions::default()
    });
    let errors = [
        (
            dps.get_individual_enrollment("a/b").await.unwrap_err(),
            "registration_id",
        ),
        (
            dps.get_enrollment_group("..").await.unwrap_err(),
            "enrollment_group_id",
        ),
        (
            dps.delete_registration("", any.clone()).await.unwrap_err(),
            "registration_id",
        ),
        (
            dps.update_enrollment_group(&tpm, any.clone()).await.unwrap_err(),
            "attestation",
        ),
        (
            dps.create_enrollment_group(&client).await.unwrap_err(),
            "attestation",
        ),
        (
            dps.create_individual_enrollment(&ca).await.unwrap_err(),
            "attestation",
        ),
        (
            dps.update_individual_enrollment(&half, any.clone())
                .await
                .unwrap_err(),
            "certificate issuance",
        ),
        (
            dps.update_individual_enrollment(&no_webhook, any.clone())
                .await
                .unwrap_err(),
            "allocation_policy",
        ),
        (dps.query_enrollment_groups(" ", None).err().unwrap(), "query"),
        (
            dps.query_individual_enrollments("q", zero.clone()).err().unwrap(),
            "page_size",
        ),
        (dps.list_registrations("g", zero).err().unwrap(), "page_size"),
    ];
    for (error, parameter) in errors {
        assert!(error.is_invalid_input(), "{error}");
        assert_eq!(error.parameter(), Some(parameter), "{error}");
    }
    assert_eq!(transport.take(), Vec::<String>::new());
}

#[test]
fn webhook_urls_are_neither_shown_nor_serialized() {
    let webhook = CustomAllocation::new("https://allocate.example/api?code=c2VjcmV0", "2021-10-01");
    let settings = EnrollmentSettings::new().with_allocation(Allocation::Custom(webhook, Vec::new()));
    let shown = format!("{settings:?} {}", serde_json::to_string(&settings).unwrap());
    assert!(
        !shown.contains("c2VjcmV0") && shown.contains("REDACTED"),
        "{shown}"
    );
}

#[test]
fn another_allocation_replaces_everything_of_the_earlier_one() {
    let webhook = CustomAllocation::new("https://allocate.example", "2021-10-01");
    let settings = EnrollmentSettings::new()
        .with_allocation(Allocation::Custom(webhook, vec!["hub-1".to_owned()]))
        .with_allocation(Allocation::Hashed(Vec::new()));
    assert_eq!(
        serde_json::to_value(&settings).unwrap(),
        json!({ "allocationPolicy": "hashed" })
    );
}
