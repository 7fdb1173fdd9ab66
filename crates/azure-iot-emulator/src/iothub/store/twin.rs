//! Records of twins: tags, desired and reported properties, and their metadata.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::timestamp::Timestamp;

/// The twin of a device or module.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Twin {
    /// The number encoded in the ETag. Writes of tags and desired properties increment it.
    pub(crate) etag: u64,
    /// The version, which every write increments.
    pub(crate) version: u64,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub(crate) tags: Map<String, Value>,
    pub(crate) desired: Section,
    pub(crate) reported: Section,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) model_id: Option<String>,
}

/// Desired or reported properties.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Section {
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub(crate) values: Map<String, Value>,
    /// `$version`.
    pub(crate) version: u64,
    /// `$metadata`.
    pub(crate) metadata: Metadata,
}

/// The time of the last write of a property. An object also has metadata per member.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Metadata {
    pub(crate) updated: Timestamp,
    /// The `$version` after the write. Absent for reported properties, and for desired properties that were never
    /// written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<u64>,
    /// The configuration that wrote the value, if any. Only the members of an object have it, not the object
    /// itself. Boxed, because most values have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) author: Option<Box<Author>>,
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub(crate) members: IndexMap<String, Metadata>,
}

/// The configuration that wrote a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Author {
    pub(crate) configuration: String,
    /// The time of the configuration's last write in .NET ticks.
    pub(crate) digest: String,
}

/// The metadata that a write sets on each property.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stamp {
    pub(crate) updated: Timestamp,
    pub(crate) version: Option<u64>,
}

impl Metadata {
    pub(crate) fn new(stamp: Stamp) -> Self {
        Self {
            updated: stamp.updated,
            version: stamp.version,
            author: None,
            members: IndexMap::new(),
        }
    }

    pub(crate) fn mark(&mut self, stamp: Stamp) {
        self.updated = stamp.updated;
        self.version = stamp.version;
        self.author = None;
    }
}

impl Section {
    pub(crate) fn new(now: Timestamp) -> Self {
        Self {
            values: Map::new(),
            version: 1,
            metadata: Metadata::new(Stamp {
                updated: now,
                version: None,
            }),
        }
    }
}

impl Twin {
    pub(crate) fn new(now: Timestamp) -> Self {
        Self {
            etag: 1,
            version: 2,
            tags: Map::new(),
            desired: Section::new(now),
            reported: Section::new(now),
            model_id: None,
        }
    }
}
