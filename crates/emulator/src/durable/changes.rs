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

/// Puts a value at a path, or takes away what is there. What is on the way becomes an object if it is none.
fn put(place: &mut Value, path: &[String], value: Option<Value>) {
    let Some((first, rest)) = path.split_first() else {
        *place = value.unwrap_or_default();
        return;
    };
    if !place.is_object() {
        *place = Value::Object(Map::new());
    }
    let Value::Object(members) = place else { return };
    if rest.is_empty() && value.is_none() {
        members.shift_remove(first);
    } else {
        put(members.entry(first).or_insert(Value::Null), rest, value);
    }
}

/// How deep changes are told apart.
const DEPTH: usize = 2;

/// What makes `new` of `old`.
pub(crate) fn between(old: &Value, new: &Value) -> Vec<StateChange> {
    let mut changes = Vec::new();
    collect(old, new, &mut Vec::new(), &mut changes);
    changes
}

fn collect(old: &Value, new: &Value, path: &mut Vec<String>, changes: &mut Vec<StateChange>) {
    if old == new {
        return;
    }
    let (Value::Object(old), Value::Object(new), true) = (old, new, path.len() < DEPTH) else {
        changes.push(StateChange {
            path: path.clone(),
            value: Some(new.clone()),
        });
        return;
    };
    for key in old.keys().filter(|key| !new.contains_key(*key)) {
        let mut path = path.clone();
        path.push(key.clone());
        changes.push(StateChange { path, value: None });
    }
    for (key, value) in new {
        path.push(key.clone());
        match old.get(key) {
            Some(old) => collect(old, value, path, changes),
            None => changes.push(StateChange {
                path: path.clone(),
                value: Some(value.clone()),
            }),
        }
        path.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn changes_make_the_new_state_of_the_old_one() {
        let states = [
            json!(null),
            json!({}),
            json!({"devices": {"a": {"x": 1}, "b": {"y": {"z": null}}}, "last": 5}),
            json!({"devices": {"b": {"y": {"z": 1}}, "c": null}, "list": [1, {"a": 2}]}),
            json!({"devices": [1]}),
        ];
        for old in &states {
            for new in &states {
                let changes = between(old, new);
                assert_eq!(changes.is_empty(), old == new);
                // By way of the journal.
                let text = serde_json::to_string(&changes).unwrap();
                let changes: Vec<StateChange> = serde_json::from_str(&text).unwrap();
                let mut state = old.clone();
                changes.into_iter().for_each(|change| change.apply_to(&mut state));
                assert_eq!(state, *new, "from {old}");
            }
        }
    }
}
