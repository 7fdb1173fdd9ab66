//! The models of an instance.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

use crate::digitaltwins::store::interface::{Interface, split_version};
use crate::digitaltwins::store::timestamp::Timestamp;

/// Upper limit (exclusive) of sequence numbers. Every JSON parser represents smaller integers exactly.
pub(crate) const SEQUENCE_END: u64 = 1 << 53;

/// A model as uploaded, with its metadata.
#[derive(Debug, Clone)]
pub(crate) struct StoredModel {
    pub(crate) document: Arc<Value>,
    pub(crate) uploaded: Timestamp,
    /// Position in upload order, below [`SEQUENCE_END`] and never reused.
    pub(crate) sequence: u64,
    pub(crate) decommissioned: bool,
    pub(crate) interface: Arc<Interface>,
}

/// Models by id and in upload order.
#[derive(Debug, Clone, Default)]
pub(crate) struct ModelStore {
    by_id: HashMap<Arc<str>, StoredModel>,
    by_sequence: BTreeMap<u64, Arc<str>>,
    next_sequence: u64,
}

impl ModelStore {
    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    pub(crate) fn get(&self, id: &str) -> Option<&StoredModel> {
        self.by_id.get(id)
    }

    pub(crate) fn interface(&self, id: &str) -> Option<&Arc<Interface>> {
        self.by_id.get(id).map(|model| &model.interface)
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = &Arc<str>> {
        self.by_sequence.values()
    }

    /// Returns whether sequence numbers remain for `count` more models.
    pub(crate) fn has_room_for(&self, count: usize) -> bool {
        let left = SEQUENCE_END.saturating_sub(self.next_sequence);
        u64::try_from(count).is_ok_and(|count| count <= left)
    }

    /// Adds a model with the next sequence number. The id must be new, and there must be [room](Self::has_room_for).
    pub(super) fn add(
        &mut self,
        document: Arc<Value>,
        interface: Arc<Interface>,
        uploaded: Timestamp,
    ) -> StoredModel {
        let model = StoredModel {
            document,
            uploaded,
            sequence: self.next_sequence,
            decommissioned: false,
            interface,
        };
        self.restore(model.clone());
        model
    }

    /// Adds a model with its own sequence number. Both the id and the number must be new.
    pub(crate) fn restore(&mut self, model: StoredModel) {
        let id = Arc::clone(&model.interface.id);
        self.next_sequence = self.next_sequence.max(model.sequence + 1);
        self.by_sequence.insert(model.sequence, Arc::clone(&id));
        self.by_id.insert(id, model);
    }

    /// Returns the sequence number of the next upload.
    pub(crate) fn next_sequence(&self) -> u64 {
        self.next_sequence
    }

    /// Skips the sequence numbers below `sequence`, which removed models have used.
    pub(crate) fn skip_to(&mut self, sequence: u64) {
        self.next_sequence = self.next_sequence.max(sequence);
    }

    pub(super) fn remove(&mut self, id: &str) {
        if let Some(model) = self.by_id.remove(id) {
            self.by_sequence.remove(&model.sequence);
        }
    }

    pub(super) fn set_decommissioned(&mut self, id: &str, decommissioned: bool) {
        if let Some(model) = self.by_id.get_mut(id) {
            model.decommissioned = decommissioned;
        }
    }

    /// Returns the models in upload order, starting at a sequence number.
    pub(crate) fn uploaded_since(&self, first: u64) -> impl Iterator<Item = &StoredModel> {
        self.by_sequence
            .range(first..)
            .filter_map(|(_, id)| self.by_id.get(id))
    }

    /// Returns the other stored models that extend this model or have it as a component, in upload order.
    pub(crate) fn dependents(&self, id: &str) -> Vec<&StoredModel> {
        self.uploaded_since(0)
            .filter(|model| {
                *model.interface.id != *id && model.interface.requires.iter().any(|other| **other == *id)
            })
            .collect()
    }

    /// Adds a model and its transitive dependencies to `found`, or nothing if the model is not stored.
    pub(crate) fn with_dependencies<'a>(&'a self, id: &str, found: &mut HashSet<&'a str>) {
        let Some(model) = self.by_id.get(id) else { return };
        let mut open = vec![model];
        while let Some(model) = open.pop() {
            if found.insert(&model.interface.id) {
                open.extend(
                    model
                        .interface
                        .requires
                        .iter()
                        .filter_map(|id| self.by_id.get(id)),
                );
            }
        }
    }

    /// Returns the stored models whose twins `IS_OF_MODEL` accepts for `id`: the model, its later versions, and every
    /// model that inherits from one of these. With `exact`, returns only the model itself, stored or not.
    pub(crate) fn instances_of(&self, id: &str, exact: bool) -> HashSet<Arc<str>> {
        let mut models = HashSet::from([Arc::<str>::from(id)]);
        if exact {
            return models;
        }
        let (path, version) = split_version(id);
        let covers = |other: &str| {
            let (other_path, other_version) = split_version(other);
            other_path == path && other_version >= version
        };
        for model in self.by_id.values() {
            let interface = &model.interface;
            if covers(&interface.id) || interface.ancestors.iter().any(|ancestor| covers(ancestor)) {
                models.insert(Arc::clone(&interface.id));
            }
        }
        models
    }
}

/// A model, as the service serializes it.
#[derive(Debug, Clone)]
pub(crate) struct ModelJson<'a> {
    pub(crate) model: &'a StoredModel,
    pub(crate) with_definition: bool,
}

impl Serialize for ModelJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let model = self.model;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", &*model.interface.id)?;
        map.serialize_entry("description", &language_map(model.document.get("description")))?;
        map.serialize_entry("displayName", &language_map(model.document.get("displayName")))?;
        map.serialize_entry("decommissioned", &model.decommissioned)?;
        map.serialize_entry("uploadTime", &model.uploaded.with_offset())?;
        if self.with_definition {
            map.serialize_entry("model", &*model.document)?;
        }
        map.end()
    }
}

/// Converts a plain string to a map with the key `en`; a missing string gives an empty map.
fn language_map(text: Option<&Value>) -> Value {
    match text {
        Some(Value::Object(languages)) => Value::Object(languages.clone()),
        Some(Value::String(english)) => serde_json::json!({ "en": english }),
        _ => Value::Object(serde_json::Map::new()),
    }
}
