//! New contents for a twin.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::json::to_value;
use crate::twin::limits::Section;
use crate::twin::model::Twin;
use crate::twin::sections::Sections;
use crate::twin::violation::{InvalidTwin, Rule};

/// Tags and desired properties that replace all that a twin has.
///
/// Tags or desired properties that are not given are removed. To change single values, use a [`TwinPatch`](crate::TwinPatch).
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
    /// Contents without tags and desired properties.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The contents with these tags.
    #[must_use]
    pub fn with_tags(mut self, tags: impl Serialize) -> Self {
        self.0.tags = self.object(Section::Tags, &tags).map(Some);
        self
    }

    /// The contents with these desired properties.
    #[must_use]
    pub fn with_desired(mut self, desired: impl Serialize) -> Self {
        self.0.desired = self.object(Section::Desired, &desired);
        self
    }

    /// The members of an object. Anything else is a problem that [`validate`](Self::validate) reports.
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

    /// The contents in a document of the form `{"tags": …, "properties": {"desired": …}}`.
    ///
    /// # Errors
    ///
    /// Fails if the document has other members, which a service cannot write, or if one of these is no object.
    pub fn from_json(document: Value) -> Result<Self, InvalidTwin> {
        Sections::from_json(document).map(Self)
    }

    /// The contents without the checks of [`validate`](Self::validate), for a hub whose rules differ from those known here.
    #[must_use]
    pub fn unchecked(mut self) -> Self {
        self.0.unchecked = true;
        self
    }

    /// Checks the contents against the rules of the hub.
    ///
    /// # Errors
    ///
    /// Lists every violation at once, each with its path.
    pub fn validate(&self) -> Result<(), InvalidTwin> {
        let mut violations = Vec::new();
        self.0.check(&mut violations);
        InvalidTwin::check(violations)
    }

    /// The document to send.
    pub(crate) fn to_json(&self) -> Map<String, Value> {
        self.0.to_json()
    }
}

impl From<&Twin> for TwinReplacement {
    /// The tags and desired properties of a twin.
    fn from(twin: &Twin) -> Self {
        Self(Sections {
            tags: Some(Some(twin.tags.to_map())),
            desired: Some(twin.properties.desired.to_map()),
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
    fn a_twin_is_sent_without_what_the_service_maintains() {
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

    #[test]
    fn rules_are_checked() {
        let contents =
            TwinReplacement::from_json(json!({"properties": {"desired": {"a": [null], "b c": 1}}})).unwrap();
        assert_eq!(contents.validate().unwrap_err().violations.len(), 2);
        assert_eq!(contents.unchecked().validate(), Ok(()));
    }
}
