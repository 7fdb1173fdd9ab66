//! Access to the JSON of an API description.

use std::path::Path;

use serde_json::{Map, Value};

use crate::error::{Error, Fault, Located, Pointer, read};
use crate::json;

/// The HTTP methods of operations, in the order in which descriptions list them.
pub const METHODS: [&str; 8] = [
    "get", "put", "post", "patch", "delete", "head", "options", "trace",
];

/// The same methods in the order in which the code generator emits them.
pub const GENERATED_METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];

/// Reads a JSON file.
///
/// # Errors
/// When the file cannot be read or is not JSON, or an object has a key twice.
pub fn load_json(file: &Path) -> Result<Value, Error> {
    json::parse(&read(file)?, file)
}

/// Returns `info.version`, which is the api-version.
pub fn version(document: &Value) -> &str {
    document
        .pointer("/info/version")
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// Returns the target of a local `$ref`.
///
/// # Errors
/// [`Fault::UnresolvableReference`].
pub fn resolve<'a>(document: &'a Value, reference: &str, at: &Pointer) -> Result<&'a Value, Located> {
    reference
        .strip_prefix('#')
        .and_then(|pointer| document.pointer(pointer))
        .ok_or_else(|| Located::new(at, Fault::UnresolvableReference(reference.to_owned())))
}

/// Returns the target of the value's `$ref`, or the value itself. Follows one level: parameters and responses do not chain.
///
/// # Errors
/// [`Fault::UnresolvableReference`].
pub fn deref<'a>(document: &'a Value, value: &'a Value, at: &Pointer) -> Result<&'a Value, Located> {
    deref_at(document, value, at).map(|(_, value)| value)
}

/// Resolves as [`deref()`] does, and also returns the location of the result.
///
/// # Errors
/// [`Fault::UnresolvableReference`].
pub fn deref_at<'a>(
    document: &'a Value,
    value: &'a Value,
    at: &Pointer,
) -> Result<(Pointer, &'a Value), Located> {
    match value.get("$ref").and_then(Value::as_str) {
        Some(reference) => {
            let target = resolve(document, reference, &at.at("$ref"))?;
            Ok((Pointer::to(reference), target))
        }
        None => Ok((at.clone(), value)),
    }
}

/// Returns the value as an object.
///
/// # Errors
/// [`Fault::Expected`].
pub fn object<'a>(value: &'a Value, at: &Pointer) -> Result<&'a Map<String, Value>, Located> {
    value
        .as_object()
        .ok_or_else(|| Located::new(at, Fault::Expected("an object")))
}

/// Returns the string member `key`.
///
/// # Errors
/// [`Fault::Missing`] or [`Fault::Expected`].
pub fn string<'a>(map: &'a Map<String, Value>, key: &'static str, at: &Pointer) -> Result<&'a str, Located> {
    match map.get(key) {
        None => Err(Located::new(at, Fault::Missing(key))),
        Some(Value::String(s)) => Ok(s),
        Some(_) => Err(Located::new(&at.at(key), Fault::Expected("a string"))),
    }
}

/// Returns the elements of the array member `key` with their locations; none if it is absent.
///
/// # Errors
/// [`Fault::Expected`] if it is not an array.
pub fn elements<'a>(
    map: &'a Map<String, Value>,
    key: &str,
    at: &Pointer,
) -> Result<Vec<(Pointer, &'a Value)>, Located> {
    let at = at.at(key);
    match map.get(key) {
        None => Ok(Vec::new()),
        Some(Value::Array(items)) => Ok(items.iter().enumerate().map(|(i, v)| (at.at(i), v)).collect()),
        Some(_) => Err(Located::new(&at, Fault::Expected("an array"))),
    }
}

/// Returns the entries of the object member `key` with their locations; none if it is absent.
///
/// # Errors
/// [`Fault::Expected`] if it is not an object.
pub fn entries<'a>(
    map: &'a Map<String, Value>,
    key: &str,
    at: &Pointer,
) -> Result<Vec<(Pointer, &'a str, &'a Value)>, Located> {
    let at = at.at(key);
    match map.get(key) {
        None => Ok(Vec::new()),
        Some(Value::Object(m)) => Ok(m.iter().map(|(k, v)| (at.at(k), k.as_str(), v)).collect()),
        Some(_) => Err(Located::new(&at, Fault::Expected("an object"))),
    }
}
