//! Jobs that are watched to their ends.

use std::time::Duration;

use iothub_convenience::*;
use serde_json::json;

use crate::support::Recorder;

fn quickly() -> Option<PollOptions> {
    Some(PollOptions {
        interval: Some(Duration::from_secs(1)),
    })
}

#[tokio::test(start_paused = true)]
async fn a_scheduled_job_is_watched_to_its_end() {
    let recorder = Recorder::new();
    let hub = recorder.hub();
    let request = ScheduledJobRequest::update_twin("j", "*", TwinPatch::new().set_tag("a", 1));
    for status in ["queued", "scheduled", "running", "completed"] {
        recorder.answer(
            200,
            &json!({"jobId": "j", "status": status, "deviceJobStatistics": {"succeededCount": 3}}),
        );
    }
    let job = hub
        .begin_scheduled_job(&request, quickly())
        .unwrap()
        .await
        .unwrap()
        .into_model()
        .unwrap();
    assert_eq!(job.status, Some(JobStatus::Completed));
    assert_eq!(job.device_job_statistics.unwrap().succeeded_count, Some(3));
    let requests = recorder.take();
    assert_eq!(requests.len(), 4);
    assert!(requests[0].starts_with("PUT /jobs/v2/j?") && requests[3].starts_with("GET /jobs/v2/j?"));

    recorder.answer(
        200,
        &json!({"jobId": "j", "status": "failed", "failureReason": "no"}),
    );
    let error = hub
        .watch_scheduled_job("j", quickly())
        .unwrap()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::JobFailed);
}

#[tokio::test(start_paused = true)]
async fn an_export_is_watched_under_the_id_that_the_service_gave() {
    let recorder = Recorder::new();
    let hub = recorder.hub();
    recorder.answer(
        200,
        &json!({"jobId": "a/1", "type": "export", "status": "enqueued"}),
    );
    recorder.answer(200, &json!({"jobId": "a/1", "status": "running", "progress": 50}));
    recorder.answer(
        200,
        &json!({"jobId": "a/1", "status": "completed", "outputBlobContainerUri": "https://x?sig=secret"}),
    );
    let request = ImportExportJobRequest::export("https://x?sig=secret", true);
    assert!(!format!("{request:?}").contains("secret"));
    let job = hub
        .begin_import_export_job(&request, quickly())
        .await
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
    assert!(recorder.take()[2].starts_with("GET /jobs/a%2F1?"));
}
