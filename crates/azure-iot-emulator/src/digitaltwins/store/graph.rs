//! The graph of models, twins and relationships, with its indexes.
//!
//! | module | content |
//! |---|---|
//! | this file | models and twins |
//! | [`relationships`] | relationships, and their lists at each twin |
//! | [`indexes`] | indexes over property values |

pub(crate) mod indexes;
mod relationships;

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use uuid::Uuid;

use crate::clock::Clock;
use crate::digitaltwins::store::changed::ChangedKeys;
use crate::digitaltwins::store::history::{GraphChange, History};
use crate::digitaltwins::store::interface::Interface;
use crate::digitaltwins::store::model_store::{ModelStore, StoredModel};
use crate::digitaltwins::store::property_index::PropertyIndexes;
use crate::digitaltwins::store::relationship::{Node, Relationship};
use crate::digitaltwins::store::slab::{Slab, Slot};
use crate::digitaltwins::store::timestamp::Timestamp;
use crate::digitaltwins::store::twin::Twin;
use crate::digitaltwins::store::value::IndexedScalar;

/// The models, twins and relationships of one instance.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    generation: Generation,
    models: ModelStore,
    twins: Slab<Node>,
    by_id: HashMap<Arc<str>, Slot>,
    by_model: HashMap<Arc<str>, BTreeSet<Slot>>,
    relationships: Slab<Arc<Relationship>>,
    by_name: HashMap<Arc<str>, BTreeSet<Slot>>,
    twin_values: PropertyIndexes,
    relationship_values: PropertyIndexes,
    /// Changes for the lagging graph, recorded while queries lag.
    history: Option<History>,
    /// Keys of changes, recorded while there is a journal.
    changed: Option<ChangedKeys>,
}

/// The identity of a graph. Slots and hashes of one graph are meaningless in another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Generation(Uuid);

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Default for Generation {
    fn default() -> Self {
        Generation(Uuid::new_v4())
    }
}

impl Graph {
    pub(crate) fn with_models(models: ModelStore) -> Self {
        Graph {
            models,
            ..Graph::default()
        }
    }

    pub(crate) fn generation(&self) -> Generation {
        self.generation
    }

    /// Adds the twins and relationships of another graph, but not its models.
    pub(crate) fn copy_twins_and_relationships(&mut self, other: &Graph) {
        for twin in (0..other.twin_end()).filter_map(|slot| other.twin(slot)) {
            self.put_twin(Arc::clone(twin));
        }
        for slot in 0..other.relationship_end() {
            if let Some(relationship) = other.relationship(slot) {
                self.copy_relationship(relationship);
            }
        }
    }

    pub(crate) fn models(&self) -> &ModelStore {
        &self.models
    }

    /// Adds models at the end of the upload order and returns them. Their ids must be new, and they must
    /// [fit](ModelStore::has_room_for).
    pub(crate) fn add_models(
        &mut self,
        models: impl IntoIterator<Item = (Arc<Value>, Arc<Interface>)>,
        uploaded: Timestamp,
    ) -> Vec<StoredModel> {
        let added: Vec<_> = models
            .into_iter()
            .map(|(document, interface)| self.models.add(document, interface, uploaded))
            .collect();
        self.note_models(added.iter().map(|model| Arc::clone(&model.interface.id)));
        added
    }

    pub(crate) fn set_decommissioned(&mut self, id: &str, decommissioned: bool) {
        self.models.set_decommissioned(id, decommissioned);
        self.note_models([Arc::from(id)]);
    }

    /// Removes a model. Twins that refer to it may remain.
    pub(crate) fn remove_model(&mut self, id: &str) {
        self.models.remove(id);
        self.note_models([Arc::from(id)]);
    }

    /// Removes all models. Twins that refer to them may remain.
    pub(crate) fn remove_models(&mut self) {
        let ids: Vec<_> = self.models.ids().cloned().collect();
        for id in &ids {
            self.models.remove(id);
        }
        self.note_models(ids);
    }

    /// Replaces all models. Called on the lagging graph, with the models of the current graph.
    pub(super) fn replace_models(&mut self, models: ModelStore) {
        self.models = models;
    }

    pub(crate) fn twin_count(&self) -> usize {
        self.twins.len()
    }

    /// Returns the end of the range of twin slots.
    pub(crate) fn twin_end(&self) -> Slot {
        self.twins.end()
    }

    pub(crate) fn find(&self, id: &str) -> Option<Slot> {
        self.by_id.get(id).copied()
    }

    pub(crate) fn find_twin(&self, id: &str) -> Option<&Arc<Twin>> {
        self.twin(self.find(id)?)
    }

    pub(crate) fn find_node(&self, id: &str) -> Option<(Slot, &Node)> {
        let slot = self.find(id)?;
        Some((slot, self.node(slot)?))
    }

    pub(crate) fn node(&self, slot: Slot) -> Option<&Node> {
        self.twins.get(slot)
    }

    pub(crate) fn twin(&self, slot: Slot) -> Option<&Arc<Twin>> {
        self.twins.get(slot).map(|node| &node.twin)
    }

    /// Returns the slots of the twins that have exactly this model, not one that inherits from it.
    pub(crate) fn twins_of_model(&self, model: &str) -> Option<&BTreeSet<Slot>> {
        self.by_model.get(model)
    }

    /// Inserts a twin, or replaces the twin with the same id.
    pub(crate) fn put_twin(&mut self, twin: Arc<Twin>) {
        self.note(|| GraphChange::TwinStored(Arc::clone(&twin)));
        if let Some(changed) = &mut self.changed {
            changed.note_twin(&twin.id);
        }
        let slot = match self.find(&twin.id) {
            Some(slot) => {
                let before = std::mem::replace(&mut self.node_mut(slot).twin, Arc::clone(&twin));
                self.twin_values
                    .remove(slot, |path| IndexedScalar::in_twin(&before, path));
                self.twin_values
                    .add(slot, |path| IndexedScalar::in_twin(&twin, path));
                if before.model == twin.model {
                    return;
                }
                remove_from(&mut self.by_model, &before.model, slot);
                slot
            }
            None => {
                let slot = self.twins.insert(Node {
                    twin: Arc::clone(&twin),
                    outgoing: Vec::new(),
                    incoming: Vec::new(),
                });
                self.by_id.insert(Arc::clone(&twin.id), slot);
                self.twin_values
                    .add(slot, |path| IndexedScalar::in_twin(&twin, path));
                slot
            }
        };
        self.by_model
            .entry(Arc::clone(&twin.model))
            .or_default()
            .insert(slot);
    }

    /// Removes a twin, which must have no relationships.
    pub(crate) fn remove_twin(&mut self, slot: Slot) -> Option<Arc<Twin>> {
        let node = self.twins.remove(slot)?;
        self.note(|| GraphChange::TwinRemoved(Arc::clone(&node.twin.id)));
        if let Some(changed) = &mut self.changed {
            changed.note_twin(&node.twin.id);
        }
        self.by_id.remove(&node.twin.id);
        self.twin_values
            .remove(slot, |path| IndexedScalar::in_twin(&node.twin, path));
        remove_from(&mut self.by_model, &node.twin.model, slot);
        Some(node.twin)
    }

    #[expect(
        clippy::expect_used,
        reason = "slots of stored relationships and of `by_id` are in use"
    )]
    fn node_mut(&mut self, slot: Slot) -> &mut Node {
        self.twins.get_mut(slot).expect("the slot holds a twin")
    }

    /// Starts recording the keys of changes, for [`take_changed_keys`](Self::take_changed_keys).
    pub(crate) fn record_changed_keys(&mut self) {
        self.changed.get_or_insert_default();
    }

    /// Returns the keys that have changed since the last call.
    pub(crate) fn take_changed_keys(&mut self) -> ChangedKeys {
        // Without a journal no keys are recorded.
        self.changed.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Prepares this graph to replace `other`. If `other` records changes, this graph does, too, and reports its
    /// whole content as changed.
    pub(super) fn continue_recording_of(&mut self, other: &Graph) {
        self.changed = other.changed.is_some().then(ChangedKeys::of_replacement);
    }

    pub(super) fn start_history(&mut self, clock: &Clock) {
        self.history = Some(History::new(clock.clone()));
    }

    pub(super) fn stop_history(&mut self) {
        self.history = None;
    }

    /// Removes and returns the changes in the history that are at least `lag` old.
    #[expect(
        clippy::expect_used,
        reason = "a lagging graph and a history are created and dropped together"
    )]
    pub(super) fn take_history(&mut self, lag: Duration) -> Vec<GraphChange> {
        let history = self.history.as_mut();
        history.expect("there is a history while queries lag").take(lag)
    }

    fn note(&mut self, change: impl FnOnce() -> GraphChange) {
        if let Some(history) = &mut self.history {
            history.push(change());
        }
    }

    fn note_models(&mut self, ids: impl IntoIterator<Item = Arc<str>>) {
        if let Some(history) = &mut self.history {
            history.push(GraphChange::ModelsChanged(Box::new(self.models.clone())));
        }
        if let Some(changed) = &mut self.changed {
            changed.note_models(ids);
        }
    }
}

/// Removes a slot from an index entry, and removes the entry if that was its last slot.
fn remove_from(index: &mut HashMap<Arc<str>, BTreeSet<Slot>>, key: &str, slot: Slot) {
    if let Some(slots) = index.get_mut(key) {
        slots.remove(&slot);
        if slots.is_empty() {
            index.remove(key);
        }
    }
}
