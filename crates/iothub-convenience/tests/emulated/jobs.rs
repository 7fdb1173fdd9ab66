//! Jobs.

use std::time::Duration;

use futures::TryStreamExt;
use iothub_convenience::*;
use serde_json::json;

use crate::{ANY, hub};

fn every_second() -> Option<PollOptions> {
    Some(PollOptions {
        interval: Some(Duration::from_secs(1)),
    })
}

#[tokio::test]
async fn job_changes_the_twins_that_match_its_condition() {
    let (_emulator, hub) = hub(&["a", "b", "c"]).await;
    for id in ["a", "b"] {
        hub.update_twin(id, &TwinPatch::new().set_tag("site", "oslo"), ANY)
            .await
            .unwrap();
    }
    let patch = TwinPatch::new()
        .set_desired("climate.target", 18)
        .remove_tag("site");
    let request = ScheduledJobRequest::update_twin("night", "tags.site = 'oslo'", patch);
    let job = hub
        .begin_scheduled_job(&request, every_second())
        .unwrap()
        .await
        .unwrap()
        .into_model()
        .unwrap();
    assert_eq!(
        (job.status, job.kind),
        (Some(JobStatus::Completed), Some(JobType::ScheduleUpdateTwin))
    );
    let statistics = job.device_job_statistics.unwrap();
    assert_eq!(
        (statistics.device_count, statistics.succeeded_count),
        (Some(2), Some(2))
    );
    for (id, target) in [("a", Some(json!(18))), ("c", None)] {
        let twin = hub.get_twin(id).await.unwrap().into_model().unwrap();
        assert_eq!(twin.properties.desired.get("climate.target").cloned(), target);
    }
    let again = hub.create_scheduled_job(&request).await.unwrap_err();
    assert_eq!(again.error_code(), Some(ErrorCode::JOB_ALREADY_EXISTS));

    let rows = hub
        .query_iot_hub_rows(
            "SELECT * FROM devices.jobs WHERE devices.jobs.jobId = 'night'",
            None,
        )
        .unwrap();
    let mut devices: Vec<_> = rows
        .map_ok(|row| match row {
            QueryRow::DeviceJob(job) => (job.device_id, job.status),
            other => panic!("{other:?}"),
        })
        .try_collect()
        .await
        .unwrap();
    devices.sort_by(|one, other| one.0.cmp(&other.0));
    let done = || Some(DeviceJobStatus::Completed);
    assert_eq!(devices, [("a".to_owned(), done()), ("b".to_owned(), done())]);

    let options = QueryScheduledJobsOptions {
        job_type: Some(JobType::ScheduleUpdateTwin),
        job_status: Some(JobStatus::Completed),
        ..Default::default()
    };
    let jobs: Vec<_> = hub
        .query_scheduled_jobs(Some(options))
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(
        jobs.iter().map(|job| job.job_id.as_str()).collect::<Vec<_>>(),
        ["night"]
    );
    let none = QueryScheduledJobsOptions {
        job_status: Some(JobStatus::Failed),
        ..Default::default()
    };
    assert_eq!(
        hub.query_scheduled_jobs(Some(none))
            .unwrap()
            .try_collect::<Vec<_>>()
            .await
            .unwrap(),
        []
    );
}

#[tokio::test]
async fn queued_job_can_be_canceled() {
    let (_emulator, hub) = hub(&["a"]).await;
    let later = azure_core::time::OffsetDateTime::now_utc() + Duration::from_secs(5 * 3600);
    let request =
        ScheduledJobRequest::device_method("reboot", "*", DirectMethod::new("reboot")).with_start_time(later);
    hub.create_scheduled_job(&request).await.unwrap();
    let cancelled = hub
        .cancel_scheduled_job("reboot")
        .await
        .unwrap()
        .into_model()
        .unwrap();
    assert_eq!(cancelled.status, Some(JobStatus::Cancelled));
    let error = hub
        .watch_scheduled_job("reboot", every_second())
        .unwrap()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::JobFailed);
    assert!(
        hub.cancel_scheduled_job("missing")
            .await
            .unwrap_err()
            .is_not_found()
    );
    let unknown = hub
        .get_scheduled_job("missing")
        .await
        .unwrap()
        .into_model()
        .unwrap();
    assert_eq!(
        (unknown.kind, unknown.status),
        (Some(JobType::NotKnown), Some(JobStatus::NotKnown))
    );
}

#[tokio::test]
async fn exported_identities_can_be_imported() {
    let (emulator, hub) = hub(&["a", "b"]).await;
    let container = format!("{}/backup", emulator.iothub_blob_endpoint());
    let export = ImportExportJobRequest::export(container.clone(), false);
    let job = hub
        .begin_import_export_job(&export, every_second())
        .unwrap()
        .await
        .unwrap()
        .into_model()
        .unwrap();
    assert_eq!(
        (job.status.clone(), job.kind),
        (Some(JobStatus::Completed), Some(JobType::Export))
    );
    let read = hub
        .get_import_export_job(&job.job_id)
        .await
        .unwrap()
        .into_model()
        .unwrap();
    assert_eq!((read.status, read.job_id), (job.status, job.job_id));
    let keys = hub
        .get_device("a")
        .await
        .unwrap()
        .into_model()
        .unwrap()
        .authentication;

    for id in ["a", "b"] {
        hub.delete_device(id, ANY).await.unwrap();
    }
    let import = ImportExportJobRequest::import(container.clone(), container);
    hub.begin_import_export_job(&import, every_second())
        .unwrap()
        .await
        .unwrap();
    let again = hub.get_device("a").await.unwrap().into_model().unwrap();
    assert_eq!(again.authentication, keys);
    assert_eq!(
        hub.get_import_export_jobs()
            .await
            .unwrap()
            .into_model()
            .unwrap()
            .len(),
        2
    );
    assert!(
        hub.get_import_export_job("missing")
            .await
            .unwrap_err()
            .is_not_found()
    );
}
