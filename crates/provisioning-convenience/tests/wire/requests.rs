//! Tests of the requests of every operation: method, path, query, headers and body.

use std::sync::Arc;

use futures::TryStreamExt;
use provisioning_convenience::*;
use serde_json::json;

use crate::support::{KEY, MockTransport};

/// Asserts the requests of one or more calls, ignoring their results.
macro_rules! requests {
    ($transport:ident; $($call:expr),+ $(,)?) => {{
        $( let _ = $call.await; )+
        insta::assert_snapshot!($transport.take().join("\n\n----\n\n"));
    }};
}

fn transport() -> (Arc<MockTransport>, ProvisioningServiceClient) {
    let transport = MockTransport::new();
    let dps = transport.dps();
    (transport, dps)
}

fn settings() -> EnrollmentSettings {
    EnrollmentSettings::new()
        .with_status(ProvisioningStatus::Enabled)
        .with_iot_edge(true)
        .with_initial_twin(
            InitialTwin::new()
                .with_tag("site", "oslo")
                .with_tag("version", "1.2")
                .with_desired("interval", 30),
        )
        .with_reprovision_policy(ReprovisionPolicy::reset())
        .with_allocation(Allocation::Custom(
            CustomAllocation::new("https://allocate.example/api?code=key", "2021-10-01"),
            vec!["hub-1.azure-devices.net".to_owned()],
        ))
        .with_certificate_issuance(CertificateIssuance::new("factory", "authority", "policy"))
}

fn individual() -> IndividualEnrollment {
    let attestation = Attestation::symmetric_keys(SymmetricKeys::new(KEY, KEY).unwrap());
    IndividualEnrollment::new("Sensor.7", attestation)
        .with_device_id("oslo-sensor-7")
        .with_settings(settings())
}

fn group(attestation: Attestation) -> EnrollmentGroup {
    EnrollmentGroup::new("factory:1", attestation)
}

fn etag(text: &str) -> Precondition {
    Precondition::IfMatch(Etag::from(text))
}

const ANY: Precondition = Precondition::Unconditional;

#[tokio::test]
async fn individual_enrollments_are_written_with_their_keys() {
    let (transport, dps) = transport();
    requests!(transport;
        dps.create_individual_enrollment(&individual()),
        dps.update_individual_enrollment(&individual(), etag("IjY5MDAz")),
        dps.update_individual_enrollment(&individual(), etag("\"6900\"")),
        dps.update_individual_enrollment(
            &IndividualEnrollment::new("a", Attestation::tpm("ZW5kb3JzZW1lbnQ=")), ANY
        ),
        dps.update_individual_enrollment(
            &IndividualEnrollment::new("a", Attestation::x509_client_certificates("PEM", Some("other PEM".into()))), ANY
        ),
    );
}

#[tokio::test]
async fn individual_enrollments_are_read_and_deleted() {
    let (transport, dps) = transport();
    requests!(transport;
        dps.get_individual_enrollment("Sensor.7"),
        dps.get_individual_enrollment_attestation("sensor:7"),
        dps.delete_individual_enrollment("sensor_7-", etag("IjY5MDAz")),
        dps.delete_individual_enrollment("sensor-7", ANY),
    );
}

#[tokio::test]
async fn enrollment_groups_are_written_read_and_deleted() {
    let (transport, dps) = transport();
    let keys = Attestation::symmetric_keys(SymmetricKeys::assigned_by_service());
    requests!(transport;
        dps.create_enrollment_group(&group(keys.clone())),
        dps.update_enrollment_group(&group(keys).with_settings(settings()), etag("IjY5MDAz")),
        dps.update_enrollment_group(&group(Attestation::x509_ca_references("root-1", Some("root-2".into()))), ANY),
        dps.update_enrollment_group(&group(Attestation::x509_signing_certificates("PEM", None)), ANY),
        dps.get_enrollment_group("factory:1"),
        dps.get_enrollment_group_attestation("factory:1"),
        dps.delete_enrollment_group("factory:1", etag("IjY5MDAz")),
    );
}

#[tokio::test]
async fn registrations_are_read_and_deleted() {
    let (transport, dps) = transport();
    requests!(transport;
        dps.get_registration("sensor-7"),
        dps.delete_registration("sensor-7", etag("IjY5MDAz")),
        dps.delete_registration("sensor-7", ANY),
    );
}

#[tokio::test]
async fn queries_page_by_the_continuation_header() {
    let (transport, dps) = transport();
    let page = Some(QueryOptions {
        page_size: Some(2),
        ..QueryOptions::default()
    });
    transport
        .respond_with(200, &[("x-ms-continuation", "next 1")], "[]")
        .respond_with(200, &[], "[]");
    let all = dps.query_individual_enrollments("SELECT * FROM enrollments", page.clone());
    assert_eq!(all.unwrap().try_collect::<Vec<_>>().await.unwrap(), []);
    transport
        .respond_with(200, &[], "[]")
        .respond_with(200, &[], "[]");
    let groups = dps.query_enrollment_groups("SELECT *", None).unwrap();
    assert_eq!(groups.try_collect::<Vec<_>>().await.unwrap(), []);
    let resumed = Some(QueryOptions {
        continuation_token: Some("token".to_owned()),
        ..QueryOptions::default()
    });
    let registrations = dps.list_registrations("factory:1", resumed).unwrap();
    assert_eq!(registrations.try_collect::<Vec<_>>().await.unwrap(), []);
    insta::assert_snapshot!(transport.take().join("\n\n----\n\n"));
}

#[tokio::test]
async fn another_api_version_is_sent_with_every_request() {
    for version in ["2021-10-01", "2027-01-01-preview"] {
        let transport = MockTransport::new();
        let dps = transport.dps_with(ProvisioningServiceClientOptions {
            api_version: version.to_owned(),
            ..ProvisioningServiceClientOptions::default()
        });
        dps.get_registration("sensor-7").await.unwrap();
        let _ = dps.protocol().device_registration_state_get("sensor-7").await;
        let expected = format!("GET /registrations/sensor-7?api-version={version}\naccept: application/json");
        assert_eq!(transport.take(), [expected.clone(), expected]);
    }
}

/// A model that is read and then written back keeps all members that the service returned, except those that only the
/// service can write.
#[tokio::test]
async fn an_enrollment_that_was_read_is_written_back_with_unknown_members() {
    let (transport, dps) = transport();
    let document = json!({
        "registrationId": "sensor-7",
        "etag": "IjY5MDAz",
        "attestation": { "type": "symmetricKey", "later": 1 },
        "capabilities": { "iotEdge": false, "later": 2 },
        "initialTwin": { "tags": { "version": "x" }, "properties": { "desired": {}, "later": 3 } },
        "provisioningStatus": "enabled",
        "reprovisionPolicy": { "updateHubAssignment": true, "migrateDeviceData": true },
        "allocationPolicy": "later",
        "laterStill": { "a": [null] }
    });
    let mut read = document.clone();
    read["registrationState"] = json!({ "registrationId": "sensor-7", "status": "unassigned" });
    read["createdDateTimeUtc"] = json!("2026-11-01T10:20:30.1234567Z");
    transport.respond(200, &read);
    let enrollment = dps
        .get_individual_enrollment("sensor-7")
        .await
        .unwrap()
        .into_model()
        .unwrap();
    assert_eq!(serde_json::to_value(&enrollment).unwrap(), read);
    transport.take();
    dps.update_individual_enrollment(&enrollment, enrollment.precondition().unwrap())
        .await
        .unwrap();
    let request = transport.take().remove(0);
    let (head, body) = request.split_once("\n\n").unwrap();
    assert!(head.contains("if-match: IjY5MDAz"), "{head}");
    assert_eq!(serde_json::from_str::<serde_json::Value>(body).unwrap(), document);
}
