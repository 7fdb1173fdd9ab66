//! Scheduled jobs, and jobs that import and export identities.

use std::time::Duration;

use azure_core::time::OffsetDateTime;
use futures::TryStreamExt as _;
use iothub_convenience::{
    DirectMethod, ImportExportJobRequest, JobStatus, JobType, PollOptions, QueryScheduledJobsOptions,
    ScheduledJobRequest, TwinPatch,
};
use serde_json::json;

use super::{equal, eventually, holds, refused, register, until_visible};
use crate::{Failure, environment::Environment};

fn often() -> Option<PollOptions> {
    Some(PollOptions {
        interval: Some(Duration::from_secs(1)),
    })
}

/// A job changes the twins that meet its condition, and is found afterwards.
///
/// # Errors
///
/// Where something is not as it should be.
pub async fn twin_updates(environment: &Environment) -> Result<(), Failure> {
    let hub = &environment.hub;
    let device = &environment.device_id("job");
    register(hub, device).await?;
    until_visible(hub, device).await?;
    let id = &environment.scheduled_job_id("update");
    let condition = format!("deviceId IN ['{device}']");
    let patch = TwinPatch::new().set_desired("target", 18);
    let request = ScheduledJobRequest::update_twin(id, condition, patch);
    let done = hub.begin_scheduled_job(&request, often())?.await?.into_model()?;
    equal("the status", done.status, Some(JobStatus::Completed))?;
    equal("the kind", done.kind, Some(JobType::ScheduleUpdateTwin))?;
    let succeeded = done.device_job_statistics.and_then(|it| it.succeeded_count);
    equal("the number of devices", succeeded, Some(1))?;
    let twin = hub.get_twin(device).await?.into_model()?;
    equal(
        "the property",
        twin.properties.desired.get("target"),
        Some(&json!(18)),
    )?;

    let watched = hub.watch_scheduled_job(id, often())?.await?.into_model()?;
    equal("the watched job", &watched.job_id, id)?;
    let read = hub.get_scheduled_job(id).await?.into_model()?;
    equal("the status when read", read.status, Some(JobStatus::Completed))?;
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

/// A job that has not started is canceled.
///
/// # Errors
///
/// Where something is not as it should be.
pub async fn cancellation(environment: &Environment) -> Result<(), Failure> {
    let hub = &environment.hub;
    let id = &environment.scheduled_job_id("later");
    let later = OffsetDateTime::now_utc() + Duration::from_secs(5 * 3600);
    let condition = format!("deviceId IN ['{}']", environment.id("nobody"));
    let request =
        ScheduledJobRequest::device_method(id, condition, DirectMethod::new("reboot")).with_start_time(later);
    let created = hub.create_scheduled_job(&request).await?.into_model()?;
    equal("the id", &created.job_id, id)?;
    let again = hub.create_scheduled_job(&request).await;
    holds(
        "it exists already",
        refused("the same job again", again)?.is_already_exists(),
    )?;
    let canceled = hub.cancel_scheduled_job(id).await?.into_model()?;
    equal("the status", canceled.status, Some(JobStatus::Cancelled))
}

/// Identities are exported to a container, the job is found, and one that has ended can be canceled.
///
/// # Errors
///
/// Where something is not as it should be.
pub async fn exports(environment: &Environment) -> Result<(), Failure> {
    let hub = &environment.hub;
    register(hub, &environment.device_id("exported")).await?;
    let request = ImportExportJobRequest::export(environment.hub_blob_container()?, true)
        .with_output_blob_name(environment.id("export.txt"));
    let done = hub
        .begin_import_export_job(&request, often())
        .await?
        .await?
        .into_model()?;
    equal("the status", done.status, Some(JobStatus::Completed))?;
    equal("the kind", done.kind, Some(JobType::Export))?;

    let created = hub.create_import_export_job(&request).await?.into_model()?;
    let watched = hub
        .watch_import_export_job(&created.job_id, often())?
        .await?
        .into_model()?;
    equal("the watched job", &watched.job_id, &created.job_id)?;
    hub.cancel_import_export_job(&created.job_id).await?;
    let read = hub.get_import_export_job(&created.job_id).await?.into_model()?;
    equal(
        "the status after its end",
        read.status,
        Some(JobStatus::Completed),
    )?;
    let all = hub.get_import_export_jobs().await?.into_model()?;
    holds("it is listed", all.iter().any(|job| job.job_id == created.job_id))
}
