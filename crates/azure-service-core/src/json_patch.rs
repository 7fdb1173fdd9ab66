//! JSON Patch documents.

mod path;

use std::fmt;

use ::json_patch::jsonptr::PointerBuf;
use ::json_patch::{AddOperation, Patch, PatchOperation, RemoveOperation, ReplaceOperation, TestOperation};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::error::{Error, Result};

pub use path::IntoPatchPath;

/// A [JSON Patch](https://www.rfc-editor.org/rfc/rfc6902) whose paths and values are checked when they are added.
///
/// A path is the name of a member, a list of names, or a JSON Pointer; see [`IntoPatchPath`].
///
/// # Example
///
/// ```
/// use azure_service_core::JsonPatch;
///
/// let patch = JsonPatch::new()
///     .replace("temperature", 21.5)?
///     .add(["openingHours", "mo/fr"], "8-18")?
///     .remove("/comment")?;
/// assert_eq!(
///     patch.to_string(),
///     r#"[{"op":"replace","path":"/temperature","value":21.5},{"op":"add","path":"/openingHours/mo~1fr","value":"8-18"},{"op":"remove","path":"/comment"}]"#
/// );
/// assert!(JsonPatch::new().remove("/a/~2").is_err());
/// # Ok::<(), azure_service_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct JsonPatch(Patch);

impl JsonPatch {
    /// Creates an empty patch.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds or replaces the value at `path`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if `path` is invalid or `value` cannot be
    /// serialized.
    pub fn add(mut self, path: impl IntoPatchPath, value: impl Serialize) -> Result<Self> {
        let (path, value) = (path.into_patch_path()?, to_value(&value)?);
        self.push(PatchOperation::Add(AddOperation { path, value }));
        Ok(self)
    }

    /// Replaces the value at `path`. The service refuses the patch if `path` has no value.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if `path` is invalid or `value` cannot be
    /// serialized.
    pub fn replace(mut self, path: impl IntoPatchPath, value: impl Serialize) -> Result<Self> {
        let (path, value) = (path.into_patch_path()?, to_value(&value)?);
        self.push(PatchOperation::Replace(ReplaceOperation { path, value }));
        Ok(self)
    }

    /// Removes the value at `path`. The service refuses the patch if `path` has no value.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if `path` is invalid.
    pub fn remove(mut self, path: impl IntoPatchPath) -> Result<Self> {
        let path = path.into_patch_path()?;
        self.push(PatchOperation::Remove(RemoveOperation { path }));
        Ok(self)
    }

    /// Makes the patch conditional on the value at `path`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if `path` is invalid or `value` cannot be
    /// serialized.
    pub fn test(mut self, path: impl IntoPatchPath, value: impl Serialize) -> Result<Self> {
        let (path, value) = (path.into_patch_path()?, to_value(&value)?);
        self.push(PatchOperation::Test(TestOperation { path, value }));
        Ok(self)
    }

    /// Appends an operation without checking it.
    pub fn push(&mut self, operation: PatchOperation) {
        self.0.0.push(operation);
    }

    /// Returns the operations.
    #[must_use]
    pub fn operations(&self) -> &[PatchOperation] {
        &self.0.0
    }

    /// Returns whether the patch has no operations.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.0.is_empty()
    }
}

/// Converts `value` to JSON through a string, so that an `f32` keeps its digits: `21.3`, not `21.299999237060547`.
fn to_value(value: &impl Serialize) -> Result<Value> {
    serde_json::to_vec(value)
        .and_then(|text| serde_json::from_slice(&text))
        .map_err(|error| Error::invalid_input("value", error.to_string()))
}

/// Returns the path of `operation`.
#[must_use]
pub fn operation_path(operation: &mut PatchOperation) -> &mut PointerBuf {
    match operation {
        PatchOperation::Add(operation) => &mut operation.path,
        PatchOperation::Replace(operation) => &mut operation.path,
        PatchOperation::Remove(operation) => &mut operation.path,
        PatchOperation::Move(operation) => &mut operation.path,
        PatchOperation::Copy(operation) => &mut operation.path,
        PatchOperation::Test(operation) => &mut operation.path,
    }
}

impl From<Patch> for JsonPatch {
    fn from(patch: Patch) -> Self {
        Self(patch)
    }
}

impl From<JsonPatch> for Patch {
    fn from(patch: JsonPatch) -> Self {
        patch.0
    }
}

impl AsRef<Patch> for JsonPatch {
    fn as_ref(&self) -> &Patch {
        &self.0
    }
}

/// Writes the patch as JSON.
impl fmt::Display for JsonPatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Deserializes the operations of a JSON Patch document.
impl<'de> Deserialize<'de> for JsonPatch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Patch::deserialize(deserializer).map(Self)
    }
}

impl Serialize for JsonPatch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_escaped_and_pointers_are_checked() {
        let patch = JsonPatch::new().add(["a/b", "c~d"], 1).unwrap();
        assert_eq!(
            patch.to_string(),
            r#"[{"op":"add","path":"/a~1b/c~0d","value":1}]"#
        );
        for path in ["", "/a/~", "/~2"] {
            let error = JsonPatch::new().add(path, 1).unwrap_err();
            assert_eq!(error.parameter(), Some("path"), "{path:?}");
        }
    }

    #[test]
    fn f32_keeps_its_digits() {
        let patch = JsonPatch::new().replace("t", 21.3_f32).unwrap();
        assert_eq!(
            patch.to_string(),
            r#"[{"op":"replace","path":"/t","value":21.3}]"#
        );
    }

    #[test]
    fn value_that_cannot_be_serialized_is_refused() {
        let map = std::collections::BTreeMap::from([((1, 2), 3)]);
        let error = JsonPatch::new().add("a", map).unwrap_err();
        assert_eq!(error.parameter(), Some("value"));
    }
}
