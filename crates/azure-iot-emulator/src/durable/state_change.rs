//! Changes of a service's state, as JSON.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// An added, changed or removed part of a service's state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StateChange {
    /// Member names from the root of the state; empty for the whole state.
    pub(crate) path: Vec<String>,
    /// The new value; `None` if the part was removed.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "present")]
    pub(crate) value: Option<Value>,
}

/// Serialization that distinguishes null from an absent value.
mod present {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use serde_json::Value;

    pub(super) fn serialize<S: Serializer>(value: &Option<Value>, serializer: S) -> Result<S::Ok, S::Error> {
        value.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
        Value::deserialize(deserializer).map(Some)
    }
}

impl StateChange {
    /// Applies the change to a state.
    pub(crate) fn apply_to(self, state: &mut Value) {
        put(state, &self.path, self.value);
    }
}

/// Sets or removes the value at a path. When setting, missing parents, and parents of other types, become objects.
///
/// Removal swaps in the last member, because shifting is linear in the number of members and a journal may remove many.
/// The order of members is not part of a state.
fn put(parent: &mut Value, path: &[String], value: Option<Value>) {
    let Some((first, rest)) = path.split_first() else {
        *parent = value.unwrap_or_default();
        return;
    };
    let Some(value) = value else {
        if let Value::Object(members) = parent {
            if rest.is_empty() {
                members.swap_remove(first);
            } else if let Some(parent) = members.get_mut(first) {
                put(parent, rest, None);
            }
        }
        return;
    };
    if !parent.is_object() {
        *parent = Value::Object(Map::new());
    }
    if let Value::Object(members) = parent {
        put(members.entry(first).or_insert(Value::Null), rest, Some(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn changes_apply_after_a_round_trip_through_the_journal() {
        let whole = json!({"twins": {"a": {"x": 1}, "b": {"y": {"z": null}}}, "last": 5});
        let cases = [
            (json!({"path": [], "value": {"new": 1}}), json!({"new": 1})),
            (
                json!({"path": ["twins", "a"], "value": null}),
                json!({"twins": {"a": null, "b": {"y": {"z": null}}}, "last": 5}),
            ),
            (
                json!({"path": ["twins", "a"]}),
                json!({"twins": {"b": {"y": {"z": null}}}, "last": 5}),
            ),
            (
                json!({"path": ["last", "c", "d"], "value": 7}),
                json!({"twins": {"a": {"x": 1}, "b": {"y": {"z": null}}}, "last": {"c": {"d": 7}}}),
            ),
            // Removing a missing part has no effect.
            (json!({"path": ["none", "c"]}), whole.clone()),
            (json!({"path": ["last", "c"]}), whole.clone()),
            (json!({"path": ["twins", "c"]}), whole.clone()),
        ];
        for (line, expected) in cases {
            let change: StateChange = serde_json::from_value(line.clone()).unwrap();
            assert_eq!(serde_json::to_value(&change).unwrap(), line);
            let mut state = whole.clone();
            change.apply_to(&mut state);
            assert_eq!(state, expected, "{line}");
        }
    }
}
