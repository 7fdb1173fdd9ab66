//! Scheduled jobs, and import and export jobs.

use std::time::Duration;

use azure_core::time::OffsetDateTime;
use futures::TryStreamExt as _;
use iothub_convenience::{
    DirectMethod, ImportExportJobRequest, JobStatus, JobType, PollOptions, QueryScheduledJobsOptions,
    ScheduledJobRequest, TwinPatch,
};
use serde_json::json;

use super::{ensure, ensure_equal, eventually, expect_error, register, until_visible};
use crate::{Failure, environment::Environment};

fn every_second() -> Option<PollOptions> {
    Some(PollOptions {
        interval: Some(Duration::from_secs(1)),
    })
}

/// Checks that a job updates the twins that meet its condition, and can be read and listed afterwards.
///
/// # Errors
///
/// If the service behaves differently.
pub async fn twin_updates(environment: &Environment) -> Result<(), Failure> {
    let hub = &environment.hub;
    let device = &environment.device_id("job");
    register(hub, device).await?;
    until_visible(hub, device).await?;
    let id = &environment.scheduled_job_id("update");
    let condition = format!("deviceId IN ['{device}']");
    let patch = TwinPatch::new().set_desired("target", 18);
    let request = ScheduledJobRequest::update_twin(id, condition, patch);
    let done = hub
        .begin_scheduled_job(&request, every_second())?
        .await?
        .into_model()?;
    ensure_equal("the status", done.status, Some(JobStatus::Completed))?;
    ensure_equal("the job type", done.kind, Some(JobType::ScheduleUpdateTwin))?;
    let succeeded = done.device_job_statistics.and_then(|it| it.succeeded_count);
    ensure_equal("the number of devices", succeeded, Some(1))?;
    let twin = hub.get_twin(device).await?.into_model()?;
    ensure_equal(
        "the property",
        twin.properties.desired.get("target"),
        Some(&json!(18)),
    )?;

    let watched = hub.watch_scheduled_job(id, every_second())?.await?.into_model()?;
    ensure_equal("the watched job", &watched.job_id, id)?;
    let read = hub.get_scheduled_job(id).await?.into_model()?;
    ensure_equal(
        "the status read afterwards",
        read.status,
        Some(JobStatus::Completed),
    )?;
    eventually(1, async || {
        let options = QueryScheduledJobsOptions {
            job_type: Some(JobType::ScheduleUpdateTwin),
            job_status: Some(JobStatus::Completed),
            ..Default::default()
        };
        let jobs: Vec<_> = hub.query_scheduled_jobs(Some(options))?.try_collect().await?;
        Ok(jobs.into_iter().filter(|job| &job.job_id == id).collect())
    })
    .await?;
    Ok(())
}

/// Checks that a job that has not started can be canceled.
///
/// # Errors
///
/// If the service behaves differently.
pub async fn cancellation(environment: &Environment) -> Result<(), Failure> {
    let hub = &environment.hub;
    let id = &environment.scheduled_job_id("later");
    let later = OffsetDateTime::now_utc() + Duration::from_secs(5 * 3600);
    let condition = format!("deviceId IN ['{}']", environment.id("missing"));
    let request =
        ScheduledJobRequest::device_method(id, condition, DirectMethod::new("reboot")).with_start_time(later);
    let created = hub.create_scheduled_job(&request).await?.into_model()?;
    ensure_equal("the id", &created.job_id, id)?;
    let again = hub.create_scheduled_job(&request).await;
    ensure(
        "it exists already",
        expect_error("the same job again", again)?.is_already_exists(),
    )?;
    let canceled = hub.cancel_scheduled_job(id).await?.into_model()?;
    ensure_equal("the status", canceled.status, Some(JobStatus::Cancelled))
}

/// Checks that a job exports identities to a container and can be read and listed, and that canceling a finished job
/// changes nothing.
///
/// # Errors
///
/// If the service behaves differently.
pub async fn exports(environment: &Environment) -> Result<(), Failure> {
    let hub = &environment.hub;
    register(hub, &environment.device_id("exported")).await?;
    let request = ImportExportJobRequest::export(environment.hub_blob_container()?, true)
        .with_output_blob_name(environment.id("export.txt"));
    let done = hub
        .begin_import_export_job(&request, every_second())?
        .await?
        .into_model()?;
    ensure_equal("the status", done.status, Some(JobStatus::Completed))?;
    ensure_equal("the job type", done.kind, Some(JobType::Export))?;

    let created = hub.create_import_export_job(&request).await?.into_model()?;
    let watched = hub
        .watch_import_export_job(&created.job_id, every_second())?
        .await?
        .into_model()?;
    ensure_equal("the watched job", &watched.job_id, &created.job_id)?;
    hub.cancel_import_export_job(&created.job_id).await?;
    let read = hub.get_import_export_job(&created.job_id).await?.into_model()?;
    ensure_equal(
        "the status after the cancellation",
        read.status,
        Some(JobStatus::Completed),
    )?;
    let all = hub.get_import_export_jobs().await?.into_model()?;
    ensure("it is listed", all.iter().any(|job| job.job_id == created.job_id))
}
