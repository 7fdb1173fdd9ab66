//! JSON Merge Patch (RFC 7396), the format of twin patches.

use serde_json::{Map, Value};

/// Applies `patch` to `target`: `null` removes a member, an object is merged, and any other value replaces the
/// member.
pub(crate) fn merge(target: &mut Map<String, Value>, patch: &Map<String, Value>) {
    for (name, change) in patch {
        match change {
            Value::Null => {
                target.shift_remove(name);
            }
            Value::Object(members) => {
                let slot = target.entry(name).or_insert(Value::Null);
                if !slot.is_object() {
                    *slot = Value::Object(Map::new());
                }
                if let Value::Object(inner) = slot {
                    merge(inner, members);
                }
            }
            other => {
                target.insert(name.clone(), other.clone());
            }
        }
    }
}

/// Returns the smallest patch that turns `before` into `after`. `after` must have no `null` outside of arrays,
/// because in the patch it would remove a value.
pub(crate) fn difference(before: &Map<String, Value>, after: &Map<String, Value>) -> Map<String, Value> {
    let mut patch = Map::new();
    for name in before.keys().filter(|name| !after.contains_key(*name)) {
        patch.insert(name.clone(), Value::Null);
    }
    for (name, new) in after {
        match (before.get(name), new) {
            (Some(old), new) if old == new => {}
            (Some(Value::Object(old)), Value::Object(new)) => {
                let inner = difference(old, new);
                if !inner.is_empty() {
                    patch.insert(name.clone(), Value::Object(inner));
                }
            }
            (_, new) => {
                patch.insert(name.clone(), new.clone());
            }
        }
    }
    patch
}

/// Returns the members with nulls removed at every level, as the service stores them.
pub(crate) fn without_nulls(members: &Map<String, Value>) -> Map<String, Value> {
    members
        .iter()
        .filter_map(|(name, value)| match value {
            Value::Null => None,
            Value::Object(inner) => Some((name.clone(), Value::Object(without_nulls(inner)))),
            other => Some((name.clone(), other.clone())),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::twin::testing::{members, members_without_nulls};
    use proptest::prelude::*;
    use serde_json::json;

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn examples_of_the_rfc_are_merged() {
        for (target, patch, result) in [
            (json!({"a":"b"}), json!({"a":"c"}), json!({"a":"c"})),
            (json!({"a":"b"}), json!({"b":"c"}), json!({"a":"b","b":"c"})),
            (json!({"a":"b","b":"c"}), json!({"a":null}), json!({"b":"c"})),
            (json!({"a":["b"]}), json!({"a":"c"}), json!({"a":"c"})),
            (
                json!({"a":{"b":"c"}}),
                json!({"a":{"b":"d","c":null}}),
                json!({"a":{"b":"d"}}),
            ),
            (json!({"a":[{"b":"c"}]}), json!({"a":[1]}), json!({"a":[1]})),
            (
                json!({}),
                json!({"a":{"bb":{"ccc":null}}}),
                json!({"a":{"bb":{}}}),
            ),
        ] {
            let mut merged = map(target);
            merge(&mut merged, &map(patch));
            assert_eq!(Value::Object(merged), result);
        }
    }

    proptest! {
        #[test]
        fn merging_the_difference_yields_the_target(before in members_without_nulls(), after in members_without_nulls()) {
            let patch = difference(&before, &after);
            let mut merged = before.clone();
            merge(&mut merged, &patch);
            prop_assert_eq!(&merged, &after);
            prop_assert_eq!(patch.is_empty(), before == after);
            prop_assert!(difference(&merged, &after).is_empty());
        }

        #[test]
        fn merging_leaves_no_null_and_is_idempotent(target in members_without_nulls(), patch in members()) {
            let mut once = target;
            merge(&mut once, &patch);
            prop_assert_eq!(&without_nulls(&once), &once);
            let mut twice = once.clone();
            merge(&mut twice, &patch);
            prop_assert_eq!(twice, once);
        }
    }
}
