//! Bulk operations.

use std::sync::{Arc, Mutex};

use provisioning_convenience::*;
use serde_json::{Value, json};

use crate::support::MockTransport;

fn enrollment(id: impl Into<String>) -> IndividualEnrollment {
    let keys = SymmetricKeys::assigned_by_service();
    IndividualEnrollment::new(id, Attestation::symmetric_keys(keys))
}

fn enrollments(count: usize) -> Vec<IndividualEnrollment> {
    (0..count)
        .map(|number| enrollment(format!("d{number}")))
        .collect()
}

fn one_at_a_time() -> Option<BulkOptions> {
    Some(BulkOptions {
        max_concurrency: 1,
        ..BulkOptions::default()
    })
}

/// Returns the ids in each request.
fn ids(transport: &MockTransport) -> Vec<Vec<String>> {
    let ids = |request: String| {
        let body: Value = serde_json::from_str(request.split_once("\n\n").unwrap().1).unwrap();
        let entries = body["enrollments"].as_array().unwrap();
        entries
            .iter()
            .map(|entry| entry["registrationId"].as_str().unwrap().to_owned())
            .collect()
    };
    transport.take().into_iter().map(ids).collect()
}

fn success() -> Value {
    json!({ "isSuccessful": true })
}

#[tokio::test]
async fn requests_have_at_most_ten_items() {
    let transport = MockTransport::new();
    transport
        .respond(200, &success())
        .respond(200, &success())
        .respond(200, &success());
    let progress = Arc::new(Mutex::new(Vec::new()));
    let seen = progress.clone();
    let options = BulkOptions {
        on_progress: Some(ProgressCallback::new(move |progress: &BulkProgress| {
            seen.lock()
                .unwrap()
                .push((progress.done, progress.total.unwrap(), progress.failed));
        })),
        ..one_at_a_time().unwrap()
    };
    let dps = transport.dps();
    let report = dps
        .bulk_individual_enrollments(BulkMode::Create, enrollments(23), Some(options))
        .await;
    assert!(report.is_successful());
    let sizes: Vec<_> = ids(&transport).iter().map(Vec::len).collect();
    assert_eq!(sizes, [10, 10, 3]);
    assert_eq!(*progress.lock().unwrap(), [(10, 23, 0), (20, 23, 0), (23, 23, 0)]);
}

#[tokio::test]
async fn failed_items_are_reported_by_id_in_any_case() {
    let transport = MockTransport::new();
    transport.respond(
        200,
        &json!({ "isSuccessful": false, "errors": [
            { "registrationId": "D1", "errorCode": 409201, "errorStatus": "Enrollment already exists." },
            { "registrationId": "d2", "errorCode": 500001, "errorStatus": "Internal." },
            { "registrationId": "d3", "errorCode": 429001, "errorStatus": "Busy." },
        ] }),
    );
    let dps = transport.dps();
    let report = dps
        .bulk_individual_enrollments(BulkMode::Create, enrollments(4), None)
        .await;
    let failed: Vec<_> = report
        .failed()
        .map(|(item, failure)| (item.registration_id.clone(), failure.to_string()))
        .collect();
    assert_eq!(
        failed,
        [("d1".to_owned(), "409201: Enrollment already exists.".to_owned())]
    );
    assert!(matches!(report.results[0].outcome, BulkOutcome::Done));
    assert!(matches!(report.results[2].outcome, BulkOutcome::Unknown));
    assert!(report.stopped_by.is_none());
    let unfinished: Vec<_> = report
        .into_unfinished()
        .into_iter()
        .map(|item| item.registration_id)
        .collect();
    assert_eq!(unfinished, ["d2", "d3"]);
}

#[tokio::test]
async fn a_refused_request_is_divided_until_the_refused_item_is_alone() {
    let transport = MockTransport::new();
    let refused = json!({ "errorCode": 400004, "message": "Invalid enrollment." });
    transport
        .respond(400, &refused)
        .respond(400, &refused)
        .respond(200, &success())
        .respond(400, &refused)
        .respond(200, &success());
    let dps = transport.dps();
    let report = dps
        .bulk_individual_enrollments(BulkMode::Update, enrollments(4), one_at_a_time())
        .await;
    let failed: Vec<_> = report
        .failed()
        .map(|(item, _)| item.registration_id.as_str())
        .collect();
    assert_eq!(failed, ["d1"]);
    assert_eq!(
        ids(&transport),
        [
            vec!["d0", "d1", "d2", "d3"],
            vec!["d0", "d1"],
            vec!["d0"],
            vec!["d1"],
            vec!["d2", "d3"]
        ]
    );
}

#[tokio::test]
async fn another_failure_stops_the_run_which_can_be_resumed() {
    let transport = MockTransport::new();
    transport
        .respond(200, &success())
        .fail(azure_core::error::ErrorKind::Io);
    let dps = transport.dps();
    let report = dps
        .bulk_individual_enrollments(BulkMode::Create, enrollments(25), one_at_a_time())
        .await;
    assert!(report.stopped_by.as_ref().is_some_and(Error::is_unknown_outcome));
    assert!(matches!(report.results[10].outcome, BulkOutcome::Unknown));
    assert!(matches!(report.results[24].outcome, BulkOutcome::NotDone));
    transport.take();
    let unfinished = report.into_unfinished();
    assert_eq!(unfinished.len(), 15);
    transport.respond(200, &success()).respond(200, &success());
    let report = dps
        .bulk_individual_enrollments(BulkMode::Create, unfinished, one_at_a_time())
        .await;
    assert!(report.is_successful());
    assert_eq!(ids(&transport)[1].first().map(String::as_str), Some("d20"));
}

#[tokio::test]
async fn invalid_and_repeated_items_fail_without_being_sent() {
    let transport = MockTransport::new();
    transport.respond(200, &success());
    let dps = transport.dps();
    let items = [enrollment("a/b"), enrollment("d1"), enrollment("D1")];
    let report = dps
        .bulk_individual_enrollments(BulkMode::Update, items, None)
        .await;
    let failed: Vec<_> = report
        .failed()
        .map(|(item, _)| item.registration_id.as_str())
        .collect();
    assert_eq!(failed, ["a/b", "D1"]);
    assert_eq!(ids(&transport), [["d1"]]);

    let report = dps
        .bulk_individual_enrollments(BulkMode::UpdateIfMatchEtag, [enrollment("d1")], None)
        .await;
    assert_eq!(report.failed().count(), 1, "an item without an ETag");
    assert_eq!(transport.take().len(), 0);
}

#[tokio::test]
async fn groups_are_sent_with_the_mode_and_their_etags() {
    let transport = MockTransport::new();
    transport.respond(200, &success());
    let keys = Attestation::symmetric_keys(SymmetricKeys::assigned_by_service());
    let mut group = EnrollmentGroup::new("factory-1", keys);
    group.etag = Some(Etag::from("MQ=="));
    let report = transport
        .dps()
        .bulk_enrollment_groups(BulkMode::UpdateIfMatchEtag, [group], None)
        .await;
    assert!(report.is_successful());
    insta::assert_snapshot!(transport.take().join("\n"));
}

#[tokio::test]
async fn no_concurrency_is_refused() {
    let transport = MockTransport::new();
    let options = BulkOptions {
        max_concurrency: 0,
        ..BulkOptions::default()
    };
    let dps = transport.dps();
    let report = dps
        .bulk_individual_enrollments(BulkMode::Create, enrollments(1), Some(options))
        .await;
    let error = report.stopped_by.as_ref().unwrap();
    assert_eq!(error.parameter(), Some("max_concurrency"));
    assert_eq!((report.into_unfinished().len(), transport.take().len()), (1, 0));
}
