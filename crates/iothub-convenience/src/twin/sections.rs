//! The writable sections of a twin, in patches and replacements.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::json::to_value;
use crate::twin::limits::{Nulls, Origin, Section, check};
use crate::twin::merge::without_nulls;
use crate::twin::violation::{InvalidTwin, Path, Rule, Violation};

/// The members of tags and desired properties. The request omits a section that is `None`.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Sections {
    /// The tags. `Some(None)` is sent as `null`, which removes all tags.
    pub(crate) tags: Option<Option<Map<String, Value>>>,
    pub(crate) desired: Option<Map<String, Value>>,
    /// Whether to skip the checks against the rules of the hub.
    pub(crate) unchecked: bool,
    /// Violations that are reported even if `unchecked` is set: contradictory changes and invalid values.
    pub(crate) problems: Vec<Violation>,
}

impl Sections {
    /// Splits a document into its sections. Members that cannot be written are violations.
    pub(crate) fn from_json(document: Value) -> Result<Self, InvalidTwin> {
        let mut sections = Self::default();
        let mut violations = Vec::new();
        for (name, value) in object(document, "twin")? {
            match (name.as_str(), value) {
                ("tags", Value::Null) => sections.tags = Some(None),
                ("tags", Value::Object(tags)) => sections.tags = Some(Some(tags)),
                ("tags", _) => violations.push(Path::root("tags").breaks(Rule::NotAnObject)),
                ("properties", properties) => sections.take_properties(properties, &mut violations),
                (other, _) => violations.push(Path::root(other).breaks(Rule::NotWritable)),
            }
        }
        InvalidTwin::check(violations)?;
        Ok(sections)
    }

    /// Returns the writable members of a complete twin, without `null` values and without members that only the service
    /// sets.
    pub(crate) fn from_twin(twin: &impl Serialize) -> Result<Self, InvalidTwin> {
        let root = Path::root("twin");
        let refuse = |path: &Path, rule| InvalidTwin {
            violations: vec![path.breaks(rule)],
        };
        let twin = to_value(twin).map_err(|error| {
            let reason = error.to_string();
            refuse(&root, Rule::NotJson { reason })
        })?;
        let object = |value: Value, path: &Path| match value {
            Value::Object(members) => Ok(members),
            Value::Null => Ok(Map::new()),
            _ => Err(refuse(path, Rule::NotAnObject)),
        };
        if !twin.is_object() {
            return Err(refuse(&root, Rule::NotAnObject));
        }
        let mut twin = object(twin, &root)?;
        // Names are compared ignoring case, because the service does not always use the same case.
        let take = |members: &mut Map<String, Value>, name: &str| {
            let key = members.keys().find(|key| key.eq_ignore_ascii_case(name));
            let key = key.cloned()?;
            members.shift_remove(&key)
        };
        let tags = object(take(&mut twin, "tags").unwrap_or_default(), &Section::Tags.path())?;
        let properties = take(&mut twin, "properties").unwrap_or_default();
        let mut properties = object(properties, &Path::root("properties"))?;
        let desired = take(&mut properties, "desired").unwrap_or_default();
        let mut desired = object(desired, &Section::Desired.path())?;
        desired.retain(|name, _| !name.starts_with('$'));
        let written =
            |members: &Map<String, Value>| Some(without_nulls(members)).filter(|members| !members.is_empty());
        Ok(Self {
            tags: written(&tags).map(Some),
            desired: written(&desired),
            ..Self::default()
        })
    }

    fn take_properties(&mut self, properties: Value, violations: &mut Vec<Violation>) {
        let path = Path::root("properties");
        let Value::Object(properties) = properties else {
            return violations.push(path.breaks(Rule::NotAnObject));
        };
        for (name, value) in properties {
            let path = path.member(&name);
            match (name.as_str(), value) {
                ("desired", Value::Object(desired)) => self.desired = Some(desired),
                ("desired", _) => violations.push(path.breaks(Rule::NotAnObject)),
                _ => violations.push(path.breaks(Rule::NotWritable)),
            }
        }
    }

    /// Returns the document to send.
    pub(crate) fn to_json(&self) -> Map<String, Value> {
        let mut document = Map::new();
        if let Some(tags) = &self.tags {
            document.insert("tags".into(), tags.clone().map_or(Value::Null, Value::Object));
        }
        if let Some(desired) = &self.desired {
            let properties = Map::from_iter([("desired".to_owned(), Value::Object(desired.clone()))]);
            document.insert("properties".into(), Value::Object(properties));
        }
        document
    }

    /// Adds the violations of the sections to `violations`.
    pub(crate) fn check(&self, nulls: Nulls, violations: &mut Vec<Violation>) {
        violations.extend(self.problems.iter().cloned());
        if self.unchecked {
            return;
        }
        if let Some(Some(tags)) = &self.tags {
            check(Section::Tags, tags, (Origin::Caller, nulls), violations);
        }
        if let Some(desired) = &self.desired {
            check(Section::Desired, desired, (Origin::Caller, nulls), violations);
        }
    }
}

fn object(value: Value, path: &str) -> Result<Map<String, Value>, InvalidTwin> {
    match value {
        Value::Object(members) => Ok(members),
        _ => Err(InvalidTwin {
            violations: vec![Path::root(path).breaks(Rule::NotAnObject)],
        }),
    }
}
