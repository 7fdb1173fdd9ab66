//! Import jobs: from a file in a blob.

use std::time::Duration;

use digitaltwins_convenience::{
    BasicDigitalTwin, DigitalTwin, ImportFileWriter, ImportJobStatus, ListImportJobsOptions, PollOptions,
};
use futures::TryStreamExt as _;
use serde_json::{Map, json};

use super::{equal, holds, refused};
use crate::environment::Environment;
use crate::{Failure, resources::Resource};

const MODEL: &str = "dtmi:example:scenario:import:Node;1";
const TWIN: &str = "scenario-import-node";

/// Returns the file that the scenario imports: one model and one twin.
///
/// # Errors
///
/// A mistake of the writer.
pub fn import_file() -> Result<Vec<u8>, Failure> {
    let mut file = ImportFileWriter::new(Vec::new(), "scenarios", "example")?;
    file.model(json!({"@context": "dtmi:dtdl:context;2", "@id": MODEL, "@type": "Interface"}))?;
    file.twin(&DigitalTwin::new(TWIN, MODEL, Map::new()))?;
    Ok(file.finish()?)
}

fn often() -> Option<PollOptions> {
    Some(PollOptions {
        interval: Some(Duration::from_secs(1)),
    })
}

/// A job imports a file, is found, and is deleted; another one is created and canceled.
///
/// # Errors
///
/// Where something is not as it should be.
pub async fn life_of_an_import_job(environment: &Environment) -> Result<(), Failure> {
    let client = &environment.twins;
    let blobs = environment.import_blobs(&import_file()?)?;
    environment.note(Resource::Model(MODEL.to_owned()));
    environment.note(Resource::Twin(TWIN.to_owned()));
    let id = &environment.import_job_id("import");
    let done = client
        .begin_import_job(id, &blobs.input, &blobs.output, often())?
        .await?
        .into_model()?;
    equal("the status", done.status, Some(ImportJobStatus::Succeeded))?;
    let twin = client
        .get_digital_twin::<BasicDigitalTwin>(TWIN)
        .await?
        .into_model()?;
    equal("the imported twin's model", twin.model(), MODEL)?;

    let watched = client.watch_import_job(id, often())?.await?.into_model()?;
    equal("the watched job", watched.id.as_ref(), Some(id))?;
    let read = client.get_import_job(id).await?.into_model()?;
    equal("the input", &read.input_blob_uri, &blobs.input)?;
    let options = ListImportJobsOptions {
        page_size: Some(10),
        ..Default::default()
    };
    let listed: Vec<_> = client.list_import_jobs(Some(options))?.try_collect().await?;
    holds(
        "it is listed",
        listed.iter().any(|job| job.id.as_ref() == Some(id)),
    )?;

    let second = &environment.import_job_id("canceled-import");
    let created = client
        .create_import_job(second, &blobs.input, &blobs.output)
        .await?
        .into_model()?;
    equal("the id", created.id.as_ref(), Some(second))?;
    let canceled = client.cancel_import_job(second).await?.into_model()?;
    equal("the canceled job", canceled.id.as_ref(), Some(second))?;

    client.delete_import_job(id).await?;
    let gone = client.get_import_job(id).await;
    holds("it is gone", refused("a deleted job", gone)?.is_not_found())
}
