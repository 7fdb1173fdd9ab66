//! What has changed since a journal last asked.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use crate::digitaltwins::instance::Instance;
use crate::digitaltwins::state::snapshot::{ModelState, Snapshot, TwinState};
use crate::digitaltwins::store::graph::{Graph, Relationship};
use crate::digitaltwins::store::model_store::StoredModel;
use crate::digitaltwins::store::twin::Twin;
use crate::durable::StateChange;

/// The keys of what a graph has new, different or not any more.
#[derive(Debug, Default)]
pub(crate) struct Changed {
    /// Everything is another than before.
    whole: bool,
    twins: BTreeSet<Arc<str>>,
    /// By the id of the source, then their own.
    relationships: BTreeSet<(Arc<str>, Arc<str>)>,
    models: BTreeSet<Arc<str>>,
}

impl Changed {
    pub(super) fn everything() -> Self {
        Changed {
            whole: true,
            ..Changed::default()
        }
    }

    pub(crate) fn twin(&mut self, id: &Arc<str>) {
        self.twins.insert(Arc::clone(id));
    }

    pub(crate) fn relationship(&mut self, relationship: &Relationship) {
        let key = (Arc::clone(&relationship.source_id), Arc::clone(&relationship.id));
        self.relationships.insert(key);
    }

    pub(crate) fn models(&mut self, ids: impl IntoIterator<Item = Arc<str>>) {
        self.models.extend(ids);
    }

    /// The present values of what has changed.
    fn values(self, graph: &Graph) -> Vec<Part> {
        let mut parts = Vec::new();
        if !self.models.is_empty() {
            let next = graph.models.next_sequence();
            parts.push(Part::new(["nextModelSequence"], Some(Content::Json(next.into()))));
        }
        for id in self.models {
            let model = graph.models.get(&id).cloned();
            parts.push(Part::new(["models", &id], model.map(Content::Model)));
        }
        for id in self.twins {
            let twin = graph.find(&id).and_then(|slot| graph.twin(slot)).cloned();
            parts.push(Part::new(["twins", &id], twin.map(Content::Twin)));
        }
        let mut without_any = None;
        for (source_id, id) in self.relationships {
            let source = graph.find(&source_id);
            let node = source.and_then(|slot| graph.node(slot));
            // No empty object is to stay behind, so a source without relationships goes as a whole, once.
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
}

/// A change that still shares its value with the graph.
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
        fn json(value: &impl Serialize) -> Value {
            // Texts, times, numbers and maps with texts for keys always serialize.
            serde_json::to_value(value).unwrap_or_default()
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

impl Instance {
    /// Notes changes from now on.
    pub(crate) fn record_changes(&self) {
        let mut graph = self.graph.write();
        graph.changed.get_or_insert_default();
        self.routing.lock().record_changes();
        self.jobs.lock().record_changes();
    }

    /// What has changed since the last call, as it is at one moment.
    pub(crate) fn take_changes(&self) -> Vec<StateChange> {
        let mut graph = self.graph.write();
        let changed = graph.changed.as_mut().map(std::mem::take).unwrap_or_default();
        let mut changes = self.jobs.lock().take_changes();
        changes.extend(self.routing.lock().take_changes());
        if changed.whole {
            let snapshot = Snapshot::of(self, &graph);
            drop(graph);
            return vec![StateChange {
                path: Vec::new(),
                value: Some(snapshot.to_json()),
            }];
        }
        let parts = changed.values(&graph);
        // What is left takes time and needs nobody's lock.
        drop(graph);
        changes.extend(parts.into_iter().map(StateChange::from));
        changes
    }
}
