//! Polling of jobs.

use super::support::*;
use azure_service_core::{Error, ErrorKind, Poller, ServiceClient};
use futures::{StreamExt, TryStreamExt};
use serde_json::Value;
use std::time::Duration;
use tokio::time::Instant;

fn job(status: &str) -> Reply {
    respond(200, format!(r#"{{"name":"import","status":"{status}"}}"#))
}

fn watch(client: &ServiceClient<Client>, interval: Option<Duration>) -> Poller<Room, Error> {
    let api = client.protocol();
    let (start, get) = (api.jobs_add_request("j1"), api.jobs_get_request("j1"));
    client.call("import_rooms").job(start, get, interval).unwrap()
}

#[tokio::test(start_paused = true)]
async fn job_is_started_once_and_read_until_it_has_ended() {
    let transport = MockTransport::new([
        job("notstarted"),
        job("running").header("retry-after", "5"),
        job("unheard-of"),
        job("succeeded"),
    ]);
    let start = Instant::now();
    let done = watch(&transport.client(), Some(Duration::from_secs(2)))
        .await
        .unwrap()
        .into_model()
        .unwrap();
    assert_eq!(
        done,
        Room {
            name: "import".into()
        }
    );
    assert_eq!(start.elapsed(), Duration::from_secs(2 + 5 + 2));
    let methods: Vec<_> = transport
        .requests()
        .iter()
        .map(|request| request.method.clone())
        .collect();
    assert_eq!(methods, ["PUT", "GET", "GET", "GET"]);
}

/// Watches a job whose id the service assigns.
fn watch_assigned(client: &ServiceClient<Client>) -> Poller<Room, Error> {
    let api = client.protocol().clone();
    let start = api.jobs_add_request("new");
    let get = move |document: &Value| match document["name"].as_str() {
        Some(id) => api.jobs_get_request(id).map_err(Error::from),
        None => Err(Error::with_message(
            ErrorKind::InvalidResponse,
            "the job has no name",
        )),
    };
    client
        .call("import_rooms")
        .job_by_response(start, get, Some(Duration::from_secs(1)))
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn job_with_an_assigned_id_is_started_when_polled_and_read_by_that_id() {
    let transport = MockTransport::new([job("notstarted"), job("running"), job("succeeded")]);
    let poller = watch_assigned(&transport.client());
    assert_eq!(transport.count(), 0);
    poller.await.unwrap();
    let requests: Vec<_> = transport
        .requests()
        .into_iter()
        .map(|request| (request.method, request.url, request.body))
        .collect();
    let request = |method: &str, id: &str, body: &str| {
        let url = format!("https://service.example/jobs/{id}?api-version=2024-01-01");
        (method.to_owned(), url, body.to_owned())
    };
    assert_eq!(
        requests,
        [
            request("PUT", "new", "{}"),
            request("GET", "import", ""),
            request("GET", "import", "")
        ]
    );

    let transport = MockTransport::new([respond(200, r#"{"status":"running"}"#)]);
    let error = watch_assigned(&transport.client()).await.unwrap_err();
    assert_eq!((error.kind(), transport.count()), (ErrorKind::InvalidResponse, 1));
    let transport = MockTransport::new([respond(403, "")]);
    let error = watch_assigned(&transport.client()).await.unwrap_err();
    assert!(error.is_forbidden() && error.operation() == Some("import_rooms"));
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_limited_to_five_minutes() {
    for (value, seconds) in [("-3", 0), ("0", 0), ("86400", 300), ("junk", 1)] {
        let transport = MockTransport::new([job("running").header("retry-after", value), job("completed")]);
        let start = Instant::now();
        watch(&transport.client(), Some(Duration::ZERO)).await.unwrap();
        assert_eq!(start.elapsed().as_secs(), seconds, "{value}");
    }
}

#[tokio::test(start_paused = true)]
async fn operation_location_is_read_until_the_job_has_ended() {
    let location = "https://service.example/jobs/deletions/7?api-version=2024-01-01&x=a+b";
    let transport = MockTransport::new([
        job("notstarted").header("operation-location", location),
        job("running"),
        job("succeeded"),
    ]);
    watch(&transport.client(), None).await.unwrap();
    let urls: Vec<_> = transport
        .requests()
        .into_iter()
        .map(|request| request.url)
        .collect();
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
async fn operation_location_of_another_origin_is_refused() {
    let transport = MockTransport::new([
        job("running").header("operation-location", "https://evil.example/"),
        job("succeeded"),
    ]);
    let error = watch(&transport.client(), None).await.unwrap_err();
    assert_eq!((error.kind(), transport.count()), (ErrorKind::InvalidResponse, 1));
}

#[tokio::test(start_paused = true)]
async fn error_of_a_failed_job_has_its_reason() {
    let failed = r#"{"name":"import","status":"failed","error":{"code":"UnableToWriteToOutputBlob","message":"no access"}}"#;
    let transport = MockTransport::new([job("running"), respond(200, failed)]);
    let error = watch(&transport.client(), None).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::JobFailed, Some("UnableToWriteToOutputBlob"))
    );
    assert_eq!(
        error.to_string(),
        "the job did not succeed: status failed, no access (import_rooms)"
    );

    let failed = r#"{"name":"export","status":"cancelled","failureReason":"by request"}"#;
    let transport = MockTransport::new([respond(200, failed)]);
    let error = watch(&transport.client(), None).await.unwrap_err();
    assert!(
        error.message().unwrap().ends_with("cancelled, by request"),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn stream_yields_the_document_of_a_failed_job() {
    let transport = MockTransport::new([job("running"), job("failed")]);
    let statuses: Vec<String> = watch(&transport.client(), None)
        .map(|document| document.unwrap().into_model().unwrap().status().to_owned())
        .collect()
        .await;
    assert_eq!(statuses, ["running", "failed"]);
}

#[tokio::test(start_paused = true)]
async fn poller_of_an_ended_stream_cannot_be_polled_or_awaited() {
    let transport = MockTransport::new([job("running"), job("succeeded")]);
    let mut poller = watch(&transport.client(), None);
    while poller.try_next().await.unwrap().is_some() {}
    assert!(poller.next().await.is_none());
    let error = poller.await.unwrap_err();
    assert_eq!((error.kind(), transport.count()), (ErrorKind::InvalidInput, 2));
    assert_eq!(
        error.to_string(),
        "invalid poller: has been read to its end; await it before that, or use the last job of the stream"
    );

    let transport = MockTransport::new([job("running"), respond(403, "")]);
    let mut poller = watch(&transport.client(), None);
    poller.try_next().await.unwrap();
    assert!(poller.try_next().await.unwrap_err().is_forbidden());
    assert!(poller.next().await.is_none());
    assert_eq!(poller.await.unwrap_err().kind(), ErrorKind::InvalidInput);
}

#[tokio::test(start_paused = true)]
async fn errors_of_reads_keep_their_details() {
    let transport = MockTransport::new([
        job("running"),
        respond(404, r#"{"error":{"code":"JobNotFound"}}"#),
    ]);
    let error = watch(&transport.client(), None).await.unwrap_err();
    assert!(error.is_not_found() && error.code() == Some("JobNotFound"));

    let transport = MockTransport::new([respond(200, "<html>")]);
    let error = watch(&transport.client(), None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidResponse);
}

#[tokio::test(start_paused = true)]
async fn job_is_failed_after_three_unknown_statuses() {
    let unknown = || job("unknown");
    let transport = MockTransport::new([unknown(), unknown(), job("running"), unknown(), job("succeeded")]);
    watch(&transport.client(), None).await.unwrap();

    let transport = MockTransport::new([unknown(), unknown(), unknown(), job("succeeded")]);
    let error = watch(&transport.client(), None).await.unwrap_err();
    assert_eq!((error.kind(), transport.count()), (ErrorKind::JobFailed, 3));
    assert!(error.to_string().contains("unknown"), "{error}");
}
