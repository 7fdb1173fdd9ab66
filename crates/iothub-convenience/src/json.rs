//! Conversion of callers' values to JSON.

use serde::Serialize;
use serde_json::Value;

/// Converts `value` to JSON.
///
/// It goes through text, so that an `f32` keeps the digits that a direct serialization would write: `21.3` and not
/// `21.299999237060547`.
pub(crate) fn to_value(value: &impl Serialize) -> serde_json::Result<Value> {
    serde_json::from_slice(&serde_json::to_vec(value)?)
}
