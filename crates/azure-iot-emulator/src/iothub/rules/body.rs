//! Parsing of request bodies.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::iothub::errors::{HubError, Result};
use crate::iothub::rules::object::Object;

/// Parses a body, which must be an object.
pub(crate) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    parse_any(body).map(|Object(value)| value)
}

/// Parses a body, which must be an array of objects.
pub(crate) fn parse_list<T: DeserializeOwned>(body: &[u8]) -> serde_json::Result<Vec<T>> {
    let objects: Vec<Object<T>> = serde_json::from_slice(body)?;
    Ok(objects.into_iter().map(|Object(value)| value).collect())
}

/// Parses a body of any type.
pub(crate) fn parse_any<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    serde_json::from_slice(body).map_err(|error| HubError::format(&error))
}

/// Converts a parsed body, which must be an object.
pub(crate) fn from_value<T: DeserializeOwned>(body: Value) -> Result<T> {
    serde_json::from_value(body)
        .map(|Object(value)| value)
        .map_err(|error| HubError::format(&error))
}

/// Returns `None` for an empty string, which is treated like an absent one.
pub(crate) fn non_empty(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}
