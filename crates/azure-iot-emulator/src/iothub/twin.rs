//! Twins: tags, desired and reported properties, and the bookkeeping of when what was written.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::errors::{HubError, Result};
use super::limits;
use super::timestamp::Timestamp;

/// The twin of a device or module.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Twin {
    /// The number inside the entity tag; moves with tags and desired properties only.
    pub(crate) etag: u64,
    /// Moves with every write.
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

/// When a property was written, and of an object's members each the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Metadata {
    pub(crate) updated: Timestamp,
    /// The `$version` that the write led to. Reported properties, and desired ones that were never written, have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<u64>,
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub(crate) members: IndexMap<String, Metadata>,
}

/// The mark that a write leaves in the metadata.
#[derive(Debug, Clone, Copy)]
struct Stamp {
    updated: Timestamp,
    version: Option<u64>,
}

impl Metadata {
    fn new(stamp: Stamp) -> Self {
        Self {
            updated: stamp.updated,
            version: stamp.version,
            members: IndexMap::new(),
        }
    }

    fn mark(&mut self, stamp: Stamp) {
        self.updated = stamp.updated;
        self.version = stamp.version;
    }
}

impl Section {
    fn new(now: Timestamp) -> Self {
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

/// What a PATCH or PUT wants to write.
#[derive(Debug, Default)]
pub(crate) struct TwinChange {
    tags: Option<Change>,
    desired: Option<Change>,
}

/// A change of one section.
#[derive(Debug)]
enum Change {
    Merge(Map<String, Value>),
    Clear,
}

impl TwinChange {
    /// Reads a request body. Members that callers can't write, such as reported properties, are ignored, since
    /// clients send back whole twins.
    pub(crate) fn parse(body: &[u8]) -> Result<Self> {
        let body: Value = serde_json::from_slice(body).map_err(|error| HubError::format(&error))?;
        let Value::Object(mut body) = body else {
            return Err(HubError::argument("The twin must be a JSON object."));
        };
        Self::new(body.remove("tags"), body.remove("properties"))
    }

    /// A change by the members of a twin.
    pub(crate) fn new(tags: Option<Value>, properties: Option<Value>) -> Result<Self> {
        let tags = section_change("tags", tags)?;
        let desired = match properties {
            None | Some(Value::Null) => None,
            Some(Value::Object(mut properties)) => {
                section_change("properties.desired", properties.remove("desired"))?
            }
            Some(_) => return Err(HubError::argument("'properties' must be a JSON object.")),
        };
        Ok(Self { tags, desired })
    }

    fn is_empty(&self) -> bool {
        self.tags.is_none() && self.desired.is_none()
    }
}

fn section_change(name: &str, value: Option<Value>) -> Result<Option<Change>> {
    match value {
        None => Ok(None),
        Some(Value::Null) => Ok(Some(Change::Clear)),
        Some(Value::Object(mut values)) => {
            for read_only in ["$metadata", "$version"] {
                values.shift_remove(read_only);
            }
            limits::check_values(name, &values)?;
            Ok(Some(Change::Merge(values)))
        }
        Some(_) => Err(HubError::argument(format!("'{name}' must be a JSON object."))),
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

    /// Applies a merge patch; on an error nothing has changed.
    pub(crate) fn patch(&mut self, change: TwinChange, now: Timestamp) -> Result<()> {
        if change.is_empty() {
            return Ok(());
        }
        let tags = match change.tags {
            None => None,
            Some(Change::Clear) => Some(Map::new()),
            Some(Change::Merge(patch)) => {
                let mut tags = self.tags.clone();
                merge(&mut tags, patch);
                limits::check_size("tags", &tags, limits::TAGS_SIZE)?;
                Some(tags)
            }
        };
        let desired = match change.desired {
            None => None,
            Some(change) => Some(self.desired.changed(change, now, true)?),
        };
        self.commit(tags, desired);
        Ok(())
    }

    /// Replaces tags and desired properties; on an error nothing has changed.
    pub(crate) fn replace(&mut self, change: TwinChange, now: Timestamp) -> Result<()> {
        let mut tags = Map::new();
        if let Some(Change::Merge(values)) = change.tags {
            merge(&mut tags, values);
            limits::check_size("tags", &tags, limits::TAGS_SIZE)?;
        }
        let empty = Section {
            version: self.desired.version,
            ..Section::new(now)
        };
        let desired = empty.changed(change.desired.unwrap_or(Change::Clear), now, true)?;
        self.commit(Some(tags), Some(desired));
        Ok(())
    }

    fn commit(&mut self, tags: Option<Map<String, Value>>, desired: Option<Section>) {
        if let Some(tags) = tags {
            self.tags = tags;
        }
        if let Some(desired) = desired {
            self.desired = desired;
        }
        self.etag += 1;
        self.version += 1;
    }

    /// What the device side writes: a merge patch of reported properties, which leaves the entity tag alone.
    pub(crate) fn report(&mut self, patch: Map<String, Value>, now: Timestamp) -> Result<()> {
        limits::check_values("properties.reported", &patch)?;
        self.reported = self.reported.changed(Change::Merge(patch), now, false)?;
        self.version += 1;
        Ok(())
    }
}

impl Section {
    /// This section after a change. `desired` ones are marked with the version that the change leads to.
    fn changed(&self, change: Change, now: Timestamp, desired: bool) -> Result<Self> {
        let version = self.version + 1;
        let stamp = Stamp {
            updated: now,
            version: desired.then_some(version),
        };
        match change {
            Change::Clear => Ok(Self {
                values: Map::new(),
                version,
                metadata: Metadata::new(stamp),
            }),
            Change::Merge(patch) => {
                let mut changed = Self {
                    version,
                    ..self.clone()
                };
                merge_marked(&mut changed.values, &mut changed.metadata, patch, stamp);
                let name = if desired {
                    "properties.desired"
                } else {
                    "properties.reported"
                };
                limits::check_size(name, &changed.values, limits::PROPERTIES_SIZE)?;
                Ok(changed)
            }
        }
    }
}

/// RFC 7386.
fn merge(target: &mut Map<String, Value>, patch: Map<String, Value>) {
    for (key, value) in patch {
        match value {
            Value::Null => {
                target.shift_remove(&key);
            }
            Value::Object(patch) => {
                let mut inner = take_object(target, &key);
                merge(&mut inner, patch);
                target.insert(key, Value::Object(inner));
            }
            value => {
                target.insert(key, value);
            }
        }
    }
}

/// RFC 7386, marking what the patch names.
fn merge_marked(
    target: &mut Map<String, Value>,
    metadata: &mut Metadata,
    patch: Map<String, Value>,
    stamp: Stamp,
) {
    metadata.mark(stamp);
    for (key, value) in patch {
        match value {
            Value::Null => {
                target.shift_remove(&key);
                metadata.members.shift_remove(&key);
            }
            Value::Object(patch) => {
                let was_object = target.get(&key).is_some_and(Value::is_object);
                let member = metadata
                    .members
                    .entry(key.clone())
                    .or_insert_with(|| Metadata::new(stamp));
                if !was_object {
                    member.members.clear();
                }
                let mut inner = take_object(target, &key);
                merge_marked(&mut inner, member, patch, stamp);
                target.insert(key, Value::Object(inner));
            }
            value => {
                metadata.members.insert(key.clone(), Metadata::new(stamp));
                target.insert(key, value);
            }
        }
    }
}

/// The object at `key`, leaving an empty one in its place; an empty one if something else or nothing is there.
fn take_object(target: &mut Map<String, Value>, key: &str) -> Map<String, Value> {
    match target.get_mut(key) {
        Some(Value::Object(inner)) => std::mem::take(inner),
        _ => Map::new(),
    }
}
