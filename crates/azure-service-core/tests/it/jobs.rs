//! Jobs, watched to their end.

use super::support::*;
use azure_service_core::{Error, ErrorKind, Poller, ServiceClient};
use futures::StreamExt;
use std::time::Duration;
use tokio::time::Instant;

fn job(status: &str) -> Reply {
    answer(200, format!(r#"{{"name":"import","status":"{status}"}}"#))
}

fn watch(client: &ServiceClient<Client>, interval: Option<Duration>) -> Poller<Thing, Error> {
    let api = client.protocol();
    let (start, get) = (api.jobs_add_request("j1"), api.jobs_get_request("j1"));
    client.call("import_things").job(start, get, interval).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_job_is_started_once_and_read_until_it_is_done() {
    let script = Script::new([
        job("notstarted"),
        job("running").header("retry-after", "5"),
        job("some new word"),
        job("succeeded"),
    ]);
    let start = Instant::now();
    let done = watch(&script.client(), Some(Duration::from_secs(2)))
        .await
        .unwrap()
        .into_model()
        .unwrap();
    assert_eq!(
        done,
        Thing {
            name: "import".into()
        }
    );
    assert_eq!(start.elapsed(), Duration::from_secs(2 + 5 + 2));
    let methods: Vec<_> = script.seen().iter().map(|seen| seen.method.clone()).collect();
    assert_eq!(methods, ["PUT", "GET", "GET", "GET"]);
}

#[tokio::test(start_paused = true)]
async fn waits_are_kept_within_reason() {
    for (value, seconds) in [("-3", 0), ("0", 0), ("86400", 300), ("junk", 1)] {
        let script = Script::new([job("running").header("retry-after", value), job("completed")]);
        let start = Instant::now();
        watch(&script.client(), Some(Duration::ZERO)).await.unwrap();
        assert_eq!(start.elapsed().as_secs(), seconds, "{value}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_operation_location_is_followed_to_its_end() {
    let location = "https://service.example/jobs/deletions/7?api-version=2024-01-01&x=a+b";
    let script = Script::new([
        job("notstarted").header("operation-location", location),
        job("running"),
        job("succeeded"),
    ]);
    watch(&script.client(), None).await.unwrap();
    let urls: Vec<_> = script.seen().into_iter().map(|seen| seen.url).collect();
    assert_eq!(
        urls,
        [
            "https://service.example/jobs/j1?api-version=2024-01-01",
            location,
            location
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn an_operation_location_elsewhere_is_refused() {
    let script = Script::new([
        job("running").header("operation-location", "https://evil.example/"),
        job("succeeded"),
    ]);
    let error = watch(&script.client(), None).await.unwrap_err();
    assert_eq!((error.kind(), script.count()), (ErrorKind::InvalidResponse, 1));
}

#[tokio::test(start_paused = true)]
async fn a_job_that_fails_says_why() {
    let failed = r#"{"name":"import","status":"failed","error":{"code":"UnableToWriteToOutputBlob","message":"no access"}}"#;
    let script = Script::new([job("running"), answer(200, failed)]);
    let error = watch(&script.client(), None).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::JobFailed, Some("UnableToWriteToOutputBlob"))
    );
    assert_eq!(
        error.to_string(),
        "the job did not succeed: the job ended as failed: no access (import_things)"
    );

    let failed = r#"{"name":"export","status":"cancelled","failureReason":"by request"}"#;
    let script = Script::new([answer(200, failed)]);
    let error = watch(&script.client(), None).await.unwrap_err();
    assert!(
        error.message().unwrap().ends_with("cancelled: by request"),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn the_stream_yields_every_document_and_no_error_for_a_failed_job() {
    let script = Script::new([job("running"), job("failed")]);
    let statuses: Vec<String> = watch(&script.client(), None)
        .map(|document| document.unwrap().into_model().unwrap().status().to_owned())
        .collect()
        .await;
    assert_eq!(statuses, ["running", "failed"]);
}

#[tokio::test(start_paused = true)]
async fn errors_of_a_read_come_out_whole() {
    let script = Script::new([job("running"), answer(404, r#"{"error":{"code":"JobNotFound"}}"#)]);
    let error = watch(&script.client(), None).await.unwrap_err();
    assert!(error.is_not_found() && error.code() == Some("JobNotFound"));

    let script = Script::new([answer(200, "<html>")]);
    let error = watch(&script.client(), None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidResponse);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_stays_unknown_does_not_exist() {
    let unknown = || job("unknown");
    let script = Script::new([unknown(), unknown(), job("running"), unknown(), job("succeeded")]);
    watch(&script.client(), None).await.unwrap();

    let script = Script::new([unknown(), unknown(), unknown(), job("succeeded")]);
    let error = watch(&script.client(), None).await.unwrap_err();
    assert_eq!((error.kind(), script.count()), (ErrorKind::JobFailed, 3));
    assert!(error.to_string().contains("unknown"), "{error}");
}
