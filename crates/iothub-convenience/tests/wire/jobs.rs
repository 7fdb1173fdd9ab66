//! Polling of jobs.

use std::time::Duration;

use iothub_convenience::*;
use serde_json::json;

use crate::support::MockTransport;

fn every_second() -> Option<PollOptions> {
    Some(PollOptions {
        interval: Some(Duration::from_secs(1)),
    })
}

#[tokio::test(start_paused = true)]
async fn scheduled_job_is_polled_until_it_has_ended() {
    let transport = MockTransport::new();
    let hub = transport.hub();
    let request = ScheduledJobRequest::update_twin("j", "*", TwinPatch::new().set_tag("a", 1));
    for status in ["queued", "scheduled", "running", "completed"] {
        transport.respond(
            200,
            &json!({"jobId": "j", "status": status, "deviceJobStatistics": {"succeededCount": 3}}),
        );
    }
    let job = hub
        .begin_scheduled_job(&request, every_second())
        .unwrap()
        .await
        .unwrap()
        .into_model()
        .unwrap();
    assert_eq!(job.status, Some(JobStatus::Completed));
    assert_eq!(job.device_job_statistics.unwrap().succeeded_count, Some(3));
    let requests = transport.take();
    assert_eq!(requests.len(), 4);
    assert!(requests[0].starts_with("PUT /jobs/v2/j?") && requests[3].starts_with("GET /jobs/v2/j?"));

    transport.respond(
        200,
        &json!({"jobId": "j", "status": "failed", "failureReason": "no"}),
    );
    let error = hub
        .watch_scheduled_job("j", every_second())
        .unwrap()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::JobFailed);
}

#[tokio::test(start_paused = true)]
async fn export_is_polled_by_the_id_that_the_service_assigns() {
    let transport = MockTransport::new();
    let hub = transport.hub();
    transport.respond(
        200,
        &json!({"jobId": "a/1", "type": "export", "status": "enqueued"}),
    );
    transport.respond(200, &json!({"jobId": "a/1", "status": "running", "progress": 50}));
    transport.respond(
        200,
        &json!({"jobId": "a/1", "status": "completed", "outputBlobContainerUri": "https://x?sig=secret"}),
    );
    let request = ImportExportJobRequest::export("https://x?sig=secret", true);
    assert!(!format!("{request:?}").contains("secret"));
    let job = hub
        .begin_import_export_job(&request, every_second())
        .unwrap()
        .await
        .unwrap()
        .into_model()
        .unwrap();
    assert_eq!(
        (job.job_id.as_str(), job.status.clone()),
        ("a/1", Some(JobStatus::Completed))
    );
    assert!(!format!("{job:?}").contains("secret"), "{job:?}");
    assert!(transport.take()[2].starts_with("GET /jobs/a%2F1?"));
}

/// HUB-JOB-3, HUB-JOB-19, HUB-METHOD-1, HUB-METHOD-2, HUB-METHOD-4.
#[tokio::test]
async fn invalid_jobs_are_not_sent() {
    let transport = MockTransport::new();
    let hub = transport.hub();
    let patch = || TwinPatch::new().set_tag("a", 1);
    let job = |id: &str, condition: String| ScheduledJobRequest::update_twin(id, condition, patch());
    let ids = (0..4000)
        .map(|number| format!("'{number}'"))
        .collect::<Vec<_>>()
        .join(",");
    let method = |method| ScheduledJobRequest::device_method("j", "*", method);
    let seconds = Duration::from_secs;
    for (job, parameter) in [
        (job("long", format!("deviceId IN [{ids}]")), "query_condition"),
        (job("j 9", "*".into()), "job_id"),
        (job("J", "*".into()), "job_id"),
        (method(DirectMethod::new("")), "method name"),
        (
            method(DirectMethod::new("m").with_response_timeout(seconds(3))),
            "response_timeout",
        ),
        (
            method(DirectMethod::new("m").with_response_timeout(seconds(3000))),
            "response_timeout",
        ),
        (
            method(DirectMethod::new("m").with_connect_timeout(seconds(31))),
            "connect_timeout",
        ),
    ] {
        let error = hub.create_scheduled_job(&job).await.unwrap_err();
        assert_eq!(error.parameter(), Some(parameter), "{error}");
        let error = hub.begin_scheduled_job(&job, None).unwrap_err();
        assert_eq!(error.parameter(), Some(parameter), "{error}");
    }
    assert_eq!(transport.take(), Vec::<String>::new());
    let longest = job("j-'9", "x".repeat(8192));
    hub.create_scheduled_job(&longest).await.unwrap();
    assert_eq!(transport.take().len(), 1);
}
