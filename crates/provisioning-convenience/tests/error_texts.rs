//! The user-facing error texts of the crate, in one listing so that they can be reviewed together.
//!
//! `UPDATE_ERROR_TEXTS=1 cargo test -p provisioning-convenience --test error_texts` rewrites the listing.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "wire/support.rs"]
mod support;

use std::fmt::Write as _;
use std::time::Duration;

use azure_core::error::ErrorKind as AzureKind;
use provisioning_convenience::*;
use serde_json::{Value, json};

use support::{KEY, MockTransport};

const ANY: Precondition = Precondition::Unconditional;

/// The error texts, in sections.
#[derive(Default)]
struct Listing(String);

impl Listing {
    fn section(&mut self, name: &str) {
        let separator = if self.0.is_empty() { "" } else { "\n" };
        writeln!(self.0, "{separator}# {name}\n").unwrap();
    }

    fn add<T>(&mut self, result: Result<T, Error>) {
        let Err(error) = result else {
            panic!("expected an error");
        };
        writeln!(self.0, "{error}").unwrap();
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            writeln!(self.0, "    caused by: {cause}").unwrap();
            source = cause.source();
        }
    }
}

fn keys() -> Attestation {
    Attestation::symmetric_keys(SymmetricKeys::new(KEY, KEY).unwrap())
}

fn service_client(text: &str, version: &str) -> Result<ProvisioningServiceClient> {
    let options = ProvisioningServiceClientOptions {
        api_version: version.to_owned(),
        ..ProvisioningServiceClientOptions::default()
    };
    ProvisioningServiceClient::from_connection_string(text, Some(options))
}

fn clients(listing: &mut Listing) {
    listing.section("Clients");
    let text =
        |host: &str, key: &str| format!("HostName={host};SharedAccessKeyName=owner;SharedAccessKey={key}");
    listing.add(service_client("", "2026-11-01"));
    listing.add(service_client(&text("dps.example", "not base64"), "2026-11-01"));
    listing.add(service_client(&text("hub.azure-devices.net", KEY), "2026-11-01"));
    listing.add(service_client(&text("dps.example", KEY), "2026 11"));
    let key = Secret::new(KEY);
    let device = |scope: &str, id: &str, key: &Secret| {
        ProvisioningDeviceClient::with_symmetric_key(scope, id, key, None)
    };
    listing.add(device("", "sensor-7", &key));
    listing.add(device("0ne/1", "sensor-7", &key));
    listing.add(device("0ne1", "sensor/7", &key));
    listing.add(device("0ne1", "sensor-7", &Secret::new("c2hvcnQ=")));
    listing.add(ProvisioningDeviceClient::with_certificate(
        "0ne1", "sensor-7", &key, None,
    ));
    let transport = MockTransport::new();
    let mut options = ProvisioningDeviceClientOptions::for_emulator("no certificate", "https://localhost");
    listing.add(ProvisioningDeviceClient::with_symmetric_key(
        "0ne1",
        "sensor-7",
        &key,
        Some(options.clone()),
    ));
    options.client_options.transport = Some(azure_core::http::Transport::new(transport));
    let (own, identity) = (Some(options.clone()), Secret::new(""));
    listing.add(ProvisioningDeviceClient::with_symmetric_key(
        "0ne1",
        "sensor-7",
        &key,
        own.clone(),
    ));
    listing.add(ProvisioningDeviceClient::with_certificate(
        "0ne1", "sensor-7", &identity, own,
    ));
    options.client_options.transport = None;
    options.endpoint = "http://localhost".to_owned();
    let plain = Some(options);
    listing.add(ProvisioningDeviceClient::with_certificate(
        "0ne1", "sensor-7", &identity, plain,
    ));
}

async fn arguments(listing: &mut Listing) {
    listing.section("Arguments");
    let transport = MockTransport::new();
    let dps = transport.dps();
    for id in ["", "a/b", "a.", &"x".repeat(129)] {
        listing.add(dps.get_registration(id).await);
    }
    listing.add(dps.get_enrollment_group("a b").await);
    listing.add(SymmetricKeys::new("not base64", KEY));
    listing.add(SymmetricKeys::new(KEY, "c2hvcnQ="));
    listing.add(derive_device_key(&Secret::new("c2hvcnQ="), "sensor-7"));
    let group = |attestation| EnrollmentGroup::new("factory-1", attestation);
    let tpm = group(Attestation::tpm("a2V5"));
    listing.add(dps.update_enrollment_group(&tpm, ANY).await);
    let client = group(Attestation::x509_client_certificates("PEM", None));
    listing.add(dps.update_enrollment_group(&client, ANY).await);
    let ca = IndividualEnrollment::new("sensor-7", Attestation::x509_ca_references("root", None));
    listing.add(dps.create_individual_enrollment(&ca).await);
    let mut some_names = group(keys());
    some_names.settings.namespace_name = Some("factory".to_owned());
    listing.add(dps.create_enrollment_group(&some_names).await);
    let mut no_webhook = group(keys());
    no_webhook.settings.allocation_policy = Some(AllocationPolicy::Custom);
    listing.add(dps.create_enrollment_group(&no_webhook).await);
    listing.add(group(keys()).precondition());
    listing.add(dps.query_enrollment_groups("", None));
    let options = QueryOptions {
        page_size: Some(0),
        ..QueryOptions::default()
    };
    listing.add(dps.list_registrations("factory-1", Some(options)));
    let payload = RegisterOptions {
        payload: Some(json!(7)),
        ..RegisterOptions::default()
    };
    listing.add(transport.device().register(Some(payload)).await);
    let no_etag = dps.bulk_enrollment_groups(BulkMode::UpdateIfMatchEtag, [group(keys())], None);
    for (_, failure) in no_etag.await.failed() {
        writeln!(listing.0, "{failure}").unwrap();
    }
    transport.respond(200, &json!({ "isSuccessful": true }));
    let twice = dps.bulk_enrollment_groups(BulkMode::Create, [group(keys()), group(keys())], None);
    for (_, failure) in twice.await.failed() {
        writeln!(listing.0, "{failure}").unwrap();
    }
}

async fn service(listing: &mut Listing) {
    listing.section("Service");
    let transport = MockTransport::new();
    let dps = transport.dps();
    let error =
        |number: i32, message: &str| json!({ "errorCode": number, "trackingId": "t-1", "message": message });
    for (status, number, message) in [
        (400, 400004, "Invalid attestation."),
        (401, 401002, "Unauthorized."),
        (404, 404201, "Enrollment not found."),
        (409, 409201, "Enrollment already exists."),
        (412, 412000, "Precondition failed."),
    ] {
        transport.respond(status, &error(number, message));
        listing.add(dps.get_individual_enrollment("sensor-7").await);
    }
    let exists =
        json!({ "enrollmentGroupId": "factory-1", "errorCode": 409202, "errorStatus": "It exists." });
    transport.respond(200, &json!({ "isSuccessful": false, "errors": [exists] }));
    let group = EnrollmentGroup::new("factory-1", keys());
    listing.add(dps.create_enrollment_group(&group).await);
    transport.respond(200, &json!({ "isSuccessful": false }));
    listing.add(dps.create_enrollment_group(&group).await);
    transport.fail(AzureKind::Io);
    listing.add(dps.create_enrollment_group(&group).await);
}

async fn registration(listing: &mut Listing) {
    listing.section("Registration");
    let transport = MockTransport::new();
    let ended = |state: Value| json!({ "operationId": "1", "registrationState": state });
    for body in [
        json!({ "status": "assigning" }),
        ended(json!({ "status": "assigned", "deviceId": "sensor-7" })),
        ended(json!({ "status": "teleported" })),
    ] {
        transport.respond(200, &body);
        listing.add(transport.device().register(None).await);
    }
    transport.respond(202, &json!({ "operationId": "1", "status": "assigning" }));
    let options = RegisterOptions {
        timeout: Some(Duration::ZERO),
        ..RegisterOptions::default()
    };
    listing.add(transport.device().register(Some(options)).await);
    for state in [
        json!({ "status": "failed", "errorCode": 400208, "errorMessage": "No hub." }),
        json!({ "status": "failed" }),
    ] {
        transport.respond(200, &ended(state));
        if let RegistrationOutcome::Failed(failure) = transport.device().register(None).await.unwrap() {
            writeln!(listing.0, "{failure}").unwrap();
        }
    }
}

#[tokio::test]
async fn error_texts_match_their_committed_listing() {
    let mut listing = Listing::default();
    clients(&mut listing);
    arguments(&mut listing).await;
    service(&mut listing).await;
    registration(&mut listing).await;
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/error_texts.txt");
    if std::env::var_os("UPDATE_ERROR_TEXTS").is_some() {
        std::fs::write(path, &listing.0).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == listing.0,
        "the error texts have changed:\n{}\nTo accept them: \
         UPDATE_ERROR_TEXTS=1 cargo test -p provisioning-convenience --test error_texts",
        listing.0
    );
    assert!(!listing.0.contains(KEY), "an error shows a key");
}
