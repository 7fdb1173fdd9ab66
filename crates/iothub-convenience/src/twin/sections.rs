//! The parts of a twin that a service can write, as a patch and a replacement send them.

use serde_json::{Map, Value};

use crate::twin::limits::{Origin, Section, check};
use crate::twin::violation::{InvalidTwin, Path, Rule, Violation};

/// The members of the two sections. `None` leaves a section out of the request.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Sections {
    /// `Some(None)` is `null`, which removes all tags.
    pub(crate) tags: Option<Option<Map<String, Value>>>,
    pub(crate) desired: Option<Map<String, Value>>,
    /// Whether the rules are left to the service.
    pub(crate) unchecked: bool,
    /// What cannot be sent even so: contradictory changes, and values that are not JSON.
    pub(crate) problems: Vec<Violation>,
}

impl Sections {
    /// Takes a document apart that has nothing but writable members.
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

    /// The document to send.
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

    /// Adds every rule that is broken to `violations`.
    pub(crate) fn check(&self, violations: &mut Vec<Violation>) {
        violations.extend(self.problems.iter().cloned());
        if self.unchecked {
            return;
        }
        if let Some(Some(tags)) = &self.tags {
            check(Section::Tags, tags, Origin::Caller, violations);
        }
        if let Some(desired) = &self.desired {
            check(Section::Desired, desired, Origin::Caller, violations);
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
