//! An optional field whose `null` means something.
//!
//! Serde reads `null` as `None`, so that a field that is `null` looks like one that is absent. Where the field holds
//! any JSON, the two differ: the result of a direct method may be `null`.
//!
//! ```
//! #[derive(serde::Deserialize)]
//! struct Answer {
//!     #[serde(default, deserialize_with = "azure_protocol_runtime::explicit_null::deserialize")]
//!     payload: Option<serde_json::Value>,
//! }
//!
//! let null: Answer = serde_json::from_str(r#"{"payload":null}"#)?;
//! assert_eq!(null.payload, Some(serde_json::Value::Null));
//! let absent: Answer = serde_json::from_str("{}")?;
//! assert_eq!(absent.payload, None);
//! # Ok::<(), serde_json::Error>(())
//! ```

use serde::{Deserialize, Deserializer};

/// Reads a field that is present as `Some`, even if it is `null`. Needs `#[serde(default)]` for one that is absent.
///
/// # Errors
///
/// Fails if the value is no `T`.
pub fn deserialize<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    T::deserialize(deserializer).map(Some)
}
