//! Optional fields that distinguish `null` from absent.
//!
//! Serde deserializes `null` as `None`, the same as an absent field. The two differ for a field that may hold any JSON
//! value, such as the result of a direct method.
//!
//! ```
//! #[derive(serde::Deserialize)]
//! struct MethodResult {
//!     #[serde(default, deserialize_with = "azure_protocol_runtime::explicit_null::deserialize")]
//!     payload: Option<serde_json::Value>,
//! }
//!
//! let null: MethodResult = serde_json::from_str(r#"{"payload":null}"#)?;
//! assert_eq!(null.payload, Some(serde_json::Value::Null));
//! let absent: MethodResult = serde_json::from_str("{}")?;
//! assert_eq!(absent.payload, None);
//! # Ok::<(), serde_json::Error>(())
//! ```

use serde::{Deserialize, Deserializer};

/// Deserializes a present field as `Some`, even if it is `null`. Use it together with `#[serde(default)]`; otherwise,
/// an absent field is an error.
///
/// # Errors
///
/// Fails if the value is not a `T`.
pub fn deserialize<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    T::deserialize(deserializer).map(Some)
}
