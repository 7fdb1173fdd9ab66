//! JSON Patches that the service accepts.

mod diff;
mod path;
mod target;

use std::fmt;
use std::marker::PhantomData;

use azure_protocol_runtime::DateTime;
use azure_service_core::{IntoPatchPath, JsonPatch, operation_path};
use json_patch::jsonptr::PointerBuf;
use json_patch::{PatchOperation, ReplaceOperation};
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::error::{Error, Result};

pub(crate) use diff::adapt_to_document;
pub use target::{OfComponent, OfDigitalTwin, OfRelationship, PatchTarget};

/// A patch of a twin: its properties, components and model.
pub type DigitalTwinPatch = Patch<OfDigitalTwin>;
/// A patch of a component's properties. Paths start at the component.
pub type ComponentPatch = Patch<OfComponent>;
/// A patch of a relationship's properties.
pub type RelationshipPatch = Patch<OfRelationship>;

/// A [JSON Patch](https://www.rfc-editor.org/rfc/rfc6902) restricted to the operations and paths that the service
/// supports.
///
/// The service supports three operations, and applies the whole patch or nothing:
///
/// * [`add`](Self::add) adds or replaces a value.
/// * [`replace`](Self::replace) replaces a value, and fails if there is none.
/// * [`remove`](Self::remove) removes a value, and fails if there is none.
///
/// A path is the name of a property, a list of names for a member of an object, map or component, or a JSON Pointer;
/// see [`IntoPatchPath`]. Names need no escaping. The parent of a path must exist. Arrays can only be replaced as a
/// whole.
///
/// [`diff`](Self::diff) computes a patch from a value before and after a change.
///
/// # Example
///
/// ```
/// use digitaltwins_convenience::{ComponentPatch, DigitalTwinPatch};
///
/// let patch = DigitalTwinPatch::new()
///     .replace("temperature", 21.5)?
///     .add(["openingHours", "mo/fr"], "8-18")?
///     .remove("comment")?
///     .component("thermostat", ComponentPatch::new().add("target", 20)?)?;
/// assert_eq!(
///     patch.to_string(),
///     r#"[{"op":"replace","path":"/temperature","value":21.5},{"op":"add","path":"/openingHours/mo~1fr","value":"8-18"},{"op":"remove","path":"/comment"},{"op":"add","path":"/thermostat/target","value":20}]"#
/// );
/// # Ok::<(), digitaltwins_convenience::Error>(())
/// ```
#[must_use = "a patch does nothing until it is passed to an update"]
pub struct Patch<K> {
    operations: JsonPatch,
    target: PhantomData<fn() -> K>,
}

impl<K: PatchTarget> Patch<K> {
    /// Creates an empty patch. The service assigns a new ETag even for an empty patch.
    pub fn new() -> Self {
        Self::of(JsonPatch::new())
    }

    /// Creates a patch from operations: a JSON array, or anything that serializes to one, such as a
    /// [`json_patch::Patch`]. Checks operations and paths, but not values.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](Error::is_invalid_input) if `operations` is not a JSON Patch, or has an operation that
    /// the service does not support or a path that cannot be changed.
    pub fn from_operations(operations: impl Serialize) -> Result<Self> {
        let patch = serde_json::to_value(operations).and_then(serde_json::from_value::<json_patch::Patch>);
        let patch = patch.map_err(|error| Error::invalid_input("operations", error.to_string()))?;
        patch.try_into()
    }

    fn of(operations: JsonPatch) -> Self {
        Self {
            operations,
            target: PhantomData,
        }
    }

    /// Adds or replaces the value at `path`.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](Error::is_invalid_input) if the path cannot be changed, or if `value` is `null` or cannot
    /// be serialized.
    pub fn add(self, path: impl IntoPatchPath, value: impl Serialize) -> Result<Self> {
        Self::of(self.operations.add(path, value)?).checked()
    }

    /// Replaces the value at `path`. The service refuses the patch if no value exists at `path`; to set a value in
    /// either case, use [`add`](Self::add).
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](Error::is_invalid_input) if the path cannot be changed, or if `value` is `null` or cannot
    /// be serialized.
    pub fn replace(self, path: impl IntoPatchPath, value: impl Serialize) -> Result<Self> {
        Self::of(self.operations.replace(path, value)?).checked()
    }

    /// Removes the value at `path`. The service refuses the patch if no value exists at `path`.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](Error::is_invalid_input) if the path cannot be changed.
    pub fn remove(self, path: impl IntoPatchPath) -> Result<Self> {
        Self::of(self.operations.remove(path)?).checked()
    }

    /// Checks the most recently added operation.
    #[expect(
        clippy::expect_used,
        reason = "`add`, `replace` and `remove` add an operation or fail"
    )]
    fn checked(self) -> Result<Self> {
        let operation = self.operations.operations().last();
        let operation = operation.expect("the caller has just added an operation");
        check_operation::<K>(operation)?;
        if let PatchOperation::Add(json_patch::AddOperation { value, .. })
        | PatchOperation::Replace(ReplaceOperation { value, .. }) = operation
            && value.is_null()
        {
            return Err(Error::invalid_input(
                "value",
                "must not be null, because the service stores no null: use `remove`",
            ));
        }
        Ok(self)
    }

    /// Returns the operations in order.
    #[must_use]
    pub fn operations(&self) -> &[PatchOperation] {
        self.operations.operations()
    }

    /// Returns whether the patch has no operations.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }
}

impl Patch<OfDigitalTwin> {
    /// Replaces the model of the twin. The same patch must also change properties that do not fit the new model; the
    /// service validates only the result.
    pub fn model(mut self, model: impl Into<String>) -> Self {
        self.operations.push(PatchOperation::Replace(ReplaceOperation {
            path: PointerBuf::from_tokens(["$metadata", "$model"]),
            value: Value::String(model.into()),
        }));
        self
    }

    /// Applies `patch` to the component `name`.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](Error::is_invalid_input) if no component can have this name.
    pub fn component(mut self, name: &str, patch: ComponentPatch) -> Result<Self> {
        for mut operation in json_patch::Patch::from(patch.operations).0 {
            operation_path(&mut operation).push_front(name);
            check_operation::<OfDigitalTwin>(&operation)?;
            self.operations.push(operation);
        }
        Ok(self)
    }

    /// Sets the source time of `property`, the time at which its value was measured.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](Error::is_invalid_input) if no twin can have this property.
    pub fn source_time(self, property: &str, time: impl Into<DateTime>) -> Result<Self> {
        self.set_source_time(property, &time.into())
    }
}

impl Patch<OfComponent> {
    /// Sets the source time of `property`, the time at which its value was measured.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](Error::is_invalid_input) if no component can have this property.
    pub fn source_time(self, property: &str, time: impl Into<DateTime>) -> Result<Self> {
        self.set_source_time(property, &time.into())
    }
}

impl<K: PatchTarget> Patch<K> {
    fn set_source_time(self, property: &str, time: &DateTime) -> Result<Self> {
        self.add(["$metadata", property, "sourceTime"], time)
    }
}

fn check_operation<K: PatchTarget>(operation: &PatchOperation) -> Result<()> {
    match operation {
        PatchOperation::Add(operation) => path::check::<K>(&operation.path),
        PatchOperation::Replace(operation) => path::check::<K>(&operation.path),
        PatchOperation::Remove(operation) => {
            path::check::<K>(&operation.path)?;
            path::check_removal(&operation.path)
        }
        PatchOperation::Move(_) => Err(unsupported("move")),
        PatchOperation::Copy(_) => Err(unsupported("copy")),
        PatchOperation::Test(_) => Err(unsupported("test")),
    }
}

fn unsupported(operation: &str) -> Error {
    Error::invalid_input(
        "patch",
        format!("must not use `{operation}`; the service supports add, replace and remove"),
    )
}

/// Checks operations and paths, but not values.
impl<K: PatchTarget> TryFrom<json_patch::Patch> for Patch<K> {
    type Error = Error;

    fn try_from(operations: json_patch::Patch) -> Result<Self> {
        for operation in &operations.0 {
            check_operation::<K>(operation)?;
        }
        Ok(Self::of(operations.into()))
    }
}

impl<K> From<Patch<K>> for json_patch::Patch {
    fn from(patch: Patch<K>) -> Self {
        patch.operations.into()
    }
}

impl<K: PatchTarget> Default for Patch<K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K> Clone for Patch<K> {
    fn clone(&self) -> Self {
        Self {
            operations: self.operations.clone(),
            target: PhantomData,
        }
    }
}

impl<K> PartialEq for Patch<K> {
    fn eq(&self, other: &Self) -> bool {
        self.operations == other.operations
    }
}

impl<K> fmt::Debug for Patch<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Patch")
            .field(&self.operations.operations())
            .finish()
    }
}

/// Writes the patch as JSON.
impl<K> fmt::Display for Patch<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.operations, f)
    }
}

impl<K> Serialize for Patch<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.operations.serialize(serializer)
    }
}

#[cfg(test)]
mod tests;
