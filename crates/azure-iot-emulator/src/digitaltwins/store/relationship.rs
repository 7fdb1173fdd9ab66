//! Records of relationships, and their JSON.

use std::sync::Arc;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};

use crate::digitaltwins::store::etag::ETag;
use crate::digitaltwins::store::slab::Slot;
use crate::digitaltwins::store::twin::Twin;

/// A twin and its relationships.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) twin: Arc<Twin>,
    /// Outgoing relationships, sorted by relationship id in ordinal order, as lists return them.
    pub(crate) outgoing: Vec<Slot>,
    /// Incoming relationships, sorted by relationship id, then source id.
    pub(crate) incoming: Vec<Slot>,
}

/// The record of a relationship.
#[derive(Debug, Clone)]
pub(crate) struct Relationship {
    pub(crate) id: Arc<str>,
    pub(crate) name: Arc<str>,
    pub(crate) source: Slot,
    pub(crate) source_id: Arc<str>,
    pub(crate) target: Slot,
    pub(crate) target_id: Arc<str>,
    pub(crate) etag: ETag,
    /// The properties. `None` instead of an empty map saves memory.
    pub(crate) properties: Option<Box<Map<String, Value>>>,
}

impl Relationship {
    pub(crate) fn property(&self, name: &str) -> Option<&Value> {
        self.properties.as_deref()?.get(name)
    }

    /// Returns whether this is a later version of `earlier`, with the same ids, name and twin slots. Only
    /// properties may differ.
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
