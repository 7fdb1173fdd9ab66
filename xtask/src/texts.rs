//! The human-readable texts of a description, which are our own.

use serde_json::{Map, Value};

use crate::error::Pointer;

/// Replaces a text of the publisher until a maintainer has written one. A test refuses descriptions that contain it.
pub const TO_WRITE: &str = "TODO";

/// The keys of human-readable text.
const KEYS: [&str; 3] = ["title", "summary", "description"];

/// A text of the publisher that must be written in our own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignText {
    /// Its JSON pointer in the description.
    pub pointer: String,
    /// The publisher's text.
    pub published: String,
}

/// Removes the references to the publisher's example files, which are not imported.
pub(crate) fn remove_examples(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.shift_remove("x-ms-examples");
            map.values_mut().for_each(remove_examples);
        }
        Value::Array(items) => items.iter_mut().for_each(remove_examples),
        _ => {}
    }
}

/// Removes all texts.
pub(crate) fn remove(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|key, value| !(KEYS.contains(&key.as_str()) && value.is_string()));
            map.values_mut().for_each(remove);
        }
        Value::Array(items) => items.iter_mut().for_each(remove),
        _ => {}
    }
}

/// Replaces the texts of `new` by those of `old`, and texts that `old` lacks by [`TO_WRITE`]. Returns the latter.
pub(crate) fn keep(old: &Value, new: &mut Value) -> Vec<ForeignText> {
    let mut foreign = Vec::new();
    keep_in(Some(old), new, &Pointer::root(), &mut foreign);
    foreign
}

/// Replaces all texts by [`TO_WRITE`] and returns them.
pub(crate) fn replace_all(new: &mut Value) -> Vec<ForeignText> {
    keep(&Value::Null, new)
}

/// Returns the JSON pointers of the texts that are still to be written.
#[must_use]
pub fn unwritten(document: &Value) -> Vec<String> {
    let mut found = Vec::new();
    find_unwritten(document, &Pointer::root(), &mut found);
    found
}

fn find_unwritten(value: &Value, at: &Pointer, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let at = at.at(key);
                match value {
                    Value::String(text) if KEYS.contains(&key.as_str()) && text == TO_WRITE => {
                        found.push(at.as_str().to_owned());
                    }
                    value => find_unwritten(value, &at, found),
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                find_unwritten(item, &at.at(index), found);
            }
        }
        _ => {}
    }
}

fn keep_in(old: Option<&Value>, new: &mut Value, at: &Pointer, foreign: &mut Vec<ForeignText>) {
    match new {
        Value::Object(map) => {
            for (key, value) in map.iter_mut() {
                let before = old.and_then(|old| old.get(key));
                let at = at.at(key);
                // In `properties`, a member named `description` is an object.
                match &mut *value {
                    Value::String(text) if KEYS.contains(&key.as_str()) => {
                        keep_text(before, text, &at, foreign)
                    }
                    value => keep_in(before, value, &at, foreign),
                }
            }
            if let Some(Value::Object(old)) = old {
                *map = in_order_of(old, std::mem::take(map));
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter_mut().enumerate() {
                // Parameters are matched by name and location, other elements by index.
                let same = |other: &&Value| {
                    other.get("name") == value.get("name") && other.get("in") == value.get("in")
                };
                let list = old.and_then(Value::as_array);
                let before = match value.get("name") {
                    Some(_) => list.and_then(|l| l.iter().find(same)),
                    None => list.and_then(|l| l.get(index)),
                };
                keep_in(before, value, &at.at(index), foreign);
            }
        }
        _ => {}
    }
}

fn keep_text(before: Option<&Value>, text: &mut String, at: &Pointer, foreign: &mut Vec<ForeignText>) {
    match before.and_then(Value::as_str) {
        Some(own) if own != TO_WRITE => own.clone_into(text),
        _ if text.is_empty() => {}
        _ => {
            let published = std::mem::replace(text, TO_WRITE.to_owned());
            foreign.push(ForeignText {
                pointer: at.as_str().to_owned(),
                published,
            });
        }
    }
}

/// Returns `new` with its keys in the order of `old`, so that a diff of the files is short, and with the texts of `old`
/// that it lacks.
fn in_order_of(old: &Map<String, Value>, mut new: Map<String, Value>) -> Map<String, Value> {
    let is_reference = new.contains_key("$ref");
    let mut out = Map::new();
    for (key, before) in old {
        if let Some(value) = new.shift_remove(key) {
            out.insert(key.clone(), value);
        } else if KEYS.contains(&key.as_str()) && before.is_string() && !is_reference {
            out.insert(key.clone(), before.clone());
        }
    }
    out.extend(new);
    out
}
