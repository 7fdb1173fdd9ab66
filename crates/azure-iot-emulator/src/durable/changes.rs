//! Changes of a state, as JSON.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A part of a service's dumped state that is new, different or gone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StateChange {
    /// The members that lead to the part; none stands for the whole state.
    pub path: Vec<String>,
    /// What is there now; `None` if it is gone.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "present")]
    pub value: Option<Value>,
}

/// A value of null is something else than no value.
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
    /// Makes the change to a dumped state.
    pub(crate) fn apply_to(self, state: &mut Value) {
        put(state, &self.path, self.value);
    }
}

/// Puts a value at a path, or takes away what is there. What is on the way to a value becomes an object if it is none.
///
/// The order of members is no part of a state, so what is taken away leaves its place to the last: to close the gap
/// would take as long as there are members, and a journal may take away many.
fn put(place: &mut Value, path: &[String], value: Option<Value>) {
    let Some((first, rest)) = path.split_first() else {
        *place = value.unwrap_or_default();
        return;
    };
    let Some(value) = value else {
        if let Value::Object(members) = place {
            if rest.is_empty() {
                members.swap_remove(first);
            } else if let Some(place) = members.get_mut(first) {
                put(place, rest, None);
            }
        }
        return;
    };
    if !place.is_object() {
        *place = Value::Object(Map::new());
    }
    if let Value::Object(members) = place {
        put(members.entry(first).or_insert(Value::Null), rest, Some(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn changes_are_made_by_way_of_the_journal() {
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
            // Nothing comes into being by being taken away.
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
