//! Models: uploaded as a whole or not at all.

use serde_json::json;

use super::{clear, equal, holds, refused, tank, tank_models, valve};
use crate::{Failure, environment::Environment};

/// An upload is all or nothing, a model cannot come twice, and one that is needed cannot go.
///
/// # Errors
///
/// Where something is not as it should be.
pub async fn uploads(environment: &Environment) -> Result<(), Failure> {
    const NAME: &str = "models";
    let client = &environment.twins;
    clear(client, NAME, &[]).await?;

    let [tank_model, valve_model] = tank_models(NAME);
    let alone = client.create_models(std::slice::from_ref(&tank_model)).await;
    equal(
        "the code of an upload without a part",
        refused("half of it", alone)?.code(),
        Some("DTDLParserError"),
    )?;
    holds(
        "nothing is stored",
        refused("a model", client.get_model(&tank(NAME), None).await)?.is_not_found(),
    )?;

    let stored = client
        .create_models(&[tank_model.clone(), valve_model])
        .await?
        .into_model()?;
    equal(
        "the models",
        stored.iter().map(|model| model.id.as_str()).collect(),
        vec![tank(NAME).as_str(), valve(NAME).as_str()],
    )?;

    let again = refused("the same again", client.create_models(&[tank_model]).await)?;
    holds(
        "it is a conflict",
        again.is_conflict() && again.is_already_exists(),
    )?;
    let needed = refused("deleting a part", client.delete_model(&valve(NAME)).await)?;
    holds("it is in use", needed.is_model_in_use())?;
    let broken = json!({"@context": "dtmi:dtdl:context;2", "@id": "dtmi:example:x;1", "@type": "Interface",
        "contents": [{"@type": "Property", "name": "p", "schema": "nonsense"}]});
    holds(
        "nonsense is no model",
        refused("nonsense", client.create_models(&[broken]).await)?.is_invalid_model(),
    )?;
    clear(client, NAME, &[]).await
}
