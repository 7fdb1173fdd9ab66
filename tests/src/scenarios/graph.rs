//! Graphs of twins and relationships, stored in one call.

use digitaltwins_convenience::{
    BasicRelationship, BulkUpsertOptions, DigitalTwin, GraphItem, Relationship, Upsert,
};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::{Map, Value, json};

use super::{equal, tank, upload};
use crate::{Failure, environment::Environment};

/// Every item of a graph has a result, and relationships wait for their twins.
///
/// # Errors
///
/// Where something is not as it should be.
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
    let outcomes: Vec<_> = client
        .bulk_upsert(stream::iter(items), Some(options))?
        .collect()
        .await;
    equal("the number of results", outcomes.len(), 9)?;
    for outcome in outcomes {
        outcome.result?;
    }
    let pipes: Vec<BasicRelationship> = client.list_relationships(&ids[0], None)?.try_collect().await?;
    let targets: Vec<_> = pipes.iter().map(|pipe| &pipe.target_id).collect();
    equal("the targets", targets, vec![&ids[1]])
}
