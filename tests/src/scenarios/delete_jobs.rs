//! Delete jobs, which empty the instance.

use std::time::Duration;

use digitaltwins_convenience::{
    BeginDeleteJobOptions, CreateDeleteJobOptions, DeleteJobStatus, ListDeleteJobsOptions, PollOptions,
};
use futures::TryStreamExt as _;

use super::{ensure, ensure_equal, expect_error, put_tank, tank, upload};
use crate::{Failure, environment::Environment};

/// Checks that a job deletes twins and models, and can be read and listed afterwards.
///
/// # Errors
///
/// If the service behaves differently.
pub async fn delete_job_lifecycle(environment: &Environment) -> Result<(), Failure> {
    let name = &environment.tank_name("deleted");
    let (client, twin) = (&environment.twins, &environment.twin_id("deleted"));
    upload(client, name).await?;
    put_tank(client, name, twin, 1.0).await?;
    let interval = Some(Duration::from_secs(1));
    let options = BeginDeleteJobOptions {
        operation_id: Some(environment.id("delete-job")),
        interval,
        ..Default::default()
    };
    let done = client.begin_delete_job(Some(options))?.await?.into_model()?;
    ensure_equal("the status", done.status, Some(DeleteJobStatus::Succeeded))?;
    let gone = client.get_model(&tank(name), None).await;
    ensure(
        "the model is gone",
        expect_error("a deleted model", gone)?.is_not_found(),
    )?;

    let options = CreateDeleteJobOptions {
        operation_id: Some(environment.id("second-delete-job")),
        ..Default::default()
    };
    let created = client.create_delete_job(Some(options)).await?.into_model()?;
    let id = created.id.ok_or("a job without an id")?;
    let watched = client
        .watch_delete_job(&id, Some(PollOptions { interval }))?
        .await?
        .into_model()?;
    ensure_equal("the status", watched.status, Some(DeleteJobStatus::Succeeded))?;
    let read = client.get_delete_job(&id).await?.into_model()?;
    ensure_equal("the id", read.id.as_ref(), Some(&id))?;
    let options = ListDeleteJobsOptions {
        page_size: Some(10),
        ..Default::default()
    };
    let listed: Vec<_> = client.list_delete_jobs(Some(options))?.try_collect().await?;
    ensure(
        "it is listed",
        listed.iter().any(|job| job.id.as_ref() == Some(&id)),
    )
}
