//! Digital twins.

use digitaltwins_convenience::{
    Component, DigitalTwin, DigitalTwinPatch, Precondition, Relationship, ResponseExt as _, Upsert,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{ensure, ensure_equal, expect_error, put_tank, tank, upload};
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

/// Checks that a twin is created once, updated only with the current ETag, and validated against its model.
///
/// # Errors
///
/// If the service behaves differently.
pub async fn digital_twin_lifecycle(environment: &Environment) -> Result<(), Failure> {
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
    ensure(
        "it is created once",
        expect_error("a second create", again)?.is_precondition_failed(),
    )?;

    let patch = DigitalTwinPatch::new()
        .replace("level", 2.5)?
        .add("label", "north")?;
    let changed = client.update_digital_twin(id, &patch, &etag).await?;
    ensure(
        "a write returns a new ETag",
        changed.etag().is_some_and(|changed| changed != etag),
    )?;
    let stale = client.update_digital_twin(id, &patch, etag).await;
    ensure(
        "a stale patch fails",
        expect_error("a stale patch", stale)?.is_precondition_failed(),
    )?;

    let read = client
        .get_digital_twin::<DigitalTwin<Tank>>(id)
        .await?
        .into_model()?;
    ensure_equal("the level", read.contents.level, 2.5)?;
    ensure_equal(
        "the unknown property",
        read.extra.get("label"),
        Some(&json!("north")),
    )?;
    ensure(
        "the level has a time",
        read.metadata.properties.contains_key("level"),
    )?;

    let wrong = DigitalTwinPatch::new().replace("level", "high")?;
    let error = expect_error(
        "a value of another type",
        client
            .update_digital_twin(id, &wrong, Precondition::Unconditional)
            .await,
    )?;
    ensure("it does not fit the model", error.is_validation_failed())?;

    client
        .delete_digital_twin(id, Precondition::Unconditional)
        .await?;
    let gone = expect_error(
        "a deleted twin",
        client.get_digital_twin::<DigitalTwin<Tank>>(id).await,
    )?;
    ensure_equal("its code", gone.code(), Some("DigitalTwinNotFound"))
}

/// Checks that a modification is stored and becomes visible to queries, and that a twin is deleted with its
/// relationships.
///
/// # Errors
///
/// If the service behaves differently.
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
    ensure_equal("the level", modified.contents.level, 1.5)?;
    client.wait_until_visible(one, None).await?;

    for (source, target) in [(one, two), (two, one)] {
        let pipe = Relationship::new("pipe", source, "feeds", target, Map::new());
        client
            .upsert_relationship(source, "pipe", &pipe, Upsert::CreateOnly)
            .await?;
    }
    let deleted = client.delete_digital_twin_with_relationships(one).await?;
    ensure_equal("the number of relationships", deleted.relationships, 2)?;
    let gone = expect_error("a deleted twin", client.get_digital_twin::<Value>(one).await)?;
    ensure("it is deleted", gone.is_not_found())
}
