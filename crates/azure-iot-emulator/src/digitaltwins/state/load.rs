//! Loads dumped state.

use std::sync::Arc;

use serde_json::Value;

use crate::digitaltwins::events::route::routes_from_state;
use crate::digitaltwins::instance::Instance;
use crate::digitaltwins::jobs::table::Jobs;
use crate::digitaltwins::jobs::worker;
use crate::digitaltwins::rules::limits::Limits;
use crate::digitaltwins::state::members::members;
use crate::digitaltwins::state::models::load_models;
use crate::digitaltwins::state::records::{relationship_from_state, twin_from_state};
use crate::digitaltwins::store::graph::Graph;

/// Replaces the state of an instance. Twins and relationships are not validated, because the models that they were
/// validated against may have been deleted.
pub(crate) fn load(instance: &Arc<Instance>, state: &Value) -> Result<(), String> {
    if !state.is_object() {
        return Err("the state is not an object".to_owned());
    }
    let mut session = instance.session();
    let change = session.graph.change_models();
    let graph = load_graph(state, &instance.limits)?;
    let routes = routes_from_state(members(state, "eventRoutes")?)?;
    let jobs = Jobs::from_state(state.get("jobs"))?;
    let replaced = change.replace_graph(graph, &instance.clock, || {
        instance.events.replace_routes(routes);
        worker::start_all(instance, instance.jobs.replace(jobs));
    });
    instance.wake_journal();
    // The old graph may be large, so it is dropped after all locks are released.
    drop(replaced);
    Ok(())
}

fn load_graph(state: &Value, limits: &Limits) -> Result<Graph, String> {
    let mut graph = Graph::with_models(load_models(state, limits)?);
    for (id, value) in members(state, "twins")? {
        let twin = twin_from_state(value, graph.models()).ok_or_else(|| {
            format!(
                "a twin is not in the format of dumped state: {}",
                shortened(value)
            )
        })?;
        if *twin.id != **id {
            return Err(format!(
                "the twin \"{}\" is stored under the key \"{id}\"",
                twin.id
            ));
        }
        graph.put_twin(Arc::new(twin));
    }
    for (source, relationships) in members(state, "relationships")? {
        let relationships = relationships
            .as_object()
            .ok_or_else(|| format!("the relationships of \"{source}\" are not an object"))?;
        for (id, value) in relationships {
            let relationship = relationship_from_state(value, &graph).ok_or_else(|| {
                format!(
                    "invalid relationship, or its source or target is missing: {}",
                    shortened(value)
                )
            })?;
            if *relationship.source_id != **source || *relationship.id != **id {
                return Err(format!(
                    "the relationship \"{}\" of \"{}\" is stored under the key \"{id}\" of \"{source}\"",
                    relationship.id, relationship.source_id
                ));
            }
            graph.put_relationship(Arc::new(relationship));
        }
    }
    Ok(graph)
}

fn shortened(value: &Value) -> String {
    value.to_string().chars().take(200).collect()
}
