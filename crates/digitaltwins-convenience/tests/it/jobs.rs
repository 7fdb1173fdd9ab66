//! Polling of jobs.

use std::time::Duration;

use digitaltwins_convenience::{
    BeginDeleteJobOptions, DeleteJobStatus, Error, ErrorKind, ImportJobStatus, PollOptions,
};
use futures::TryStreamExt;
use serde_json::{Value, json};

use crate::support::{MockResponse, MockService};

fn import(status: &str) -> Value {
    json!({"id": "imp", "inputBlobUri": "in", "outputBlobUri": "out", "status": status})
}

fn deletion(status: &str) -> Value {
    json!({"id": "del", "status": status})
}

fn every_second() -> Option<PollOptions> {
    Some(PollOptions {
        interval: Some(Duration::from_secs(1)),
    })
}

#[tokio::test(start_paused = true)]
async fn an_import_is_polled_until_it_ends() {
    let (service, client) = MockService::with_responses([
        MockResponse::json(201, &import("notstarted")),
        MockResponse::json(200, &import("running")).header("retry-after", "7"),
        MockResponse::json(200, &import("succeeded")),
    ]);
    let start = tokio::time::Instant::now();
    let job = client
        .begin_import_job("imp", "in", "out", every_second())
        .unwrap()
        .await
        .unwrap();
    assert_eq!(job.into_model().unwrap().status, Some(ImportJobStatus::Succeeded));
    assert_eq!(
        service.lines(),
        [
            "PUT /jobs/imports/imp",
            "GET /jobs/imports/imp",
            "GET /jobs/imports/imp"
        ]
    );
    assert_eq!(
        service.sent()[0].json(),
        json!({"inputBlobUri": "in", "outputBlobUri": "out"})
    );
    assert!(start.elapsed() >= Duration::from_secs(8), "Retry-After is obeyed");
}

#[tokio::test(start_paused = true)]
async fn the_stream_yields_every_status() {
    let states = ["notstarted", "running", "cancelling", "cancelled"];
    let responses = states
        .iter()
        .enumerate()
        .map(|(n, state)| MockResponse::json(if n == 0 { 201 } else { 200 }, &import(state)));
    let (_, client) = MockService::with_responses(responses.collect::<Vec<_>>());
    let mut seen = Vec::new();
    let mut poller = client
        .begin_import_job("imp", "in", "out", every_second())
        .unwrap();
    while let Some(job) = poller.try_next().await.unwrap() {
        let status = job.into_model().unwrap().document.status.unwrap();
        seen.push(status.to_string());
        if status.is_final() {
            break;
        }
    }
    assert_eq!(seen, states);
    let error: Error = poller.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::JobFailed);
}

#[tokio::test(start_paused = true)]
async fn a_failed_import_has_the_service_error() {
    let mut failed = import("failed");
    failed["error"] = json!({"code": "UnableToWriteToOutputBlob", "message": "no access"});
    let (service, client) = MockService::with_responses([
        MockResponse::json(200, &import("running")),
        MockResponse::json(200, &failed),
    ]);
    let error = client
        .watch_import_job("imp", every_second())
        .unwrap()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::JobFailed);
    assert_eq!(
        error.code(),
        Some(digitaltwins_convenience::error_code::UNABLE_TO_WRITE_TO_OUTPUT_BLOB)
    );
    assert!(error.to_string().contains("no access"), "{error}");
    assert_eq!(
        service.lines(),
        ["GET /jobs/imports/imp", "GET /jobs/imports/imp"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_refused_import_fails_at_once() {
    let (_, client) = MockService::with_responses([MockResponse::error(409, "JobIdAlreadyExists")]);
    let result = client.begin_import_job("imp", "in", "out", None).unwrap().await;
    let error = result.unwrap_err();
    assert!(error.is_already_exists() && error.is_conflict(), "{error}");
    assert!(
        client
            .begin_import_job("..", "in", "out", None)
            .unwrap_err()
            .is_invalid_input()
    );
    assert!(client.watch_import_job("", None).unwrap_err().is_invalid_input());
}

/// ADT-DELETE-9.
#[tokio::test(start_paused = true)]
async fn a_deletion_is_polled_at_its_operation_location() {
    let location = "https://twins.example/jobs/deletions/del?api-version=2023-10-31&x=%2F";
    let (service, client) = MockService::with_responses([
        MockResponse::json(202, &deletion("notstarted")).header("operation-location", location),
        MockResponse::json(200, &deletion("running")),
        MockResponse::json(200, &deletion("succeeded")),
    ]);
    let options = BeginDeleteJobOptions {
        interval: Some(Duration::from_secs(1)),
        timeout: Some(Duration::from_secs(3600)),
        ..Default::default()
    };
    let job = client
        .begin_delete_job(Some(options))
        .unwrap()
        .await
        .unwrap()
        .into_model()
        .unwrap();
    assert_eq!(job.status, Some(DeleteJobStatus::Succeeded));
    let targets: Vec<_> = service
        .sent()
        .into_iter()
        .map(|sent| format!("{} {}", sent.method, sent.target))
        .collect();
    let poll = "GET /jobs/deletions/del?api-version=2023-10-31&x=%2F";
    assert_eq!(
        targets,
        [
            "POST /jobs/deletions?timeoutInMinutes=60&api-version=2023-10-31",
            poll,
            poll
        ]
    );
    assert_eq!(
        service.sent()[0].header("operation-id"),
        None,
        "the service assigns the id"
    );
}

#[tokio::test(start_paused = true)]
async fn a_deletion_without_operation_location_is_polled_by_its_id() {
    let (service, client) = MockService::with_responses([
        MockResponse::json(202, &deletion("notstarted")),
        MockResponse::json(200, &deletion("failed")),
    ]);
    let options = BeginDeleteJobOptions {
        interval: Some(Duration::from_secs(1)),
        operation_id: Some("my/op".to_owned()),
        ..Default::default()
    };
    let result = client.begin_delete_job(Some(options)).unwrap().await;
    assert_eq!(result.unwrap_err().kind(), ErrorKind::JobFailed);
    assert_eq!(
        service.lines(),
        ["POST /jobs/deletions", "GET /jobs/deletions/my%2Fop"]
    );
}

#[tokio::test(start_paused = true)]
async fn an_operation_location_of_another_origin_is_not_followed() {
    let (service, client) = MockService::with_responses([MockResponse::json(202, &deletion("running"))
        .header("operation-location", "https://elsewhere.example/x")]);
    let result = client.begin_delete_job(None).unwrap().await;
    assert_eq!(result.unwrap_err().kind(), ErrorKind::InvalidResponse);
    assert_eq!(service.sent().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_deletion_without_operation_location_and_id_cannot_be_polled() {
    let responses = [
        MockResponse::json(202, &deletion("running")),
        MockResponse::error(404, "DeleteJobNotFound"),
    ];
    let (service, client) = MockService::with_responses(responses);
    let result = client.begin_delete_job(None).unwrap().await;
    assert!(result.unwrap_err().is_not_found());
    assert_eq!(
        service.lines()[1],
        "GET /jobs/deletions/operation-location-is-missing"
    );
    let (service, client) = MockService::with_responses([MockResponse::json(200, &deletion("succeeded"))]);
    client.watch_delete_job("del", None).unwrap().await.unwrap();
    assert_eq!(service.lines(), ["GET /jobs/deletions/del"]);
    assert!(client.watch_delete_job("", None).unwrap_err().is_invalid_input());
}
