//! Bulk upserts of twins and relationships.

use digitaltwins_convenience::{
    BasicRelationship, BulkUpsertOptions, DigitalTwin, GraphItem, Relationship, Upsert,
};
use futures::future::ready;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::{Map, Value, json};

use super::{ensure_equal, tank, upload};
use crate::{Failure, environment::Environment};

/// Checks that every item has an outcome, and relationships wait for their twins.
///
/// # Errors
///
/// If the service behaves differently.
pub async fn bulk_upsert(environment: &Environment) -> Result<(), Failure> {
    let name = &environment.tank_name("graph");
    let client = &environment.twins;
    let ids: Vec<_> = (0..5)
        .map(|number| environment.twin_id(&format!("graph-{number}")))
        .collect();
    upload(client, name).await?;
    let mut items = Vec::new();
    for id in &ids {
        let contents: Map<String, Value> =
            serde_json::from_value(json!({"level": 1.0, "valve": {"$metadata": {}}}))?;
        items.push(GraphItem::from(DigitalTwin::new(id, tank(name), contents)));
    }
    for pair in ids.windows(2) {
        let pipe = Relationship::new("pipe", &pair[0], "feeds", &pair[1], Map::new());
        items.push(GraphItem::from(pipe));
    }
    let options = BulkUpsertOptions {
        max_concurrency: 4,
        mode: Upsert::CreateOnly,
        ..Default::default()
    };
    let report = client.bulk_upsert(items.clone(), Some(options)).await?;
    ensure_equal("the number of outcomes", report.results.len(), 9)?;
    for outcome in report.results {
        outcome.result?;
    }
    let outcomes = client.bulk_upsert_stream(stream::iter(items), None)?;
    let stored = outcomes.filter(|outcome| ready(outcome.result.is_ok())).count();
    ensure_equal("the number of items stored again", stored.await, 9)?;
    let pipes: Vec<BasicRelationship> = client.list_relationships(&ids[0], None)?.try_collect().await?;
    let targets: Vec<_> = pipes.iter().map(|pipe| &pipe.target_id).collect();
    ensure_equal("the targets", targets, vec![&ids[1]])
}
