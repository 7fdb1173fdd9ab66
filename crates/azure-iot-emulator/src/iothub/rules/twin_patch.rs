//! Writes to twins: merge patches and replacements, and their validation.

use serde_json::{Map, Value};

use crate::iothub::errors::{HubError, Result};
use crate::iothub::rules::body;
use crate::iothub::rules::limits;
use crate::iothub::rules::limits::{Nulls, SectionName};
use crate::iothub::store::twin::{Metadata, Section, Stamp, Twin};
use crate::timestamp::Timestamp;

/// The members of a twin in a request. Members that cannot be written are ignored, because clients send twins back
/// as they received them.
const TWIN_MEMBERS: [&str; 22] = [
    "attributes",
    "authenticationType",
    "capabilities",
    "cloudToDeviceMessageCount",
    "configurations",
    "connectionState",
    "deviceEtag",
    "deviceId",
    "deviceScope",
    "etag",
    "lastActivityTime",
    "modelId",
    "moduleId",
    "parentScopes",
    "properties",
    "status",
    "statusReason",
    "statusUpdateTime",
    "statusUpdatedTime",
    "tags",
    "version",
    "x509Thumbprint",
];

/// The kind of a twin write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TwinWrite {
    /// PATCH: merges into the sections that the request contains.
    Merge,
    /// PUT: replaces tags and desired properties.
    Replace,
}

/// A write of tags and desired properties.
#[derive(Debug)]
pub(crate) struct TwinChange {
    write: TwinWrite,
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
    /// Parses the body of a PATCH or PUT.
    pub(crate) fn parse(body: &[u8], write: TwinWrite) -> Result<Self> {
        let body: Value = body::parse_any(body)?;
        let Value::Object(mut body) = body else {
            return Err(HubError::argument("The twin must be a JSON object."));
        };
        if let Some(unknown) = body.keys().find(|name| !is_member(name)) {
            return Err(HubError::argument(format!("A twin has no member \"{unknown}\".")));
        }
        let (tags, properties) = (
            take_member(&mut body, "tags")?,
            take_member(&mut body, "properties")?,
        );
        Self::with_sections(write, tags, properties)
    }

    /// Creates a merge of the `tags` and `properties` of a twin.
    pub(crate) fn new(tags: Option<Value>, properties: Option<Value>) -> Result<Self> {
        Self::with_sections(TwinWrite::Merge, tags, properties)
    }

    fn with_sections(write: TwinWrite, tags: Option<Value>, properties: Option<Value>) -> Result<Self> {
        let tags = section_change(write, "tags", tags)?;
        let desired = match properties {
            None | Some(Value::Null) => None,
            Some(Value::Object(mut properties)) => section_change(
                write,
                "properties.desired",
                take_member(&mut properties, "desired")?,
            )?,
            Some(_) => return Err(HubError::argument("'properties' must be a JSON object.")),
        };
        Ok(Self { write, tags, desired })
    }

    fn is_empty(&self) -> bool {
        self.tags.is_none() && self.desired.is_none()
    }
}

fn is_member(name: &str) -> bool {
    TWIN_MEMBERS
        .iter()
        .any(|member| member.eq_ignore_ascii_case(name))
}

/// Removes and returns the member with this case-insensitive name.
fn take_member(object: &mut Map<String, Value>, name: &str) -> Result<Option<Value>> {
    let mut spellings = object
        .keys()
        .filter(|key| key.eq_ignore_ascii_case(name))
        .cloned();
    match (spellings.next(), spellings.next()) {
        (Some(first), Some(second)) => Err(HubError::argument(format!(
            "The twin has both \"{first}\" and \"{second}\"."
        ))),
        (Some(only), None) => Ok(object.shift_remove(&only)),
        (None, _) => Ok(None),
    }
}

fn section_change(write: TwinWrite, name: &str, value: Option<Value>) -> Result<Option<SectionChange>> {
    match value {
        None => Ok(None),
        Some(Value::Null) => Ok(Some(SectionChange::Clear)),
        Some(Value::Object(mut values)) => {
            for read_only in ["$metadata", "$version"] {
                values.shift_remove(read_only);
            }
            let nulls = match write {
                TwinWrite::Merge => Nulls::Remove,
                TwinWrite::Replace => Nulls::Refuse,
            };
            limits::check_values(&values, nulls)?;
            Ok(Some(SectionChange::Merge(values)))
        }
        Some(_) => Err(HubError::argument(format!("'{name}' must be a JSON object."))),
    }
}

impl Twin {
    /// Applies a change. If there is an error, the twin is unchanged.
    pub(crate) fn apply(&mut self, change: TwinChange, now: Timestamp) -> Result<()> {
        match change.write {
            TwinWrite::Merge => self.merge(change, now),
            TwinWrite::Replace => self.replace(change, now),
        }
    }

    fn merge(&mut self, change: TwinChange, now: Timestamp) -> Result<()> {
        if change.is_empty() {
            return Ok(());
        }
        let tags = match change.tags {
            None => None,
            Some(SectionChange::Clear) => Some(Map::new()),
            Some(SectionChange::Merge(patch)) => {
                let mut tags = self.tags.clone();
                merge(&mut tags, patch);
                limits::check_size(SectionName::Tags, &tags)?;
                Some(tags)
            }
        };
        let desired = match change.desired {
            None => None,
            Some(change) => Some(self.desired.changed(change, now, SectionName::Desired)?),
        };
        self.commit(tags, desired);
        Ok(())
    }

    fn replace(&mut self, change: TwinChange, now: Timestamp) -> Result<()> {
        let tags = match change.tags {
            Some(SectionChange::Merge(tags)) => tags,
            Some(SectionChange::Clear) | None => Map::new(),
        };
        limits::check_size(SectionName::Tags, &tags)?;
        let empty = Section {
            version: self.desired.version,
            ..Section::new(now)
        };
        let desired = change.desired.unwrap_or(SectionChange::Clear);
        let desired = empty.changed(desired, now, SectionName::Desired)?;
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

    /// Applies a device's merge patch to the reported properties, which does not change the ETag.
    pub(crate) fn report(&mut self, patch: Map<String, Value>, now: Timestamp) -> Result<()> {
        limits::check_values(&patch, Nulls::Remove)?;
        let patch = SectionChange::Merge(patch);
        self.reported = self.reported.changed(patch, now, SectionName::Reported)?;
        self.version += 1;
        Ok(())
    }
}

impl Section {
    /// Returns the section after a change. The new version is written only to the metadata of desired properties.
    fn changed(&self, change: SectionChange, now: Timestamp, name: SectionName) -> Result<Self> {
        let version = self.version + 1;
        let stamp = Stamp {
            updated: now,
            version: (name == SectionName::Desired).then_some(version),
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
                limits::check_size(name, &changed.values)?;
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

/// Applies a merge patch (RFC 7386) and sets the metadata of the properties in it.
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
