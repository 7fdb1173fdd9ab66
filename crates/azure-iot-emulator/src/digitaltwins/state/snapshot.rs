//! Consistent snapshots of an instance.

use std::sync::Arc;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

use crate::digitaltwins::instance::{Instance, Session};
use crate::digitaltwins::store::graph::Graph;
use crate::digitaltwins::store::model_store::StoredModel;
use crate::digitaltwins::store::relationship::Relationship;
use crate::digitaltwins::store::twin::{Twin, TwinJson};

/// The state of an instance at one moment. It shares twins and relationships with the graph, so it is created
/// quickly and serialized without a lock. Its JSON is the format of dumped state.
#[derive(Debug)]
pub(crate) struct Snapshot {
    models: Vec<StoredModel>,
    next_model: u64,
    twins: Vec<Arc<Twin>>,
    /// Grouped by source.
    relationships: Vec<Arc<Relationship>>,
    routes: Value,
    jobs: Value,
}

impl Snapshot {
    pub(crate) fn take(session: &mut Session<'_>) -> Self {
        Snapshot::of(session.instance, &session.graph.read())
    }

    /// Creates a snapshot. `graph` is the locked graph of the instance.
    pub(super) fn of(instance: &Instance, graph: &Graph) -> Self {
        let nodes = || (0..graph.twin_end()).filter_map(|slot| graph.node(slot));
        let mut twins = Vec::with_capacity(graph.twin_count());
        twins.extend(nodes().map(|node| Arc::clone(&node.twin)));
        let mut relationships = Vec::with_capacity(graph.relationship_count());
        relationships.extend(
            nodes()
                .flat_map(|node| &node.outgoing)
                .map(|slot| Arc::clone(graph.listed_relationship(*slot))),
        );
        Snapshot {
            models: graph.models().uploaded_since(0).cloned().collect(),
            next_model: graph.models().next_sequence(),
            twins,
            relationships,
            routes: instance.events.dump(),
            jobs: instance.jobs.dump(),
        }
    }

    #[expect(
        clippy::expect_used,
        reason = "strings, times, numbers and maps with string keys serialize"
    )]
    pub(crate) fn to_json(&self) -> Value {
        serde_json::to_value(self).expect("stored values serialize")
    }
}

impl Serialize for Snapshot {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let models = self.models.iter();
        let twins = self.twins.iter();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry(
            "models",
            &Entries(models.map(|model| (&*model.interface.id, ModelState(model)))),
        )?;
        map.serialize_entry("nextModelSequence", &self.next_model)?;
        map.serialize_entry("twins", &Entries(twins.map(|twin| (&*twin.id, TwinState(twin)))))?;
        map.serialize_entry("relationships", &BySource(&self.relationships))?;
        map.serialize_entry("eventRoutes", &self.routes)?;
        map.serialize_entry("jobs", &self.jobs)?;
        map.end()
    }
}

/// Serializes an iterator over keys and values as a map.
struct Entries<I>(I);

impl<K: Serialize, V: Serialize, I: Iterator<Item = (K, V)> + Clone> Serialize for Entries<I> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.clone())
    }
}

struct BySource<'a>(&'a [Arc<Relationship>]);

impl Serialize for BySource<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for group in self.0.chunk_by(|one, other| one.source_id == other.source_id) {
            if let Some(first) = group.first() {
                let entries = group
                    .iter()
                    .map(|relationship| (&*relationship.id, &**relationship));
                map.serialize_entry(&*first.source_id, &Entries(entries))?;
            }
        }
        map.end()
    }
}

/// A model in the format of dumped state.
pub(super) struct ModelState<'a>(pub(super) &'a StoredModel);

impl Serialize for ModelState<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let ModelState(model) = self;
        let mut map = serializer.serialize_map(Some(4))?;
        map.serialize_entry("sequence", &model.sequence)?;
        map.serialize_entry("uploadTime", &model.uploaded)?;
        map.serialize_entry("decommissioned", &model.decommissioned)?;
        map.serialize_entry("model", &*model.document)?;
        map.end()
    }
}

/// A twin in the format of dumped state.
pub(super) struct TwinState<'a>(pub(super) &'a Twin);

impl Serialize for TwinState<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let json = TwinJson {
            twin: self.0,
            with_update_times: true,
        };
        json.serialize(serializer)
    }
}
