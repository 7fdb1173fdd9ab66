//! Models: atomic uploads and deletion.

use serde_json::json;

use super::{clear, equal, holds, refused, tank, tank_models, valve};
use crate::{Failure, environment::Environment};

/// An upload is atomic, a model cannot be uploaded twice, and a referenced model cannot be deleted.
///
/// # Errors
///
/// If an assertion does not hold.
pub async fn uploads_are_atomic(environment: &Environment) -> Result<(), Failure> {
    const NAME: &str = "models";
    let client = &environment.twins;
    clear(client, NAME, &[]).await?;

    let [tank_model, valve_model] = tank_models(NAME);
    let alone = client.create_models(std::slice::from_ref(&tank_model)).await;
    equal(
        "the code of an upload without its component",
        refused("an upload without its component", alone)?.code(),
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

    let again = refused(
        "a second upload of the model",
        client.create_models(&[tank_model]).await,
    )?;
    holds(
        "it is a conflict",
        again.is_conflict() && again.is_already_exists(),
    )?;
    let needed = refused(
        "deleting a referenced model",
        client.delete_model(&valve(NAME)).await,
    )?;
    holds("it is referenced", needed.is_model_in_use())?;
    let broken = json!({"@context": "dtmi:dtdl:context;2", "@id": "dtmi:example:x;1", "@type": "Interface",
        "contents": [{"@type": "Property", "name": "p", "schema": "nonsense"}]});
    holds(
        "an invalid model is refused",
        refused("nonsense", client.create_models(&[broken]).await)?.is_invalid_model(),
    )?;
    clear(client, NAME, &[]).await
}
