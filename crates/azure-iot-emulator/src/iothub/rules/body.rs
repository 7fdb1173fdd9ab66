//! Request bodies.

use serde::de::DeserializeOwned;

use crate::iothub::errors::{HubError, Result};

pub(crate) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    serde_json::from_slice(body).map_err(|error| HubError::format(&error))
}

/// An empty string counts as an absent one.
pub(crate) fn non_empty(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}
