//! The store: models, twins and relationships with the indexes that answers need. No rules of the service here.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::digitaltwins::rules::precondition::ETag;
use crate::digitaltwins::state::Changed;
use crate::digitaltwins::store::lagging::{Change, History};
use crate::digitaltwins::store::model_store::ModelStore;
use crate::digitaltwins::store::property_index::{Building, Pin, PropertyIndexes, Sorted};
use crate::digitaltwins::store::slab::{Slab, Slot};
use crate::digitaltwins::store::twin::Twin;
use crate::digitaltwins::store::value::IndexedScalar;

/// Everything that one instance holds.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    generation: Generation,
    pub(crate) models: ModelStore,
    twins: Slab<Node>,
    by_id: HashMap<Arc<str>, Slot>,
    by_model: HashMap<Arc<str>, BTreeSet<Slot>>,
    relationships: Slab<Arc<Relationship>>,
    by_name: HashMap<Arc<str>, BTreeSet<Slot>>,
    twin_values: PropertyIndexes,
    relationship_values: PropertyIndexes,
    /// Kept while queries lag behind.
    pub(crate) history: Option<History>,
    /// Kept while a journal is.
    pub(crate) changed: Option<Changed>,
}

/// Tells a graph from every other one: places and hashes of one mean nothing in another.
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

/// Names an index by what it is about and the path of the values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum IndexName {
    Twins(Vec<String>),
    Relationships(Vec<String>),
}

/// A twin and its relationships.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) twin: Arc<Twin>,
    /// By relationship id, in ordinal order: both the order of listings and the way to find one.
    pub(crate) outgoing: Vec<Slot>,
    /// By relationship id, then source id.
    pub(crate) incoming: Vec<Slot>,
}

/// A relationship as the store keeps it.
#[derive(Debug, Clone)]
pub(crate) struct Relationship {
    pub(crate) id: Arc<str>,
    pub(crate) name: Arc<str>,
    pub(crate) source: Slot,
    pub(crate) source_id: Arc<str>,
    pub(crate) target: Slot,
    pub(crate) target_id: Arc<str>,
    pub(crate) etag: ETag,
    /// None if there is not one, so that plain relationships stay small.
    pub(crate) properties: Option<Box<Map<String, Value>>>,
}

impl Relationship {
    pub(crate) fn property(&self, name: &str) -> Option<&Value> {
        self.properties.as_deref()?.get(name)
    }

    /// Whether it is the earlier one with other properties at most, between twins in the same places.
    pub(crate) fn continues(&self, earlier: &Self) -> bool {
        (self.source, self.target) == (earlier.source, earlier.target)
            && self.id == earlier.id
            && self.name == earlier.name
            && self.source_id == earlier.source_id
            && self.target_id == earlier.target_id
    }
}

impl Serialize for Relationship {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("$relationshipId", &*self.id)?;
        map.serialize_entry("$etag", &format_args!("{}", self.etag))?;
        map.serialize_entry("$sourceId", &*self.source_id)?;
        map.serialize_entry("$relationshipName", &*self.name)?;
        map.serialize_entry("$targetId", &*self.target_id)?;
        for (name, value) in self.properties.as_deref().into_iter().flatten() {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl Graph {
    pub(crate) fn generation(&self) -> Generation {
        self.generation
    }

    // Twins.

    pub(crate) fn twin_count(&self) -> usize {
        self.twins.len()
    }

    /// One past the last place in which a twin may be.
    pub(crate) fn twin_end(&self) -> Slot {
        self.twins.end()
    }

    pub(crate) fn find(&self, id: &str) -> Option<Slot> {
        self.by_id.get(id).copied()
    }

    pub(crate) fn node(&self, slot: Slot) -> Option<&Node> {
        self.twins.get(slot)
    }

    pub(crate) fn twin(&self, slot: Slot) -> Option<&Arc<Twin>> {
        self.twins.get(slot).map(|node| &node.twin)
    }

    /// The places of the twins that have exactly this model.
    pub(crate) fn twins_of_model(&self, model: &str) -> Option<&BTreeSet<Slot>> {
        self.by_model.get(model)
    }

    /// Stores a twin under its id: a new one, or in place of the one that has the id.
    pub(crate) fn put_twin(&mut self, twin: Arc<Twin>) {
        self.note(|| Change::Twin(Arc::clone(&twin)));
        if let Some(changed) = &mut self.changed {
            changed.twin(&twin.id);
        }
        let slot = match self.find(&twin.id) {
            Some(slot) => {
                let Some(node) = self.twins.get_mut(slot) else {
                    return;
                };
                let before = std::mem::replace(&mut node.twin, Arc::clone(&twin));
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
                let node = Node {
                    twin: Arc::clone(&twin),
                    outgoing: Vec::new(),
                    incoming: Vec::new(),
                };
                // Four billion twins do not fit in memory; the limit of the instance comes long before.
                let Ok(slot) = self.twins.insert(node) else { return };
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

    /// Takes a twin out; its relationships must be gone.
    pub(crate) fn remove_twin(&mut self, slot: Slot) -> Option<Arc<Twin>> {
        let node = self.twins.remove(slot)?;
        self.note(|| Change::TwinGone(Arc::clone(&node.twin.id)));
        if let Some(changed) = &mut self.changed {
            changed.twin(&node.twin.id);
        }
        self.by_id.remove(&node.twin.id);
        self.twin_values
            .remove(slot, |path| IndexedScalar::in_twin(&node.twin, path));
        remove_from(&mut self.by_model, &node.twin.model, slot);
        Some(node.twin)
    }

    /// Takes all models out; twins of them may stay.
    pub(crate) fn remove_models(&mut self) {
        let ids: Vec<_> = self.models.ids().cloned().collect();
        for id in &ids {
            self.models.remove(id);
        }
        self.models_changed(ids);
    }

    /// To be called after every change of the models, with the ids of those that were changed.
    pub(crate) fn models_changed(&mut self, ids: impl IntoIterator<Item = Arc<str>>) {
        if let Some(history) = &mut self.history {
            history.note(Change::Models(Box::new(self.models.clone())));
        }
        if let Some(changed) = &mut self.changed {
            changed.models(ids);
        }
    }

    fn note(&mut self, change: impl FnOnce() -> Change) {
        if let Some(history) = &mut self.history {
            history.note(change());
        }
    }

    // Relationships.

    pub(crate) fn relationship_count(&self) -> usize {
        self.relationships.len()
    }

    pub(crate) fn relationship_end(&self) -> Slot {
        self.relationships.end()
    }

    pub(crate) fn relationship(&self, slot: Slot) -> Option<&Arc<Relationship>> {
        self.relationships.get(slot)
    }

    /// The places of the relationships that have this name.
    pub(crate) fn relationships_named(&self, name: &str) -> Option<&BTreeSet<Slot>> {
        self.by_name.get(name)
    }

    pub(crate) fn find_relationship(&self, source: Slot, id: &str) -> Option<Slot> {
        let outgoing = &self.twins.get(source)?.outgoing;
        let at = self.outgoing_position(outgoing, id).ok()?;
        outgoing.get(at).copied()
    }

    /// Where in a list of outgoing relationships the id is, or would be.
    pub(crate) fn outgoing_position(&self, outgoing: &[Slot], id: &str) -> Result<usize, usize> {
        outgoing.binary_search_by(|slot| {
            self.relationships
                .get(*slot)
                .map_or("", |other| &other.id)
                .cmp(id)
        })
    }

    /// Where in a list of incoming relationships the id and source are, or would be.
    pub(crate) fn incoming_position(
        &self,
        incoming: &[Slot],
        id: &str,
        source: &str,
    ) -> Result<usize, usize> {
        incoming.binary_search_by(|slot| {
            let key = self
                .relationships
                .get(*slot)
                .map_or(("", ""), |other| (&other.id, &other.source_id));
            key.cmp(&(id, source))
        })
    }

    /// Stores a relationship in place of the one with the same source and id, if there is one.
    pub(crate) fn put_relationship(&mut self, relationship: Arc<Relationship>) {
        self.note(|| Change::Relationship(Arc::clone(&relationship)));
        if let Some(changed) = &mut self.changed {
            changed.relationship(&relationship);
        }
        let source = relationship.source;
        if let Some(slot) = self.find_relationship(source, &relationship.id) {
            let same_ends = self.relationships.get(slot).is_some_and(|before| {
                before.target == relationship.target && before.name == relationship.name
            });
            if let (true, Some(place)) = (same_ends, self.relationships.get_mut(slot)) {
                let before = std::mem::replace(place, Arc::clone(&relationship));
                self.relationship_values
                    .remove(slot, |path| IndexedScalar::in_relationship(&before, path));
                self.relationship_values
                    .add(slot, |path| IndexedScalar::in_relationship(&relationship, path));
                return;
            }
            self.take_relationship(slot);
        }
        let (id, target, name) = (
            Arc::clone(&relationship.id),
            relationship.target,
            Arc::clone(&relationship.name),
        );
        let source_id = Arc::clone(&relationship.source_id);
        let stored = Arc::clone(&relationship);
        let Ok(slot) = self.relationships.insert(relationship) else {
            return;
        };
        self.relationship_values
            .add(slot, |path| IndexedScalar::in_relationship(&stored, path));
        if let Some(node) = self.twins.get(source) {
            let at = self
                .outgoing_position(&node.outgoing, &id)
                .unwrap_or_else(|at| at);
            if let Some(node) = self.twins.get_mut(source) {
                node.outgoing.insert(at, slot);
            }
        }
        if let Some(node) = self.twins.get(target) {
            let at = self
                .incoming_position(&node.incoming, &id, &source_id)
                .unwrap_or_else(|at| at);
            if let Some(node) = self.twins.get_mut(target) {
                node.incoming.insert(at, slot);
            }
        }
        self.by_name.entry(name).or_default().insert(slot);
    }

    pub(crate) fn remove_relationship(&mut self, slot: Slot) -> Option<Arc<Relationship>> {
        let relationship = self.take_relationship(slot)?;
        self.note(|| Change::RelationshipGone(Arc::clone(&relationship)));
        if let Some(changed) = &mut self.changed {
            changed.relationship(&relationship);
        }
        Some(relationship)
    }

    fn take_relationship(&mut self, slot: Slot) -> Option<Arc<Relationship>> {
        let relationship = Arc::clone(self.relationships.get(slot)?);
        // The positions are searched while the relationship is still there to compare with.
        if let Some(node) = self.twins.get(relationship.source)
            && let Ok(at) = self.outgoing_position(&node.outgoing, &relationship.id)
            && let Some(node) = self.twins.get_mut(relationship.source)
        {
            node.outgoing.remove(at);
        }
        if let Some(node) = self.twins.get(relationship.target)
            && let Ok(at) = self.incoming_position(&node.incoming, &relationship.id, &relationship.source_id)
            && let Some(node) = self.twins.get_mut(relationship.target)
        {
            node.incoming.remove(at);
        }
        remove_from(&mut self.by_name, &relationship.name, slot);
        self.relationship_values
            .remove(slot, |path| IndexedScalar::in_relationship(&relationship, path));
        self.relationships.remove(slot)
    }

    // Values.

    pub(crate) fn twin_values(&self) -> &PropertyIndexes {
        &self.twin_values
    }

    pub(crate) fn relationship_values(&self) -> &PropertyIndexes {
        &self.relationship_values
    }

    pub(crate) fn has_index(&self, name: &IndexName) -> bool {
        match name {
            IndexName::Twins(path) => self.twin_values.covers(path, self.twin_end()),
            IndexName::Relationships(path) => self.relationship_values.covers(path, self.relationship_end()),
        }
    }

    /// Goes on to make an index for up to `chunk` places.
    pub(crate) fn build_index(&mut self, name: &IndexName, chunk: Slot) -> Building {
        let (twins, relationships) = (&self.twins, &self.relationships);
        match name {
            IndexName::Twins(path) => self.twin_values.build(path, twins.end(), chunk, |slot| {
                IndexedScalar::in_twin(&twins.get(slot)?.twin, path)
            }),
            IndexName::Relationships(path) => {
                let end = relationships.end();
                self.relationship_values.build(path, end, chunk, |slot| {
                    IndexedScalar::in_relationship(relationships.get(slot)?, path)
                })
            }
        }
    }

    /// Puts the entries of an index back that [`build_index`](Self::build_index) gave.
    pub(crate) fn put_index_back(&mut self, name: &IndexName, sorted: Sorted) -> Pin {
        match name {
            IndexName::Twins(path) => self.twin_values.put_back(path, sorted),
            IndexName::Relationships(path) => self.relationship_values.put_back(path, sorted),
        }
    }
}

/// Takes a place out of an index and the entry with it when it was the last.
fn remove_from(index: &mut HashMap<Arc<str>, BTreeSet<Slot>>, key: &str, slot: Slot) {
    if let Some(slots) = index.get_mut(key) {
        slots.remove(&slot);
        if slots.is_empty() {
            index.remove(key);
        }
    }
}
