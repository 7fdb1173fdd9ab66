//! Models.

use digitaltwins_convenience::{GetModelOptions, ListModelsOptions, ModelFiles, UploadModelsOptions};
use futures::TryStreamExt as _;
use serde_json::json;

use super::{ensure, ensure_equal, expect_error, put_tank, tank, tank_models, valve};
use crate::{Failure, environment::Environment};

/// Checks that an upload is atomic, ids are unique, and a model in use cannot be deleted.
///
/// # Errors
///
/// If the service behaves differently.
pub async fn model_uploads(environment: &Environment) -> Result<(), Failure> {
    let name = &environment.tank_name("models");
    let client = &environment.twins;

    let [tank_model, valve_model] = tank_models(name);
    let alone = client.create_models(std::slice::from_ref(&tank_model)).await;
    ensure_equal(
        "the code of an upload without a dependency",
        expect_error("an incomplete upload", alone)?.code(),
        Some("DTDLParserError"),
    )?;
    ensure(
        "nothing is stored",
        expect_error(
            "a model that was not stored",
            client.get_model(&tank(name), None).await,
        )?
        .is_not_found(),
    )?;

    let stored = client
        .create_models(&[tank_model.clone(), valve_model])
        .await?
        .into_model()?;
    ensure_equal(
        "the models",
        stored.iter().map(|model| model.id.as_str()).collect(),
        vec![tank(name).as_str(), valve(name).as_str()],
    )?;

    let again = expect_error("a second upload", client.create_models(&[tank_model]).await)?;
    ensure(
        "it is a conflict",
        again.is_conflict() && again.is_already_exists(),
    )?;
    let needed = expect_error(
        "the deletion of a dependency",
        client.delete_model(&valve(name)).await,
    )?;
    ensure("it is in use", needed.is_model_in_use())?;
    let broken = json!({"@context": "dtmi:dtdl:context;2", "@id": "dtmi:example:x;1", "@type": "Interface",
        "contents": [{"@type": "Property", "name": "p", "schema": "unknown"}]});
    ensure(
        "an unknown schema is invalid",
        expect_error("an unknown schema", client.create_models(&[broken]).await)?.is_invalid_model(),
    )?;
    Ok(())
}

/// Checks that uploaded models are listed with their dependencies, read and decommissioned, and that a second upload
/// can skip them.
///
/// # Errors
///
/// If the service behaves differently.
pub async fn model_lifecycle(environment: &Environment) -> Result<(), Failure> {
    let name = &environment.tank_name("life");
    let client = &environment.twins;
    let uploaded = client.upload_models(&tank_models(name), None).await?;
    ensure_equal("the number of uploaded models", uploaded.models.len(), 2)?;
    let options = UploadModelsOptions {
        skip_existing: true,
        ..Default::default()
    };
    let file = json!(tank_models(name)).to_string();
    let files = ModelFiles::from_text("models.json", file);
    let again = client.upload_model_files(&files, Some(options)).await?;
    ensure_equal("the number of skipped models", again.skipped.len(), 2)?;

    let options = ListModelsOptions {
        dependencies_for: vec![tank(name)],
        include_model_definition: true,
        page_size: Some(1),
        ..Default::default()
    };
    let listed: Vec<_> = client.list_models(Some(options))?.try_collect().await?;
    let mut ids: Vec<_> = listed.iter().map(|model| model.id.clone()).collect();
    ids.sort();
    ensure_equal("the tank and its dependency", ids, vec![tank(name), valve(name)])?;
    ensure(
        "definitions are included",
        listed.iter().all(|model| model.model.is_some()),
    )?;

    client.decommission_model(&tank(name)).await?;
    let options = GetModelOptions {
        include_model_definition: true,
    };
    let read = client.get_model(&tank(name), Some(options)).await?.into_model()?;
    ensure("it is decommissioned", read.decommissioned)?;
    let twin = put_tank(client, name, &environment.twin_id("late"), 1.0).await;
    expect_error("a twin of a decommissioned model", twin)?;
    let definition = read.model.ok_or("a model without its definition")?;
    ensure_equal("the id in the definition", &definition["@id"], &json!(tank(name)))
}

/// Checks that all models are deleted, dependents first.
///
/// # Errors
///
/// If the service behaves differently.
pub async fn deletion_of_all_models(environment: &Environment) -> Result<(), Failure> {
    let name = &environment.tank_name("all");
    let client = &environment.twins;
    client.create_models(&tank_models(name)).await?;
    let deleted = client.delete_all_models().await?.ids;
    let position = |id: String| deleted.iter().position(|deleted| deleted == &id);
    let (tank, valve) = (position(tank(name)), position(valve(name)));
    ensure(
        "the tank is deleted before its valve",
        tank.is_some() && tank < valve,
    )?;
    let left: Vec<_> = client.list_models(None)?.try_collect().await?;
    ensure_equal("the number of models left", left.len(), 0)
}
