//! Digital twins: typed, validated, changed under optimistic concurrency.

use digitaltwins_convenience::{
    Component, DigitalTwin, DigitalTwinPatch, Precondition, Relationship, ResponseExt as _, Upsert,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{equal, holds, put_tank, refused, tank, upload};
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

/// A twin is created once, changed with the right ETag only, and must fit its model.
///
/// # Errors
///
/// Where something is not as it should be.
pub async fn life_of_a_twin(environment: &Environment) -> Result<(), Failure> {
    let name = &environment.tank_name("twins");
    let (client, id) = (&environment.twins, &environment.twin_id("life:1;2"));
    upload(client, name).await?;

    let contents = Tank {
        level: 1.5,
        valve: Component::new(Valve { open: false }),
    };
    let twin = DigitalTwin::new(id, tank(name), contents);
    let created = client.upsert_digital_twin(id, &twin, Upsert::CreateOnly).await?;
    let etag = created.etag().ok_or("a twin without an ETag")?;
    let again = client.upsert_digital_twin(id, &twin, Upsert::CreateOnly).await;
    holds(
        "it is created once",
        refused("the same again", again)?.is_precondition_failed(),
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
    holds("it does not fit the model", error.is_validation_failed())?;

    client
        .delete_digital_twin(id, Precondition::Unconditional)
        .await?;
    let gone = refused(
        "a deleted twin",
        client.get_digital_twin::<DigitalTwin<Tank>>(id).await,
    )?;
    equal("its code", gone.code(), Some("DigitalTwinNotFound"))
}

/// A change of what was read is stored and seen by queries, and a twin goes with its relationships.
///
/// # Errors
///
/// Where something is not as it should be.
pub async fn changes_and_connected_twins(environment: &Environment) -> Result<(), Failure> {
    let name = &environment.tank_name("changes");
    let client = &environment.twins;
    let (one, two) = (&environment.twin_id("one"), &environment.twin_id("two"));
    upload(client, name).await?;
    put_tank(client, name, one, 1.0).await?;
    put_tank(client, name, two, 1.0).await?;
    let modified = client
        .modify_digital_twin::<Tank>(one, |twin| twin.contents.level += 0.5)
        .await?;
    equal("the level", modified.contents.level, 1.5)?;
    client.wait_until_visible(one, None).await?;

    for (source, target) in [(one, two), (two, one)] {
        let pipe = Relationship::new("pipe", source, "feeds", target, Map::new());
        client
            .upsert_relationship(source, "pipe", &pipe, Upsert::CreateOnly)
            .await?;
    }
    let deleted = client.delete_digital_twin_with_relationships(one).await?;
    equal("the number of relationships", deleted.relationships, 2)?;
    let gone = refused("a deleted twin", client.get_digital_twin::<Value>(one).await)?;
    holds("it is gone", gone.is_not_found())
}
