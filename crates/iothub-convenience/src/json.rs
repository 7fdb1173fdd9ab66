//! Converts the caller's values to JSON.

use serde::Serialize;
use serde_json::Value;

/// Converts `value` to JSON through a string, so that an `f32` keeps its digits: `21.3`, not `21.299999237060547`.
pub(crate) fn to_value(value: &impl Serialize) -> serde_json::Result<Value> {
    serde_json::from_slice(&serde_json::to_vec(value)?)
}
