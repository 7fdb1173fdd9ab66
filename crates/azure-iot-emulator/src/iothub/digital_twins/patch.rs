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

/// A change to a property or component; the value null removes it.
#[derive(Debug)]
pub(crate) struct PropertyChange {
    /// The name of a property or component.
    pub(crate) name: String,
    /// The path within the property or component.
    pub(crate) rest: Vec<String>,
    pub(crate) value: Value,
}

impl PropertyChange {
    pub(crate) fn new(operation: PatchOperation) -> Result<Self> {
        let PatchOperation { op, path, value } = operation;
        let value = new_value(&op, &path, value)?;
        let (name, rest) = path_names(&path)?;
        Ok(Self { name, rest, value })
    }

    /// Adds this change to a merge patch of desired properties.
    pub(crate) fn add_to(self, twin: &Twin, desired: &mut Map<String, Value>) {
        let Self { name, rest, value } = self;
        if rest.is_empty() {
            let value = component_or_value(twin, &name, value);
            desired.insert(name, value);
            return;
        }
        let of_component =
            is_component(&twin.reported.values, &name) || is_component(&twin.desired.values, &name);
        let mut inner = match desired.get_mut(&name) {
            Some(Value::Object(inner)) => std::mem::take(inner),
            _ => Map::new(),
        };
        if of_component {
            inner.insert(COMPONENT_MARK.to_owned(), json!("c"));
        }
        set(&mut inner, &rest, value);
        desired.insert(name, Value::Object(inner));
    }
}

/// Returns the value that an operation sets; null if it removes.
fn new_value(op: &str, path: &str, value: Option<Value>) -> Result<Value> {
    let text = match (op, value) {
        ("add" | "replace", Some(value)) => return Ok(value),
        ("remove", _) => return Ok(Value::Null),
        ("add" | "replace", None) => format!("The operation on {path} has no value."),
        (other, _) => format!("Unsupported operation \"{other}\"; supported are add, replace and remove."),
    };
    Err(HubError::new(Code::INVALID_DIGITAL_TWIN_JSON_PATCH, text))
}

/// Parses a path into its first name and the remaining names. The root of a digital twin cannot be patched.
fn path_names(path: &str) -> Result<(String, Vec<String>)> {
    let invalid = || {
        HubError::new(
            Code::INVALID_DIGITAL_TWIN_PATCH_PATH,
            format!("The path \"{path}\" is not the path of a property."),
        )
    };
    let mut names = path
        .strip_prefix('/')
        .ok_or_else(invalid)?
        .split('/')
        .map(|name| {
            if name.is_empty() || name.starts_with('$') {
                return Err(invalid());
            }
            Ok(name.replace("~1", "/").replace("~0", "~"))
        });
    let first = names.next().ok_or_else(invalid)??;
    Ok((first, names.collect::<Result<_>>()?))
}

/// Returns the desired value. Components get their `__t` member and lose `$metadata`; properties are unchanged.
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
