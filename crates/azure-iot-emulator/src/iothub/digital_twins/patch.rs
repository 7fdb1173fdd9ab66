//! JSON Patch of digital twins.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::iothub::codes::Code;
use crate::iothub::digital_twins::component::{COMPONENT_MARK, is_component};
use crate::iothub::errors::{HubError, Result};
use crate::iothub::store::twin::Twin;

/// An operation of JSON Patch: add, replace or remove.
#[derive(Debug, Deserialize)]
pub(crate) struct PatchOperation {
    op: String,
    path: String,
    #[serde(default)]
    value: Option<Value>,
}

impl PatchOperation {
    /// Adds this operation to a merge patch of desired properties.
    pub(crate) fn add_to(self, twin: &Twin, desired: &mut Map<String, Value>) -> Result<()> {
        let Self { op, path, value } = self;
        let value = new_value(&op, &path, value)?;
        let names = path_names(&path)?;
        match names.as_slice() {
            // A property, or a whole component.
            [name] => drop(desired.insert(name.clone(), component_or_value(twin, name, value))),
            [first, rest @ ..] => {
                let of_component =
                    is_component(&twin.reported.values, first) || is_component(&twin.desired.values, first);
                let mut inner = match desired.get_mut(first) {
                    Some(Value::Object(inner)) => std::mem::take(inner),
                    _ => Map::new(),
                };
                if of_component {
                    inner.insert(COMPONENT_MARK.to_owned(), json!("c"));
                }
                set(&mut inner, rest, value);
                desired.insert(first.clone(), Value::Object(inner));
            }
            [] => {
                return Err(HubError::new(
                    Code::INVALID_DIGITAL_TWIN_PATCH_PATH,
                    "The root of a digital twin cannot be patched.",
                ));
            }
        }
        Ok(())
    }
}

/// Returns the value that an operation sets; null removes.
fn new_value(op: &str, path: &str, value: Option<Value>) -> Result<Value> {
    let text = match (op, value) {
        ("add" | "replace", Some(value)) => return Ok(value),
        ("remove", _) => return Ok(Value::Null),
        ("add" | "replace", None) => format!("The operation on {path} has no value."),
        (other, _) => format!("Unsupported operation {other:?}; supported are add, replace and remove."),
    };
    Err(HubError::new(Code::INVALID_DIGITAL_TWIN_JSON_PATCH, text))
}

fn path_names(path: &str) -> Result<Vec<String>> {
    let invalid = || {
        HubError::new(
            Code::INVALID_DIGITAL_TWIN_PATCH_PATH,
            format!("The path {path:?} is not the path of a property."),
        )
    };
    if path.is_empty() {
        return Ok(Vec::new());
    }
    let names = path.strip_prefix('/').ok_or_else(invalid)?.split('/');
    let names: Vec<String> = names
        .map(|name| name.replace("~1", "/").replace("~0", "~"))
        .collect();
    if names.iter().any(|name| name.is_empty() || name.starts_with('$')) {
        return Err(invalid());
    }
    Ok(names)
}

/// Returns the desired value: a component, recognized by its `$metadata`, gets its mark; a property is unchanged.
fn component_or_value(twin: &Twin, name: &str, value: Value) -> Value {
    match value {
        Value::Object(mut members)
            if members.contains_key("$metadata")
                || is_component(&twin.reported.values, name)
                || is_component(&twin.desired.values, name) =>
        {
            members.shift_remove("$metadata");
            members.insert(COMPONENT_MARK.to_owned(), json!("c"));
            Value::Object(members)
        }
        value => value,
    }
}

/// Sets the value at a path and creates missing parents.
fn set(members: &mut Map<String, Value>, path: &[String], value: Value) {
    match path {
        [] => {}
        [last] => drop(members.insert(last.clone(), value)),
        [first, rest @ ..] => {
            let mut inner = match members.get_mut(first) {
                Some(Value::Object(inner)) => std::mem::take(inner),
                _ => Map::new(),
            };
            set(&mut inner, rest, value);
            members.insert(first.clone(), Value::Object(inner));
        }
    }
}
