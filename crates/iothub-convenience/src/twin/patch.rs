//! Twin patches.

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::json::to_value;
use crate::twin::collection::TwinCollection;
use crate::twin::limits::{Nulls, Section};
use crate::twin::merge::{difference, merge, without_nulls};
use crate::twin::model::Twin;
use crate::twin::sections::Sections;
use crate::twin::violation::{InvalidTwin, Path, Rule, Violation};

/// A patch of the tags and desired properties of a twin, which sets and removes values.
///
/// Paths are names separated by dots. An object is merged into the existing object: members that are `null` in the
/// patch are removed, and members missing in the patch are kept. All other values, including arrays, replace the
/// existing value.
///
/// [`validate`](Self::validate) checks the patch against the rules of the hub and refuses contradictory changes. The
/// methods that send a patch call it first. To replace all tags and desired properties, use a
/// [`TwinReplacement`](crate::TwinReplacement).
///
/// # Example
///
/// ```
/// use iothub_convenience::TwinPatch;
/// use serde_json::json;
///
/// let patch = TwinPatch::new()
///     .set_tag("site", "oslo")
///     .remove_tag("owner")
///     .set_desired("climate.target", 21.5);
/// assert_eq!(
///     serde_json::to_value(&patch)?,
///     json!({"tags": {"site": "oslo", "owner": null}, "properties": {"desired": {"climate": {"target": 21.5}}}})
/// );
///
/// let error = TwinPatch::new().set_desired("limits", json!([1, null])).validate().unwrap_err();
/// assert_eq!(error.to_string(), "properties.desired.limits[1] is null, which is not allowed in arrays");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TwinPatch {
    sections: Sections,
}

impl TwinPatch {
    /// Creates an empty patch.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the tag at `path`.
    #[must_use]
    pub fn set_tag(self, path: &str, value: impl Serialize) -> Self {
        self.set(Section::Tags, path, &value)
    }

    /// Removes the tag at `path` and everything below it.
    #[must_use]
    pub fn remove_tag(self, path: &str) -> Self {
        self.change(Section::Tags, path, Value::Null)
    }

    /// Removes all tags. Earlier changes to tags in this patch are discarded.
    #[must_use]
    pub fn remove_all_tags(mut self) -> Self {
        self.sections.tags = Some(None);
        self
    }

    /// Sets the desired property at `path`.
    #[must_use]
    pub fn set_desired(self, path: &str, value: impl Serialize) -> Self {
        self.set(Section::Desired, path, &value)
    }

    /// Removes the desired property at `path` and everything below it.
    #[must_use]
    pub fn remove_desired(self, path: &str) -> Self {
        self.change(Section::Desired, path, Value::Null)
    }

    /// Creates a patch from a document of the form `{"tags": …, "properties": {"desired": …}}`, where `null` removes
    /// a value.
    ///
    /// # Errors
    ///
    /// [`InvalidTwin`] if the document has any other member, because only these can be written, or if one of these
    /// members has the wrong type.
    pub fn from_json(document: Value) -> Result<Self, InvalidTwin> {
        let sections = Sections::from_json(document)?;
        Ok(Self { sections })
    }

    /// Creates a patch that sets the tags and desired properties of a complete twin, such as one copied from the portal
    /// or the CLI. Other members of the twin are ignored, as are `$metadata` and `$version`. The patch removes nothing:
    /// values that are `null` or missing in the twin are kept.
    ///
    /// # Errors
    ///
    /// [`InvalidTwin`] if the document, its tags or its desired properties are not objects.
    ///
    /// # Example
    ///
    /// ```
    /// use iothub_convenience::TwinPatch;
    /// use serde_json::{Value, json};
    ///
    /// let pasted: Value = serde_json::from_str(
    ///     r#"{"deviceId": "d", "etag": "AAAAAAAAAAE=", "version": 2, "tags": {"site": "oslo"}, "properties": {
    ///         "desired": {"target": 21.5, "$metadata": {}, "$version": 3}, "reported": {"actual": 20}}}"#,
    /// )?;
    /// let patch = TwinPatch::from_twin(pasted)?;
    /// assert_eq!(
    ///     serde_json::to_value(&patch)?,
    ///     json!({"tags": {"site": "oslo"}, "properties": {"desired": {"target": 21.5}}})
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_twin(twin: impl Serialize) -> Result<Self, InvalidTwin> {
        let sections = Sections::from_twin(&twin)?;
        Ok(Self { sections })
    }

    /// Returns the patch that turns the tags and desired properties of `before` into those of `after`.
    ///
    /// The patch contains only the differences, so it does not overwrite concurrent changes to other values.
    #[must_use]
    pub fn between(before: &Twin, after: &Twin) -> Self {
        let changes = |before: &TwinCollection, after: &TwinCollection| {
            let changes = difference(&before.to_map(), &without_nulls(&after.to_map()));
            Some(changes).filter(|changes| !changes.is_empty())
        };
        let sections = Sections {
            tags: changes(&before.tags, &after.tags).map(Some),
            desired: changes(&before.properties.desired, &after.properties.desired),
            problems: after.refused_values(),
            ..Sections::default()
        };
        Self { sections }
    }

    /// Disables the checks of [`validate`](Self::validate), for a hub with different rules. Contradictory changes and
    /// values that cannot be serialized are still violations.
    #[must_use]
    pub fn unchecked(mut self) -> Self {
        self.sections.unchecked = true;
        self
    }

    /// Returns whether the patch changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sections.tags.is_none() && self.sections.desired.is_none() && self.sections.problems.is_empty()
    }

    /// Checks the patch for contradictory changes and against the hub's rules, which [`Rule`](crate::Rule) lists.
    ///
    /// The service may still refuse a valid patch, because the total size depends on the current twin.
    ///
    /// # Errors
    ///
    /// Returns all violations, each with its path.
    pub fn validate(&self) -> Result<(), InvalidTwin> {
        let mut violations = Vec::new();
        self.sections.check(Nulls::Remove, &mut violations);
        InvalidTwin::check(violations)
    }

    /// Applies the patch to `twin` as the service does, except for versions and times.
    pub fn apply_to(&self, twin: &mut Twin) {
        match &self.sections.tags {
            None => {}
            Some(None) => twin.tags.clear(),
            Some(Some(changes)) => apply(&mut twin.tags, changes),
        }
        if let Some(changes) = &self.sections.desired {
            apply(&mut twin.properties.desired, changes);
        }
    }

    /// Returns the document to send.
    pub(crate) fn to_json(&self) -> Map<String, Value> {
        self.sections.to_json()
    }

    /// Returns tags and desired properties separately.
    pub(crate) fn sections(&self) -> &Sections {
        &self.sections
    }

    fn set(mut self, section: Section, path: &str, value: &impl Serialize) -> Self {
        match to_value(value) {
            Ok(value) => self.change(section, path, value),
            Err(error) => {
                let reason = error.to_string();
                let path = full_path(section, path);
                self.sections.problems.push(path.breaks(Rule::NotJson { reason }));
                self
            }
        }
    }

    fn change(mut self, section: Section, path: &str, value: Value) -> Self {
        let mut names = path.rsplit('.');
        let last = names.next().unwrap_or_default();
        let innermost = Map::from_iter([(last.to_owned(), value)]);
        let changes = names.fold(innermost, |changes, name| {
            Map::from_iter([(name.to_owned(), Value::Object(changes))])
        });
        let members = match section {
            Section::Desired => self.sections.desired.get_or_insert_default(),
            Section::Tags => match self.sections.tags.get_or_insert_with(|| Some(Map::new())) {
                Some(tags) => tags,
                None => {
                    let path = full_path(section, path);
                    let ancestor = section.path().into_string();
                    self.sections
                        .problems
                        .push(path.breaks(Rule::Conflict { ancestor }));
                    return self;
                }
            },
        };
        compose(members, changes, &section.path(), &mut self.sections.problems);
        self
    }
}

fn full_path(section: Section, path: &str) -> Path {
    path.split('.')
        .fold(section.path(), |path, name| path.member(name))
}

/// Combines two patches into one that has the effect of `earlier` followed by `later`.
fn compose(
    earlier: &mut Map<String, Value>,
    later: Map<String, Value>,
    path: &Path,
    conflicts: &mut Vec<Violation>,
) {
    for (name, later) in later {
        let path = path.member(&name);
        match (earlier.get_mut(&name), later) {
            (Some(Value::Object(earlier)), Value::Object(later)) => compose(earlier, later, &path, conflicts),
            // The earlier change removes or replaces the value. A patch cannot express that and also set members of a
            // new object: the service would merge the object into the old value.
            (Some(_), Value::Object(later)) => {
                let ancestor = path.clone().into_string();
                conflicts.push(deepest(path, &later).breaks(Rule::Conflict { ancestor }));
            }
            (_, later) => {
                earlier.insert(name, later);
            }
        }
    }
}

/// Returns the path of the innermost member in a chain of objects with one member each.
fn deepest(path: Path, members: &Map<String, Value>) -> Path {
    match members.iter().next() {
        Some((name, Value::Object(inner))) if members.len() == 1 => deepest(path.member(name), inner),
        Some((name, _)) if members.len() == 1 => path.member(name),
        _ => path,
    }
}

fn apply(collection: &mut TwinCollection, changes: &Map<String, Value>) {
    let mut members = collection.as_json().clone();
    merge(&mut members, changes);
    *collection = members.into();
}

impl Serialize for TwinPatch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

#[cfg(test)]
#[path = "patch_tests.rs"]
mod tests;
