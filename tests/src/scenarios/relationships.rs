//! Relationships between twins over several pages.

use digitaltwins_convenience::{BasicRelationship, ListRelationshipsOptions, Relationship, Upsert};
use futures::TryStreamExt as _;
use serde_json::{Map, json};

use super::{clear, equal, holds, put_tank, refused, upload};
use crate::{Failure, environment::Environment};

/// Eleven relationships are listed in two pages, and a twin with relationships cannot be deleted.
///
/// # Errors
///
/// If an assertion does not hold.
pub async fn relationships_are_paged(environment: &Environment) -> Result<(), Failure> {
    const NAME: &str = "relationships";
    let client = &environment.twins;
    let (source, target) = ("scenario-relationships-source", "scenario-relationships-target");
    upload(client, NAME, &[source, target]).await?;
    put_tank(client, NAME, source, 1.0).await?;
    put_tank(client, NAME, target, 1.0).await?;
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
    let lost = Relationship::new(
        "lost",
        source,
        "feeds",
        "scenario-relationships-nobody",
        Map::new(),
    );
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
    clear(client, NAME, &[source, target]).await
}
