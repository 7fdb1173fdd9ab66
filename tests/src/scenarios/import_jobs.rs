//! Import jobs.

use std::time::Duration;

use digitaltwins_convenience::{
    BasicDigitalTwin, DigitalTwin, ImportFileWriter, ImportJobStatus, ListImportJobsOptions, PollOptions,
};
use futures::TryStreamExt as _;
use serde_json::{Map, json};

use super::{ensure, ensure_equal, expect_error};
use crate::environment::Environment;
use crate::{Failure, resources::Resource};

const MODEL: &str = "dtmi:example:scenario:import:Node;1";
const TWIN: &str = "scenario-import-node";

/// Returns the file that the scenario imports: one model and one twin.
///
/// # Errors
///
/// If the file cannot be written.
pub fn import_file() -> Result<Vec<u8>, Failure> {
    let mut file = ImportFileWriter::new(Vec::new(), "scenarios", "example")?;
    file.model(json!({"@context": "dtmi:dtdl:context;2", "@id": MODEL, "@type": "Interface"}))?;
    file.twin(&DigitalTwin::new(TWIN, MODEL, Map::new()))?;
    Ok(file.finish()?)
}

fn every_second() -> Option<PollOptions> {
    Some(PollOptions {
        interval: Some(Duration::from_secs(1)),
    })
}

/// Checks that an import job is created, read, listed and deleted, and that another job is created and canceled.
///
/// # Errors
///
/// If the service behaves differently.
pub async fn import_job_lifecycle(environment: &Environment) -> Result<(), Failure> {
    let client = &environment.twins;
    let blobs = environment.import_blobs(&import_file()?)?;
    environment.track(Resource::Model(MODEL.to_owned()));
    environment.track(Resource::Twin(TWIN.to_owned()));
    let id = &environment.import_job_id("import");
    let done = client
        .begin_import_job(id, blobs.input.clone(), blobs.output.clone(), every_second())?
        .await?
        .into_model()?;
    ensure_equal("the status", done.status, Some(ImportJobStatus::Succeeded))?;
    let twin = client
        .get_digital_twin::<BasicDigitalTwin>(TWIN)
        .await?
        .into_model()?;
    ensure_equal("the imported twin's model", twin.model(), MODEL)?;

    let watched = client.watch_import_job(id, every_second())?.await?.into_model()?;
    ensure_equal("the watched job", watched.id.as_ref(), Some(id))?;
    let read = client.get_import_job(id).await?.into_model()?;
    ensure_equal("the input", read.input_blob_uri.secret(), &blobs.input)?;
    let options = ListImportJobsOptions {
        page_size: Some(10),
        ..Default::default()
    };
    let listed: Vec<_> = client.list_import_jobs(Some(options))?.try_collect().await?;
    ensure(
        "it is listed",
        listed.iter().any(|job| job.id.as_ref() == Some(id)),
    )?;

    let second = &environment.import_job_id("canceled-import");
    let created = client
        .create_import_job(second, blobs.input.clone(), blobs.output.clone())
        .await?
        .into_model()?;
    ensure_equal("the id", created.id.as_ref(), Some(second))?;
    let canceled = client.cancel_import_job(second).await?.into_model()?;
    ensure_equal("the canceled job", canceled.id.as_ref(), Some(second))?;

    client.delete_import_job(id).await?;
    let gone = client.get_import_job(id).await;
    ensure(
        "it is deleted",
        expect_error("a deleted job", gone)?.is_not_found(),
    )
}
