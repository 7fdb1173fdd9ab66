//! Changes to a twin.

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::collection::TwinCollection;
use super::limits::Section;
use super::merge::{difference, merge, without_nulls};
use super::model::Twin;
use super::sections::Sections;
use super::violation::{InvalidTwin, Path, Rule, Violation};

/// What to change in the tags and desired properties of a twin: each place is left as it is, set, or removed.
///
/// Places are paths of names separated by dots. An object that is set is merged into the object that is there; members
/// that it does not name stay, members that are `null` are removed. All other values, arrays included, replace what is
/// there.
///
/// [`validate`](Self::validate) checks the rules of the hub and that no two changes contradict each other; the methods
/// that send a patch do so themselves. To replace all tags and desired properties, use a
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
/// assert_eq!(error.to_string(), "properties.desired.limits[1] is null, which an array may not hold");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TwinPatch {
    sections: Sections,
    conflicts: Vec<Violation>,
}

impl TwinPatch {
    /// A patch that changes nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the tag at `path`.
    #[must_use]
    pub fn set_tag(self, path: &str, value: impl Into<Value>) -> Self {
        self.change(Section::Tags, path, value.into())
    }

    /// Removes the tag at `path`, and everything below it.
    #[must_use]
    pub fn remove_tag(self, path: &str) -> Self {
        self.change(Section::Tags, path, Value::Null)
    }

    /// Removes all tags. Changes of tags that were made before are forgotten.
    #[must_use]
    pub fn remove_all_tags(mut self) -> Self {
        self.sections.tags = Some(None);
        self
    }

    /// Sets the desired property at `path`.
    #[must_use]
    pub fn set_desired(self, path: &str, value: impl Into<Value>) -> Self {
        self.change(Section::Desired, path, value.into())
    }

    /// Removes the desired property at `path`, and everything below it.
    #[must_use]
    pub fn remove_desired(self, path: &str) -> Self {
        self.change(Section::Desired, path, Value::Null)
    }

    /// The patch in a document of the form `{"tags": …, "properties": {"desired": …}}`, where `null` removes.
    ///
    /// # Errors
    ///
    /// Fails if the document has other members, which a service cannot write, or if one of these is no object.
    pub fn from_json(document: Value) -> Result<Self, InvalidTwin> {
        let sections = Sections::from_json(document)?;
        Ok(Self {
            sections,
            conflicts: Vec::new(),
        })
    }

    /// The patch that turns the tags and desired properties of `before` into those of `after`.
    ///
    /// It names only what differs, so that applied to a twin that others have changed meanwhile it leaves their changes
    /// alone where these do not touch the same places.
    #[must_use]
    pub fn between(before: &Twin, after: &Twin) -> Self {
        let changes = |before: &TwinCollection, after: &TwinCollection| {
            let changes = difference(&before.to_map(), &without_nulls(&after.to_map()));
            Some(changes).filter(|changes| !changes.is_empty())
        };
        let sections = Sections {
            tags: changes(&before.tags, &after.tags).map(Some),
            desired: changes(&before.properties.desired, &after.properties.desired),
            unchecked: false,
        };
        Self {
            sections,
            conflicts: Vec::new(),
        }
    }

    /// The patch without the checks of [`validate`](Self::validate), for a hub with other rules than are known here.
    /// Contradictory changes are reported all the same.
    #[must_use]
    pub fn unchecked(mut self) -> Self {
        self.sections.unchecked = true;
        self
    }

    /// Whether the patch changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sections.tags.is_none() && self.sections.desired.is_none()
    }

    /// Checks the patch against the rules of the hub.
    ///
    /// A patch can pass and still be refused, because the size of the whole depends on what is there.
    ///
    /// # Errors
    ///
    /// Lists every violation at once, each with its path.
    pub fn validate(&self) -> Result<(), InvalidTwin> {
        let mut violations = self.conflicts.clone();
        self.sections.check(&mut violations);
        InvalidTwin::check(violations)
    }

    /// Changes the tags and desired properties of `twin` as the service would. Versions and times stay as they are.
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

    /// The document to send.
    pub(crate) fn to_json(&self) -> Map<String, Value> {
        self.sections.to_json()
    }

    /// Tags and desired properties apart. Tags that are to be removed as a whole are an error, for requests that
    /// cannot say so.
    #[allow(clippy::type_complexity, reason = "used in one place")]
    pub(crate) fn sections(&self) -> (Result<Option<Map<String, Value>>, ()>, Option<Map<String, Value>>) {
        let tags = match &self.sections.tags {
            Some(None) => Err(()),
            Some(Some(tags)) => Ok(Some(tags.clone())),
            None => Ok(None),
        };
        (tags, self.sections.desired.clone())
    }

    fn change(mut self, section: Section, path: &str, value: Value) -> Self {
        let names = path.rsplit('.');
        let nested = names.fold(value, |value, name| {
            Value::Object(Map::from_iter([(name.to_owned(), value)]))
        });
        let Value::Object(changes) = nested else {
            // `rsplit` gives at least one name, so that there is at least one object.
            return self;
        };
        let members = match section {
            Section::Desired => self.sections.desired.get_or_insert_default(),
            Section::Tags => match self.sections.tags.get_or_insert_with(|| Some(Map::new())) {
                Some(tags) => tags,
                None => {
                    let path = path
                        .split('.')
                        .fold(section.path(), |path, name| path.member(name));
                    let ancestor = section.path().into_string();
                    self.conflicts.push(path.breaks(Rule::Conflict { ancestor }));
                    return self;
                }
            },
        };
        compose(members, changes, &section.path(), &mut self.conflicts);
        self
    }
}

/// Adds `later` changes to `earlier` ones, so that one patch does what the two did one after the other.
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
            // First removed or replaced, then an object: a merge patch would merge it into what is still there.
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

/// The place that a chain of objects with one member each leads to.
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
mod tests {
    use super::*;
    use crate::twin::testing::{members, members_without_nulls};
    use proptest::prelude::*;
    use serde_json::json;

    fn sent(patch: &TwinPatch) -> Value {
        serde_json::to_value(patch).unwrap()
    }

    fn violations(patch: &TwinPatch) -> Vec<String> {
        patch.validate().err().map_or_else(Vec::new, |error| {
            error.violations.iter().map(ToString::to_string).collect()
        })
    }

    #[test]
    fn only_what_was_said_is_sent() {
        assert_eq!(sent(&TwinPatch::new()), json!({}));
        assert!(TwinPatch::new().is_empty());
        assert_eq!(sent(&TwinPatch::new().remove_all_tags()), json!({"tags": null}));
        assert_eq!(
            sent(&TwinPatch::new().set_tag("a", json!({}))),
            json!({"tags": {"a": {}}})
        );
        assert_eq!(
            sent(
                &TwinPatch::new()
                    .set_desired("a.b", 1)
                    .set_desired("a.c", json!([]))
                    .remove_desired("a.d")
            ),
            json!({"properties": {"desired": {"a": {"b": 1, "c": [], "d": null}}}})
        );
        let patch = TwinPatch::new().set_tag("a", 1).remove_all_tags();
        assert_eq!(
            (sent(&patch), violations(&patch).len()),
            (json!({"tags": null}), 0)
        );
    }

    #[test]
    fn the_last_word_counts() {
        let patch = TwinPatch::new()
            .set_tag("a", 1)
            .set_tag("a", 2)
            .set_tag("b.c", 1)
            .remove_tag("b");
        assert_eq!(sent(&patch), json!({"tags": {"a": 2, "b": null}}));
        let patch = TwinPatch::new()
            .set_tag("a", json!({"x": 1}))
            .set_tag("a.y", 2)
            .remove_tag("a.x");
        assert_eq!(sent(&patch), json!({"tags": {"a": {"x": null, "y": 2}}}));
        assert_eq!(violations(&patch), Vec::<String>::new());
    }

    #[test]
    fn what_a_merge_patch_cannot_say_is_reported() {
        for (patch, message) in [
            (
                TwinPatch::new().remove_tag("a").set_tag("a.b.c", 1),
                "tags.a.b.c is set in the same patch that removes or replaces tags.a",
            ),
            (
                TwinPatch::new().set_desired("a", 1).set_desired("a.b", 1),
                "properties.desired.a.b is set in the same patch that removes or replaces properties.desired.a",
            ),
            (
                TwinPatch::new()
                    .remove_tag("a")
                    .set_tag("a", json!({"b": 1, "c": 2})),
                "tags.a is set in the same patch that removes or replaces tags.a",
            ),
            (
                TwinPatch::new().remove_all_tags().set_tag("a.b", 1),
                "tags.a.b is set in the same patch that removes or replaces tags",
            ),
        ] {
            assert_eq!(violations(&patch), [message]);
            assert_eq!(violations(&patch.unchecked()), [message]);
        }
    }

    #[test]
    fn rules_are_checked_unless_told_otherwise() {
        let patch = TwinPatch::new()
            .set_tag("$x", 1)
            .set_desired("ok.not ok", 1)
            .set_desired("deep", json!({"a": [null]}));
        assert_eq!(
            violations(&patch),
            [
                "tags.$x has '$' in its name, which no name may have",
                "properties.desired.ok[\"not ok\"] has ' ' in its name, which no name may have",
                "properties.desired.deep.a[0] is null, which an array may not hold",
            ]
        );
        assert_eq!(violations(&patch.unchecked()), Vec::<String>::new());
    }

    #[test]
    fn a_document_may_have_writable_members_only() {
        let document = json!({"tags": {"a": null}, "properties": {"desired": {"b": {"c": null}}}});
        assert_eq!(sent(&TwinPatch::from_json(document.clone()).unwrap()), document);
        assert_eq!(
            sent(&TwinPatch::from_json(json!({"tags": null})).unwrap()),
            json!({"tags": null})
        );
        let error = TwinPatch::from_json(json!({
            "deviceId": "d", "tags": 5, "properties": {"reported": {}, "desired": null}
        }))
        .unwrap_err();
        let lines: Vec<_> = error.violations.iter().map(ToString::to_string).collect();
        assert_eq!(
            lines,
            [
                "deviceId cannot be written; only tags and properties.desired can",
                "tags must be an object",
                "properties.reported cannot be written; only tags and properties.desired can",
                "properties.desired must be an object",
            ]
        );
        assert!(TwinPatch::from_json(json!([])).is_err());
    }

    #[test]
    fn the_service_s_members_are_no_difference() {
        let read = |version: i64| -> Twin {
            serde_json::from_value(json!({
                "version": version, "properties": {"desired": {"a": 1, "$version": version, "$metadata": {"x": version}}}
            }))
            .unwrap()
        };
        assert!(TwinPatch::between(&read(1), &read(2)).is_empty());
    }

    fn twin(tags: Map<String, Value>, desired: Map<String, Value>) -> Twin {
        let mut twin = Twin {
            tags: tags.into(),
            ..Twin::default()
        };
        twin.properties.desired = desired.into();
        twin
    }

    proptest! {
        #[test]
        fn a_patch_between_two_twins_makes_one_the_other(
            a in members_without_nulls(), b in members_without_nulls(),
            c in members_without_nulls(), d in members_without_nulls(),
        ) {
            let (before, after) = (twin(a, b), twin(c, d));
            let mut changed = before.clone();
            TwinPatch::between(&before, &after).apply_to(&mut changed);
            prop_assert_eq!(changed, after);
        }

        #[test]
        fn changes_one_by_one_do_what_one_patch_does(start in members_without_nulls(), changes in prop::collection::vec(("[a-c](\\.[a-c]){0,2}", prop_oneof![Just(Value::Null), Just(json!(1)), members().prop_map(Value::Object)]), 0..6)) {
            let mut step_by_step = twin(Map::new(), start);
            let mut at_once = step_by_step.clone();
            let mut patch = TwinPatch::new();
            for (path, value) in changes {
                TwinPatch::new().set_desired(&path, value.clone()).apply_to(&mut step_by_step);
                patch = patch.set_desired(&path, value);
            }
            // Where the two differ, the patch must say so.
            if patch.conflicts.is_empty() {
                patch.apply_to(&mut at_once);
                prop_assert_eq!(
                    without_empty(step_by_step.properties.desired.as_json()),
                    without_empty(at_once.properties.desired.as_json())
                );
            }
        }
    }

    /// Without objects that have become empty: whether one stays behind depends on what was there in between.
    fn without_empty(members: &Map<String, Value>) -> Map<String, Value> {
        members
            .iter()
            .filter_map(|(name, value)| match value {
                Value::Object(inner) => {
                    let inner = without_empty(inner);
                    (!inner.is_empty()).then(|| (name.clone(), Value::Object(inner)))
                }
                other => Some((name.clone(), other.clone())),
            })
            .collect()
    }
}
