//! Digital twins: typed access, validation and optimistic concurrency.

use digitaltwins_convenience::{
    Component, DigitalTwin, DigitalTwinPatch, Precondition, ResponseExt as _, Upsert,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{clear, equal, holds, refused, tank, upload};
use crate::{Failure, environment::Environment};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Tank {
    level: f64,
    valve: Component<Valve>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Valve {
    open: bool,
}

/// A twin is created once, changed only with the current ETag, and must match its model.
///
/// # Errors
///
/// If an assertion does not hold.
pub async fn digital_twin_lifecycle(environment: &Environment) -> Result<(), Failure> {
    const NAME: &str = "twins";
    let (client, id) = (&environment.twins, "scenario-twins-life:1;2");
    upload(client, NAME, &[id]).await?;

    let contents = Tank {
        level: 1.5,
        valve: Component::new(Valve { open: false }),
    };
    let twin = DigitalTwin::new(id, tank(NAME), contents);
    let created = client.upsert_digital_twin(id, &twin, Upsert::CreateOnly).await?;
    let etag = created.etag().ok_or("a twin without an ETag")?;
    let again = client.upsert_digital_twin(id, &twin, Upsert::CreateOnly).await;
    holds(
        "it is created only once",
        refused("a second create of the twin", again)?.is_precondition_failed(),
    )?;

    let patch = DigitalTwinPatch::new()
        .replace("level", 2.5)?
        .add("label", "north")?;
    let changed = client.update_digital_twin(id, &patch, &etag).await?;
    holds(
        "a write gives a new ETag",
        changed.etag().is_some_and(|changed| changed != etag),
    )?;
    let stale = client.update_digital_twin(id, &patch, etag).await;
    holds(
        "a stale patch fails",
        refused("a stale patch", stale)?.is_precondition_failed(),
    )?;

    let read = client
        .get_digital_twin::<DigitalTwin<Tank>>(id)
        .await?
        .into_model()?;
    equal("the level", read.contents.level, 2.5)?;
    equal(
        "what the type does not know",
        read.extra.get("label"),
        Some(&json!("north")),
    )?;
    holds(
        "the level has a time",
        read.metadata.properties.contains_key("level"),
    )?;

    let wrong = DigitalTwinPatch::new().replace("level", "high")?;
    let error = refused(
        "a value of another type",
        client
            .update_digital_twin(id, &wrong, Precondition::Unconditional)
            .await,
    )?;
    holds("it does not match the model", error.is_validation_failed())?;

    client
        .delete_digital_twin(id, Precondition::Unconditional)
        .await?;
    let gone = refused(
        "a deleted twin",
        client.get_digital_twin::<DigitalTwin<Tank>>(id).await,
    )?;
    equal("its code", gone.code(), Some("DigitalTwinNotFound"))?;
    clear(client, NAME, &[id]).await
}
