//! Applies the settings of configurations to desired properties.

use serde_json::{Map, Value};

use crate::iothub::store::content;
use crate::iothub::store::content::Settings;

/// Applies settings to desired properties; each replaces the value at its path.
pub(crate) fn apply(values: &mut Map<String, Value>, settings: &Settings) {
    for (path, value) in settings {
        match (content::checked_names(path).split_last(), value) {
            (None, Value::Object(all)) => *values = without_nulls(all),
            (None, _) => {}
            (Some((last, parents)), value) => {
                let parent = parents
                    .iter()
                    .fold(&mut *values, |members, name| object_at(members, name));
                match value {
                    Value::Null => drop(parent.shift_remove(*last)),
                    Value::Object(object) => {
                        parent.insert((*last).to_owned(), Value::Object(without_nulls(object)));
                    }
                    value => drop(parent.insert((*last).to_owned(), value.clone())),
                }
            }
        }
    }
}

/// Returns the object at `name`. Replaces a missing value, or a value of another type, by an empty
/// object.
#[expect(clippy::expect_used, reason = "the line before makes it an object")]
fn object_at<'a>(members: &'a mut Map<String, Value>, name: &str) -> &'a mut Map<String, Value> {
    let value = members.entry(name).or_insert(Value::Null);
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    value.as_object_mut().expect("it is an object now")
}

/// Removes null members, because twins store no nulls.
fn without_nulls(object: &Map<String, Value>) -> Map<String, Value> {
    let kept = object.iter().filter(|(_, value)| !value.is_null());
    kept.map(|(key, value)| {
        let value = match value {
            Value::Object(inner) => Value::Object(without_nulls(inner)),
            value => value.clone(),
        };
        (key.clone(), value)
    })
    .collect()
}

/// Returns the merge patch that turns `current` into `wanted`.
pub(crate) fn difference(current: &Map<String, Value>, wanted: &Map<String, Value>) -> Map<String, Value> {
    let gone = current.keys().filter(|key| !wanted.contains_key(*key));
    let mut patch: Map<String, Value> = gone.map(|key| (key.clone(), Value::Null)).collect();
    for (key, value) in wanted {
        match (current.get(key), value) {
            (Some(Value::Object(current)), Value::Object(wanted)) => {
                let inner = difference(current, wanted);
                if !inner.is_empty() {
                    patch.insert(key.clone(), Value::Object(inner));
                }
            }
            (Some(current), wanted) if current == wanted => {}
            (_, wanted) => drop(patch.insert(key.clone(), wanted.clone())),
        }
    }
    patch
}

/// Returns whether `higher` configurations together override every setting of `lower`.
pub(crate) fn is_overridden(lower: &Settings, higher: &[&Settings]) -> bool {
    let covers = |above: &str, path: &str| {
        path.strip_prefix(above)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    !lower.is_empty()
        && lower.keys().all(|path| {
            higher
                .iter()
                .any(|settings| settings.keys().any(|above| covers(above, path)))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn map(value: Value) -> Map<String, Value> {
        serde_json::from_value(value).unwrap()
    }

    /// HUB-CONFIG-7, HUB-CONFIG-29.
    #[test]
    fn settings_replace_the_value_at_their_path() {
        let mut values = map(json!({"a": {"b": 1, "c": 2}, "d": 3}));
        apply(
            &mut values,
            &map(json!({"properties.desired.a.b": {"x": 1, "y": null}, "properties.desired.d.e": 5})),
        );
        assert_eq!(
            Value::from(values.clone()),
            json!({"a": {"b": {"x": 1}, "c": 2}, "d": {"e": 5}})
        );
        apply(&mut values, &map(json!({"properties.desired": {"only": true}})));
        assert_eq!(Value::from(values), json!({"only": true}));
    }

    #[test]
    fn a_difference_is_a_merge_patch() {
        let current = map(json!({"a": 1, "o": {"x": 1, "y": 2}, "same": [1], "s": {"k": 1}}));
        let wanted = map(json!({"o": {"x": 1, "z": 3}, "same": [1], "s": 4, "n": {"m": 1}}));
        assert_eq!(
            Value::from(difference(&current, &wanted)),
            json!({"a": null, "o": {"y": null, "z": 3}, "s": 4, "n": {"m": 1}})
        );
        assert!(difference(&wanted, &wanted).is_empty());
    }

    #[test]
    fn path_is_overridden_by_itself_and_by_its_parents() {
        let settings = |paths: &[&str]| -> Settings {
            paths.iter().map(|path| ((*path).to_owned(), json!(1))).collect()
        };
        let lower = settings(&["properties.desired.a.b"]);
        for (above, expected) in [
            ("properties.desired.a.b", true),
            ("properties.desired.a", true),
            ("properties.desired", true),
            ("properties.desired.a.b.c", false),
            ("properties.desired.ab", false),
        ] {
            assert_eq!(is_overridden(&lower, &[&settings(&[above])]), expected, "{above}");
        }
        let two = settings(&["properties.desired.a", "properties.desired.b"]);
        assert!(!is_overridden(&two, &[&settings(&["properties.desired.a"])]));
    }
}
