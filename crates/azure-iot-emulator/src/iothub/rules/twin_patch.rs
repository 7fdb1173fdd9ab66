//! Writes to twins: merge patches and replacements, and their validation.

use serde_json::{Map, Value};

use crate::iothub::errors::{HubError, Result};
use crate::iothub::rules::limits;
use crate::iothub::store::timestamp::Timestamp;
use crate::iothub::store::twin::{Metadata, Section, Stamp, Twin};

/// The body of a twin PATCH or PUT.
#[derive(Debug, Default)]
pub(crate) struct TwinChange {
    tags: Option<SectionChange>,
    desired: Option<SectionChange>,
}

/// A change of one section.
#[derive(Debug)]
enum SectionChange {
    Merge(Map<String, Value>),
    Clear,
}

impl TwinChange {
    /// Parses a request body. Read-only members, such as reported properties, are ignored, because clients send complete
    /// twins.
    pub(crate) fn parse(body: &[u8]) -> Result<Self> {
        let body: Value = serde_json::from_slice(body).map_err(|error| HubError::format(&error))?;
        let Value::Object(mut body) = body else {
            return Err(HubError::argument("The twin must be a JSON object."));
        };
        Self::new(body.remove("tags"), body.remove("properties"))
    }

    /// Creates a change from the `tags` and `properties` of a twin.
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

fn section_change(name: &str, value: Option<Value>) -> Result<Option<SectionChange>> {
    match value {
        None => Ok(None),
        Some(Value::Null) => Ok(Some(SectionChange::Clear)),
        Some(Value::Object(mut values)) => {
            for read_only in ["$metadata", "$version"] {
                values.shift_remove(read_only);
            }
            limits::check_values(name, &values)?;
            Ok(Some(SectionChange::Merge(values)))
        }
        Some(_) => Err(HubError::argument(format!("'{name}' must be a JSON object."))),
    }
}

impl Twin {
    /// Applies a merge patch. On an error the twin is unchanged.
    pub(crate) fn patch(&mut self, change: TwinChange, now: Timestamp) -> Result<()> {
        if change.is_empty() {
            return Ok(());
        }
        let tags = match change.tags {
            None => None,
            Some(SectionChange::Clear) => Some(Map::new()),
            Some(SectionChange::Merge(patch)) => {
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

    /// Replaces tags and desired properties. On an error the twin is unchanged.
    pub(crate) fn replace(&mut self, change: TwinChange, now: Timestamp) -> Result<()> {
        let mut tags = Map::new();
        if let Some(SectionChange::Merge(values)) = change.tags {
            merge(&mut tags, values);
            limits::check_size("tags", &tags, limits::TAGS_SIZE)?;
        }
        let empty = Section {
            version: self.desired.version,
            ..Section::new(now)
        };
        let desired = empty.changed(change.desired.unwrap_or(SectionChange::Clear), now, true)?;
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

    /// Applies the device's merge patch of reported properties, which does not change the ETag.
    pub(crate) fn report(&mut self, patch: Map<String, Value>, now: Timestamp) -> Result<()> {
        limits::check_values("properties.reported", &patch)?;
        self.reported = self.reported.changed(SectionChange::Merge(patch), now, false)?;
        self.version += 1;
        Ok(())
    }
}

impl Section {
    /// Returns the section after a change. If `desired`, its metadata has the new version.
    fn changed(&self, change: SectionChange, now: Timestamp, desired: bool) -> Result<Self> {
        let version = self.version + 1;
        let stamp = Stamp {
            updated: now,
            version: desired.then_some(version),
        };
        match change {
            SectionChange::Clear => Ok(Self {
                values: Map::new(),
                version,
                metadata: Metadata::new(stamp),
            }),
            SectionChange::Merge(patch) => {
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

/// Applies a merge patch (RFC 7386).
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

/// Applies a merge patch (RFC 7386) and stamps the metadata of the properties in it.
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

/// Removes and returns the object at `key`; returns an empty one if there is no object.
fn take_object(target: &mut Map<String, Value>, key: &str) -> Map<String, Value> {
    match target.get_mut(key) {
        Some(Value::Object(inner)) => std::mem::take(inner),
        _ => Map::new(),
    }
}
