//! Relationships.

use digitaltwins_convenience::{
    BasicRelationship, ListRelationshipsOptions, Relationship, RelationshipPatch, ResponseExt as _, Upsert,
};
use futures::TryStreamExt as _;
use serde_json::{Map, json};

use super::{ensure, ensure_equal, expect_error, put_tank, upload};
use crate::{Failure, environment::Environment};

/// Checks that eleven relationships are listed in two pages, and a twin with relationships cannot be deleted.
///
/// # Errors
///
/// If the service behaves differently.
pub async fn relationship_pages(environment: &Environment) -> Result<(), Failure> {
    let name = &environment.tank_name("relationships");
    let client = &environment.twins;
    let (source, target) = (&environment.twin_id("source"), &environment.twin_id("target"));
    upload(client, name).await?;
    put_tank(client, name, source, 1.0).await?;
    put_tank(client, name, target, 1.0).await?;
    for number in 0..11 {
        let id = format!("pipe-{number:02}");
        let properties = Map::from_iter([("width".to_owned(), json!(number))]);
        let pipe = Relationship::new(&id, source, "feeds", target, properties);
        client
            .upsert_relationship(source, &id, &pipe, Upsert::CreateOrReplace)
            .await?;
    }
    let pages: Vec<_> = client
        .list_relationships::<BasicRelationship>(source, None)?
        .into_pages()
        .try_collect()
        .await?;
    ensure_equal("the number of pages", pages.len(), 2)?;
    let options = ListRelationshipsOptions {
        relationship_name: Some("feeds".to_owned()),
        ..Default::default()
    };
    let pipes: Vec<BasicRelationship> = client
        .list_relationships(source, Some(options))?
        .try_collect()
        .await?;
    let widths: Vec<_> = pipes
        .iter()
        .filter_map(|pipe| pipe.contents["width"].as_u64())
        .collect();
    ensure_equal("the widths", widths, (0..11).collect())?;

    let stray = Relationship::new("stray", source, "unknown", target, Map::new());
    let error = expect_error(
        "an unknown name",
        client
            .upsert_relationship(source, "stray", &stray, Upsert::CreateOrReplace)
            .await,
    )?;
    ensure_equal("its code", error.code(), Some("InvalidRelationship"))?;
    let dangling = Relationship::new("dangling", source, "feeds", environment.id("missing"), Map::new());
    let error = expect_error(
        "a missing target",
        client
            .upsert_relationship(source, "dangling", &dangling, Upsert::CreateOrReplace)
            .await,
    )?;
    ensure("the target is missing", error.is_target_not_found())?;
    let delete = client
        .delete_digital_twin(source, digitaltwins_convenience::Precondition::Unconditional)
        .await;
    ensure(
        "the twin has relationships",
        expect_error("a deletion", delete)?.is_relationships_not_deleted(),
    )?;
    Ok(())
}

/// Checks that a relationship is read, updated with an ETag, listed for its target and deleted.
///
/// # Errors
///
/// If the service behaves differently.
pub async fn relationship_lifecycle(environment: &Environment) -> Result<(), Failure> {
    let name = &environment.tank_name("pipe");
    let client = &environment.twins;
    let (source, target) = (&environment.twin_id("from"), &environment.twin_id("to"));
    upload(client, name).await?;
    put_tank(client, name, source, 1.0).await?;
    put_tank(client, name, target, 1.0).await?;
    let properties = Map::from_iter([("width".to_owned(), json!(1))]);
    let pipe = Relationship::new("pipe", source, "feeds", target, properties);
    let created = client
        .upsert_relationship(source, "pipe", &pipe, Upsert::CreateOnly)
        .await?;
    let first = created.precondition()?;
    let wider = RelationshipPatch::new().replace("width", 2)?;
    let updated = client.update_relationship(source, "pipe", &wider, &first).await?;
    let stale = client.update_relationship(source, "pipe", &wider, &first).await;
    ensure(
        "a stale patch fails",
        expect_error("a stale patch", stale)?.is_precondition_failed(),
    )?;
    let read = client
        .get_relationship::<BasicRelationship>(source, "pipe")
        .await?;
    ensure_equal("the ETag", read.etag(), updated.etag())?;
    ensure_equal("the width", &read.into_model()?.contents["width"], &json!(2))?;

    let incoming: Vec<_> = client
        .list_incoming_relationships(target, None)?
        .try_collect()
        .await?;
    ensure_equal("the number of incoming relationships", incoming.len(), 1)?;
    ensure_equal("the source", &incoming[0].source_id, source)?;
    client
        .delete_relationship(source, "pipe", updated.precondition()?)
        .await?;
    let gone = client.get_relationship::<BasicRelationship>(source, "pipe").await;
    ensure(
        "it is deleted",
        expect_error("a deleted relationship", gone)?.is_not_found(),
    )
}
