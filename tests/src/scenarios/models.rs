//! Models: uploaded as a whole or not at all.

use digitaltwins_convenience::{GetModelOptions, ListModelsOptions, UploadModelsOptions};
use futures::TryStreamExt as _;
use serde_json::json;

use super::{equal, holds, put_tank, refused, tank, tank_models, valve};
use crate::{Failure, environment::Environment};

/// An upload is all or nothing, a model cannot come twice, and one that is needed cannot go.
///
/// # Errors
///
/// Where something is not as it should be.
pub async fn uploads(environment: &Environment) -> Result<(), Failure> {
    let name = &environment.tank_name("models");
    let client = &environment.twins;

    let [tank_model, valve_model] = tank_models(name);
    let alone = client.create_models(std::slice::from_ref(&tank_model)).await;
    equal(
        "the code of an upload without a part",
        refused("half of it", alone)?.code(),
        Some("DTDLParserError"),
    )?;
    holds(
        "nothing is stored",
        refused("a model", client.get_model(&tank(name), None).await)?.is_not_found(),
    )?;

    let stored = client
        .create_models(&[tank_model.clone(), valve_model])
        .await?
        .into_model()?;
    equal(
        "the models",
        stored.iter().map(|model| model.id.as_str()).collect(),
        vec![tank(name).as_str(), valve(name).as_str()],
    )?;

    let again = refused("the same again", client.create_models(&[tank_model]).await)?;
    holds(
        "it is a conflict",
        again.is_conflict() && again.is_already_exists(),
    )?;
    let needed = refused("deleting a part", client.delete_model(&valve(name)).await)?;
    holds("it is in use", needed.is_model_in_use())?;
    let broken = json!({"@context": "dtmi:dtdl:context;2", "@id": "dtmi:example:x;1", "@type": "Interface",
        "contents": [{"@type": "Property", "name": "p", "schema": "nonsense"}]});
    holds(
        "nonsense is no model",
        refused("nonsense", client.create_models(&[broken]).await)?.is_invalid_model(),
    )?;
    Ok(())
}

/// Uploaded models are listed with what they need, read, decommissioned, and skipped when they come again.
///
/// # Errors
///
/// Where something is not as it should be.
pub async fn life_of_models(environment: &Environment) -> Result<(), Failure> {
    let name = &environment.tank_name("life");
    let client = &environment.twins;
    let uploaded = client.upload_models(&tank_models(name), None).await?;
    equal("the number of uploaded models", uploaded.models.len(), 2)?;
    let options = UploadModelsOptions {
        skip_existing: true,
        ..Default::default()
    };
    let again = client.upload_models(&tank_models(name), Some(options)).await?;
    equal("the number of skipped models", again.skipped.len(), 2)?;

    let options = ListModelsOptions {
        dependencies_for: vec![tank(name)],
        include_model_definition: true,
        page_size: Some(1),
        ..Default::default()
    };
    let listed: Vec<_> = client.list_models(Some(options))?.try_collect().await?;
    let mut ids: Vec<_> = listed.iter().map(|model| model.id.clone()).collect();
    ids.sort();
    equal("the tank and what it needs", ids, vec![tank(name), valve(name)])?;
    holds(
        "definitions are included",
        listed.iter().all(|model| model.model.is_some()),
    )?;

    client.decommission_model(&tank(name)).await?;
    let options = GetModelOptions {
        include_model_definition: true,
    };
    let read = client.get_model(&tank(name), Some(options)).await?.into_model()?;
    holds("it is decommissioned", read.decommissioned)?;
    let twin = put_tank(client, name, &environment.twin_id("late"), 1.0).await;
    refused("a twin of a decommissioned model", twin)?;
    let definition = read.model.ok_or("a model without its definition")?;
    equal("the id in the definition", &definition["@id"], &json!(tank(name)))
}

/// All models are deleted in an order that their dependencies allow.
///
/// # Errors
///
/// Where something is not as it should be.
pub async fn deletion_of_all(environment: &Environment) -> Result<(), Failure> {
    let name = &environment.tank_name("all");
    let client = &environment.twins;
    client.create_models(&tank_models(name)).await?;
    let deleted = client.delete_all_models().await?.ids;
    let position = |id: String| deleted.iter().position(|deleted| deleted == &id);
    let (tank, valve) = (position(tank(name)), position(valve(name)));
    holds("the tank goes before its valve", tank.is_some() && tank < valve)?;
    let left: Vec<_> = client.list_models(None)?.try_collect().await?;
    equal("the number of models left", left.len(), 0)
}
