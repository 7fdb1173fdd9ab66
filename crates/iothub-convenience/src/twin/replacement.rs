//! Replacement of a twin's tags and desired properties.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::json::to_value;
use crate::twin::limits::{Nulls, Section};
use crate::twin::merge::without_nulls;
use crate::twin::model::Twin;
use crate::twin::sections::Sections;
use crate::twin::violation::{InvalidTwin, Rule};

/// New tags and desired properties that replace all existing ones of a twin.
///
/// A section that is not set is removed. To change individual values, use a [`TwinPatch`](crate::TwinPatch).
///
/// # Example
///
/// ```
/// use iothub_convenience::TwinReplacement;
/// use serde_json::json;
///
/// let contents = TwinReplacement::from_json(json!({
///     "tags": {"site": "oslo"},
///     "properties": {"desired": {"climate": {"target": 21.5}}}
/// }))?;
/// contents.validate()?;
/// # Ok::<(), iothub_convenience::InvalidTwin>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TwinReplacement(Sections);

impl TwinReplacement {
    /// Creates a replacement without tags and desired properties.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the tags.
    #[must_use]
    pub fn with_tags(mut self, tags: impl Serialize) -> Self {
        self.0.tags = self.object(Section::Tags, &tags).map(Some);
        self
    }

    /// Sets the desired properties.
    #[must_use]
    pub fn with_desired(mut self, desired: impl Serialize) -> Self {
        self.0.desired = self.object(Section::Desired, &desired);
        self
    }

    /// Returns the members of an object. For any other value, records a problem that
    /// [`validate`](Self::validate) reports.
    fn object(&mut self, section: Section, value: &impl Serialize) -> Option<Map<String, Value>> {
        let rule = match to_value(value) {
            Ok(Value::Object(members)) => return Some(members),
            Ok(_) => Rule::NotAnObject,
            Err(error) => Rule::NotJson {
                reason: error.to_string(),
            },
        };
        self.0.problems.push(section.path().breaks(rule));
        None
    }

    /// Creates a replacement from a document of the form `{"tags": …, "properties": {"desired": …}}`.
    ///
    /// # Errors
    ///
    /// [`InvalidTwin`] if the document has any other member, because only these can be written, or if one of these
    /// members has the wrong type.
    pub fn from_json(document: Value) -> Result<Self, InvalidTwin> {
        Sections::from_json(document).map(Self)
    }

    /// Disables the checks of [`validate`](Self::validate), for a hub with different rules. Values that are not objects
    /// or cannot be serialized are still violations.
    #[must_use]
    pub fn unchecked(mut self) -> Self {
        self.0.unchecked = true;
        self
    }

    /// Checks the replacement against the hub's rules, which [`Rule`](crate::Rule) lists.
    ///
    /// # Errors
    ///
    /// Returns all violations, each with its path.
    pub fn validate(&self) -> Result<(), InvalidTwin> {
        let mut violations = Vec::new();
        self.0.check(Nulls::Refused, &mut violations);
        InvalidTwin::check(violations)
    }

    /// Returns the document to send.
    pub(crate) fn to_json(&self) -> Map<String, Value> {
        self.0.to_json()
    }
}

impl From<&Twin> for TwinReplacement {
    /// Copies the tags and desired properties of a twin.
    fn from(twin: &Twin) -> Self {
        Self(Sections {
            tags: Some(Some(without_nulls(&twin.tags.to_map()))),
            desired: Some(without_nulls(&twin.properties.desired.to_map())),
            problems: twin.refused_values(),
            ..Sections::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn replacement_from_a_twin_has_only_writable_members() {
        let twin: Twin = serde_json::from_value(json!({
            "deviceId": "d", "version": 3, "tags": {"a": 1},
            "properties": {"desired": {"b": 2, "$version": 4, "$metadata": {}}, "reported": {"c": 3}}
        }))
        .unwrap();
        assert_eq!(
            Value::Object(TwinReplacement::from(&twin).to_json()),
            json!({"tags": {"a": 1}, "properties": {"desired": {"b": 2}}})
        );
    }

    #[test]
    fn empty_missing_and_null_sections_differ() {
        assert_eq!(Value::Object(TwinReplacement::new().to_json()), json!({}));
        for document in [
            json!({"tags": {}}),
            json!({"tags": null}),
            json!({"properties": {"desired": {}}}),
        ] {
            let contents = TwinReplacement::from_json(document.clone()).unwrap();
            assert_eq!(Value::Object(contents.to_json()), document);
        }
    }

    /// HUB-TWIN-23.
    #[test]
    fn replacement_with_null_is_refused() {
        let document = json!({"tags": {"a": null, "o": {"b": null}}, "properties": {"desired": {"c": null}}});
        let error = TwinReplacement::from_json(document)
            .unwrap()
            .validate()
            .unwrap_err();
        let paths: Vec<_> = error
            .violations
            .iter()
            .map(|violation| violation.path.as_str())
            .collect();
        assert_eq!(paths, ["tags.a", "tags.o.b", "properties.desired.c"]);
        assert!(
            error
                .violations
                .iter()
                .all(|violation| violation.rule == Rule::Null)
        );
        let mut twin = Twin::new("d");
        twin.tags.set("gone", Value::Null);
        assert_eq!(TwinReplacement::from(&twin).validate(), Ok(()));
    }

    #[test]
    fn replacement_is_checked_unless_unchecked() {
        let contents =
            TwinReplacement::from_json(json!({"properties": {"desired": {"a": [null], "b c": 1}}})).unwrap();
        assert_eq!(contents.validate().unwrap_err().violations.len(), 2);
        assert_eq!(contents.unchecked().validate(), Ok(()));
    }
}
