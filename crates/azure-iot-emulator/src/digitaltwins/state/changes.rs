//! Changes of an instance since the last write of the journal.

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use crate::digitaltwins::instance::Session;
use crate::digitaltwins::state::snapshot::{ModelState, Snapshot, TwinState};
use crate::digitaltwins::store::changed::ChangedKeys;
use crate::digitaltwins::store::graph::Graph;
use crate::digitaltwins::store::model_store::StoredModel;
use crate::digitaltwins::store::relationship::Relationship;
use crate::digitaltwins::store::twin::Twin;
use crate::durable::StateChange;

/// Returns the current values of the changed keys.
fn values(changed: ChangedKeys, graph: &Graph) -> Vec<Part> {
    let mut parts = Vec::new();
    if !changed.models.is_empty() {
        let next = graph.models().next_sequence();
        parts.push(Part::new(["nextModelSequence"], Some(Content::Json(next.into()))));
    }
    for id in changed.models {
        let model = graph.models().get(&id).cloned();
        parts.push(Part::new(["models", &id], model.map(Content::Model)));
    }
    for id in changed.twins {
        let twin = graph.find_twin(&id).cloned();
        parts.push(Part::new(["twins", &id], twin.map(Content::Twin)));
    }
    let mut without_any = None;
    for (source_id, id) in changed.relationships {
        let source = graph.find(&source_id);
        let node = source.and_then(|slot| graph.node(slot));
        // A source without relationships must not leave an empty object, so the object is removed,
        // once per source.
        if node.is_none_or(|node| node.outgoing.is_empty()) {
            if without_any.as_ref() != Some(&source_id) {
                parts.push(Part::new(["relationships", &source_id], None));
                without_any = Some(source_id);
            }
            continue;
        }
        let slot = source.and_then(|source| graph.find_relationship(source, &id));
        let relationship = slot.and_then(|slot| graph.relationship(slot)).cloned();
        parts.push(Part::new(
            ["relationships", &source_id, &id],
            relationship.map(Content::Relationship),
        ));
    }
    parts
}

/// A change that shares its value with the graph.
struct Part {
    path: Vec<String>,
    value: Option<Content>,
}

impl Part {
    fn new<const N: usize>(path: [&str; N], value: Option<Content>) -> Self {
        Part {
            path: path.map(str::to_owned).to_vec(),
            value,
        }
    }
}

enum Content {
    Model(StoredModel),
    Twin(Arc<Twin>),
    Relationship(Arc<Relationship>),
    Json(Value),
}

impl From<Part> for StateChange {
    fn from(part: Part) -> Self {
        #[expect(
            clippy::expect_used,
            reason = "strings, times, numbers and maps with string keys serialize"
        )]
        fn json(value: &impl Serialize) -> Value {
            serde_json::to_value(value).expect("stored values serialize")
        }
        StateChange {
            path: part.path,
            value: part.value.map(|content| match content {
                Content::Model(model) => json(&ModelState(&model)),
                Content::Twin(twin) => json(&TwinState(&twin)),
                Content::Relationship(relationship) => json(&*relationship),
                Content::Json(value) => value,
            }),
        }
    }
}

/// Starts recording changes.
pub(crate) fn record_changes(session: &mut Session<'_>) {
    let instance = session.instance;
    let mut graph = session.graph.write();
    graph.record_changed_keys();
    instance.events.record_changes();
    instance.jobs.record_changes();
}

/// Returns the changes since the last call, read atomically.
pub(crate) fn take_changes(session: &mut Session<'_>) -> Vec<StateChange> {
    let instance = session.instance;
    let mut graph = session.graph.write();
    let changed = graph.take_changed_keys();
    let mut changes = instance.jobs.take_changes();
    changes.extend(instance.events.take_changes());
    if changed.replaced {
        let snapshot = Snapshot::of(instance, &graph);
        drop(graph);
        return vec![StateChange {
            path: Vec::new(),
            value: Some(snapshot.to_json()),
        }];
    }
    let parts = values(changed, &graph);
    // Serialization takes time and needs no lock.
    drop(graph);
    changes.extend(parts.into_iter().map(StateChange::from));
    changes
}
