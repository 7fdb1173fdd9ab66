//! Items of bulk upserts.

use serde::Serialize;

use crate::error::{Error, Result};
use crate::json;
use crate::types::{BasicDigitalTwin, BasicRelationship, DigitalTwin, Relationship};

/// A twin or relationship to upsert.
///
/// # Example
///
/// ```
/// use digitaltwins_convenience::{DigitalTwin, GraphItem, Relationship};
///
/// let room = GraphItem::twin(&DigitalTwin::new("room-1", "dtmi:example:Room;1", ()))?;
/// let door = GraphItem::relationship(&Relationship::new("door", "room-1", "leadsTo", "room-2", ()))?;
/// # Ok::<(), digitaltwins_convenience::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum GraphItem {
    /// A twin.
    DigitalTwin(BasicDigitalTwin),
    /// A relationship. Its twins must exist or precede it in the stream.
    Relationship(BasicRelationship),
}

impl GraphItem {
    /// Creates an item from a typed twin.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](Error::is_invalid_input) if `twin` cannot be serialized as a JSON object.
    pub fn twin<T: Serialize>(twin: &DigitalTwin<T>) -> Result<Self> {
        let read = json::to_value(twin).and_then(serde_json::from_value);
        read.map(Self::DigitalTwin)
            .map_err(|error| Error::invalid_input("twin", error.to_string()))
    }

    /// Creates an item from a typed relationship.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](Error::is_invalid_input) if `relationship` cannot be serialized as a JSON object.
    pub fn relationship<T: Serialize>(relationship: &Relationship<T>) -> Result<Self> {
        let read = json::to_value(relationship).and_then(serde_json::from_value);
        read.map(Self::Relationship)
            .map_err(|error| Error::invalid_input("relationship", error.to_string()))
    }

    /// Returns the key of the resource that the item writes.
    pub(super) fn key(&self) -> Key {
        match self {
            Self::DigitalTwin(twin) => Key::Twin(twin.id.clone()),
            Self::Relationship(relationship) => {
                Key::Relationship(relationship.source_id.clone(), relationship.id.clone())
            }
        }
    }

    /// Returns the keys of the resources that must not be in flight when the item is sent, starting with the key of the
    /// item's own resource.
    pub(super) fn needs(&self) -> Vec<Key> {
        let mut keys = vec![self.key()];
        if let Self::Relationship(relationship) = self {
            keys.push(Key::Twin(relationship.source_id.clone()));
            keys.push(Key::Twin(relationship.target_id.clone()));
        }
        keys
    }
}

impl From<BasicDigitalTwin> for GraphItem {
    fn from(twin: BasicDigitalTwin) -> Self {
        Self::DigitalTwin(twin)
    }
}

impl From<BasicRelationship> for GraphItem {
    fn from(relationship: BasicRelationship) -> Self {
        Self::Relationship(relationship)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Key {
    Twin(String),
    Relationship(String, String),
}
