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

pub(crate) use diff::grounded;
pub use target::{OfComponent, OfDigitalTwin, OfRelationship, PatchTarget};

/// A change of a twin: of its properties, its components or its model.
pub type DigitalTwinPatch = Patch<OfDigitalTwin>;
/// A change of a component's properties. Its paths begin at the component.
pub type ComponentPatch = Patch<OfComponent>;
/// A change of a relationship's properties.
pub type RelationshipPatch = Patch<OfRelationship>;

/// A [JSON Patch](https://www.rfc-editor.org/rfc/rfc6902) that has only what the service accepts.
///
/// The service supports three operations, and applies the whole patch or nothing:
///
/// * [`add`](Self::add) sets a value, whether or not there is one.
/// * [`replace`](Self::replace) sets a value, and fails if there is none.
/// * [`remove`](Self::remove) removes a value, and fails if there is none.
///
/// A path is the name of a property, a list of names that leads into an object, a map or a component, or a JSON
/// Pointer (see [`IntoPatchPath`]). Names need no escaping. Arrays can only be replaced as a whole. The object that a
/// path leads into must exist.
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
#[must_use = "a patch changes nothing until it is given to an update"]
pub struct Patch<K> {
    operations: JsonPatch,
    target: PhantomData<fn() -> K>,
}

impl<K: PatchTarget> Patch<K> {
    /// A patch that changes nothing. The service gives a new ETag even so.
    pub fn new() -> Self {
        Self::of(JsonPatch::new())
    }

    fn of(operations: JsonPatch) -> Self {
        Self {
            operations,
            target: PhantomData,
        }
    }

    /// Sets the value at `path`, whether or not there is one.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](Error::is_invalid_input) if the path cannot be changed, or if `value` is `null` or cannot be
    /// serialized.
    pub fn add(self, path: impl IntoPatchPath, value: impl Serialize) -> Result<Self> {
        Self::of(self.operations.add(path, value)?).checked()
    }

    /// Replaces the value at `path`. The service refuses the patch if there is none; see [`add`](Self::add).
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](Error::is_invalid_input) if the path cannot be changed, or if `value` is `null` or cannot be
    /// serialized.
    pub fn replace(self, path: impl IntoPatchPath, value: impl Serialize) -> Result<Self> {
        Self::of(self.operations.replace(path, value)?).checked()
    }

    /// Removes the value at `path`. The service refuses the patch if there is none.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](Error::is_invalid_input) if the path cannot be changed.
    pub fn remove(self, path: impl IntoPatchPath) -> Result<Self> {
        Self::of(self.operations.remove(path)?).checked()
    }

    /// Checks the operation that was added last.
    fn checked(self) -> Result<Self> {
        let Some(operation) = self.operations.operations().last() else {
            return Ok(self);
        };
        check_operation::<K>(operation)?;
        if let PatchOperation::Add(json_patch::AddOperation { value, .. })
        | PatchOperation::Replace(ReplaceOperation { value, .. }) = operation
            && value.is_null()
        {
            return Err(Error::invalid_input(
                "value",
                "must not be null, which the service does not store: use `remove`",
            ));
        }
        Ok(self)
    }

    /// The operations in their order.
    #[must_use]
    pub fn operations(&self) -> &[PatchOperation] {
        self.operations.operations()
    }

    /// Returns whether the patch changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }
}

impl Patch<OfDigitalTwin> {
    /// Gives the twin another model. Properties that do not fit the new model must be changed by the same patch; the
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
    /// [`is_invalid_input`](Error::is_invalid_input) if a component cannot have this name.
    pub fn component(mut self, name: &str, patch: ComponentPatch) -> Result<Self> {
        for mut operation in json_patch::Patch::from(patch.operations).0 {
            operation_path(&mut operation).push_front(name);
            check_operation::<OfDigitalTwin>(&operation)?;
            self.operations.push(operation);
        }
        Ok(self)
    }

    /// Sets when the value of `property` was measured.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](Error::is_invalid_input) if a twin cannot have this property.
    pub fn source_time(self, property: &str, time: impl Into<DateTime>) -> Result<Self> {
        self.set_source_time(property, &time.into())
    }
}

impl Patch<OfComponent> {
    /// Sets when the value of `property` was measured.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](Error::is_invalid_input) if a component cannot have this property.
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

/// Checks operations and paths. Values are taken as they are.
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

/// The patch as JSON.
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
