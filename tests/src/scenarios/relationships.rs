//! Relationships: between twins, over several pages.

use digitaltwins_convenience::{
    BasicRelationship, ListRelationshipsOptions, Relationship, RelationshipPatch, ResponseExt as _, Upsert,
};
use futures::TryStreamExt as _;
use serde_json::{Map, json};

use super::{equal, holds, put_tank, refused, upload};
use crate::{Failure, environment::Environment};

/// Eleven relationships come in two pages, and a twin that has some cannot be deleted.
///
/// # Errors
///
/// Where something is not as it should be.
pub async fn pages(environment: &Environment) -> Result<(), Failure> {
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
    equal("the number of pages", pages.len(), 2)?;
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
    equal("the widths", widths, (0..11).collect())?;

    let stray = Relationship::new("stray", source, "nonsense", target, Map::new());
    let error = refused(
        "an unknown name",
        client
            .upsert_relationship(source, "stray", &stray, Upsert::CreateOrReplace)
            .await,
    )?;
    equal("its code", error.code(), Some("InvalidRelationship"))?;
    let lost = Relationship::new("lost", source, "feeds", environment.id("nobody"), Map::new());
    let error = refused(
        "no target",
        client
            .upsert_relationship(source, "lost", &lost, Upsert::CreateOrReplace)
            .await,
    )?;
    holds("the target is missing", error.is_target_not_found())?;
    let delete = client
        .delete_digital_twin(source, digitaltwins_convenience::Precondition::Unconditional)
        .await;
    holds(
        "the twin has relationships",
        refused("its delete", delete)?.is_relationships_not_deleted(),
    )?;
    Ok(())
}

/// A relationship is read, changed under optimistic concurrency, seen from its target and deleted.
///
/// # Errors
///
/// Where something is not as it should be.
pub async fn life_of_a_relationship(environment: &Environment) -> Result<(), Failure> {
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
    holds(
        "a stale patch fails",
        refused("a stale patch", stale)?.is_precondition_failed(),
    )?;
    let read = client
        .get_relationship::<BasicRelationship>(source, "pipe")
        .await?;
    equal("the ETag", read.etag(), updated.etag())?;
    equal("the width", &read.into_model()?.contents["width"], &json!(2))?;

    let incoming: Vec<_> = client
        .list_incoming_relationships(target, None)?
        .try_collect()
        .await?;
    equal("the number of incoming relationships", incoming.len(), 1)?;
    equal("where it comes from", &incoming[0].source_id, source)?;
    client
        .delete_relationship(source, "pipe", updated.precondition()?)
        .await?;
    let gone = client.get_relationship::<BasicRelationship>(source, "pipe").await;
    holds(
        "it is gone",
        refused("a deleted relationship", gone)?.is_not_found(),
    )
}
