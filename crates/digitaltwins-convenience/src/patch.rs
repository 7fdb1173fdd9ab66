//! JSON Patches that the service accepts.

mod diff;
mod path;
mod target;

use std::fmt;
use std::marker::PhantomData;

use azure_protocol_runtime::DateTime;
use json_patch::jsonptr::PointerBuf;
use json_patch::{AddOperation, PatchOperation, RemoveOperation, ReplaceOperation};
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::error::{Error, Result};
use crate::json;

pub(crate) use diff::grounded;
pub use path::IntoPatchPath;
pub use target::{OfComponent, OfDigitalTwin, OfRelationship, PatchTarget};

/// A change of a twin: of its properties, its components or its model.
pub type DigitalTwinPatch = Patch<OfDigitalTwin>;
/// A change of a component's properties. Its paths begin at the component.
pub type ComponentPatch = Patch<OfComponent>;
/// A change of a relationship's properties.
pub type RelationshipPatch = Patch<OfRelationship>;

/// A [JSON Patch](https://www.rfc-editor.org/rfc/rfc6902) that holds only what the service accepts.
///
/// The service knows three operations, and applies all of a patch or nothing:
///
/// * [`add`](Self::add) sets a value, whether or not there is one.
/// * [`replace`](Self::replace) sets a value, and fails if there is none.
/// * [`remove`](Self::remove) unsets a value, and fails if there is none.
///
/// A path is the name of a property, a list of names that leads into an object, a map or a component, or a JSON
/// Pointer (see [`IntoPatchPath`]). Names need no escaping. A whole array is replaced; its elements have no paths. The
/// object that a path leads into must exist.
///
/// Instead of spelling a patch out, [compute it](Self::diff) from a value before and after a change.
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
pub struct Patch<K> {
    operations: json_patch::Patch,
    target: PhantomData<fn() -> K>,
}

impl<K: PatchTarget> Patch<K> {
    /// A patch that changes nothing. The service gives a new ETag even so.
    #[must_use]
    pub fn new() -> Self {
        Self {
            operations: json_patch::Patch::default(),
            target: PhantomData,
        }
    }

    /// Sets the value at `path`, whether or not there is one.
    ///
    /// # Errors
    ///
    /// If the path leads to what cannot be changed, or if `value` is `null` or cannot be written as JSON.
    pub fn add(mut self, path: impl IntoPatchPath, value: impl Serialize) -> Result<Self> {
        let (path, value) = (checked_path::<K>(path)?, checked_value(&value)?);
        self.push(PatchOperation::Add(AddOperation { path, value }));
        Ok(self)
    }

    /// Sets the value at `path`. The service refuses the patch if there is none yet; see [`add`](Self::add).
    ///
    /// # Errors
    ///
    /// If the path leads to what cannot be changed, or if `value` is `null` or cannot be written as JSON.
    pub fn replace(mut self, path: impl IntoPatchPath, value: impl Serialize) -> Result<Self> {
        let (path, value) = (checked_path::<K>(path)?, checked_value(&value)?);
        self.push(PatchOperation::Replace(ReplaceOperation { path, value }));
        Ok(self)
    }

    /// Unsets the value at `path`. The service refuses the patch if there is none.
    ///
    /// # Errors
    ///
    /// If the path leads to what cannot be changed.
    pub fn remove(mut self, path: impl IntoPatchPath) -> Result<Self> {
        let path = checked_path::<K>(path)?;
        path::check_removal(&path)?;
        self.push(PatchOperation::Remove(RemoveOperation { path }));
        Ok(self)
    }

    /// The operations in their order.
    #[must_use]
    pub fn operations(&self) -> &json_patch::Patch {
        &self.operations
    }

    /// Whether the patch changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.operations.0.is_empty()
    }

    fn push(&mut self, operation: PatchOperation) {
        self.operations.0.push(operation);
    }
}

impl Patch<OfDigitalTwin> {
    /// Gives the twin another model. What does not fit the new model must be changed by the same patch; the service
    /// looks only at the outcome.
    #[must_use]
    pub fn model(mut self, model: &str) -> Self {
        let (path, value) = (PointerBuf::from_tokens(["$metadata", "$model"]), model.into());
        self.push(PatchOperation::Replace(ReplaceOperation { path, value }));
        self
    }

    /// Applies `patch` to the component `name`.
    ///
    /// # Errors
    ///
    /// If `name` is none that a component can have.
    pub fn component(mut self, name: &str, patch: ComponentPatch) -> Result<Self> {
        for mut operation in patch.operations.0 {
            let path = path_of_mut(&mut operation)?;
            path.push_front(name);
            path::check::<OfDigitalTwin>(path)?;
            self.push(operation);
        }
        Ok(self)
    }

    /// Says when the value of `property` was taken.
    ///
    /// # Errors
    ///
    /// If `property` is none that a twin can have.
    pub fn source_time(self, property: &str, time: impl Into<DateTime>) -> Result<Self> {
        self.set_source_time(property, &time.into())
    }
}

impl Patch<OfComponent> {
    /// Says when the value of `property` was taken.
    ///
    /// # Errors
    ///
    /// If `property` is none that a component can have.
    pub fn source_time(self, property: &str, time: impl Into<DateTime>) -> Result<Self> {
        self.set_source_time(property, &time.into())
    }
}

impl<K: PatchTarget> Patch<K> {
    fn set_source_time(self, property: &str, time: &DateTime) -> Result<Self> {
        self.add(["$metadata", property, "sourceTime"], time)
    }
}

fn checked_path<K: PatchTarget>(path: impl IntoPatchPath) -> Result<PointerBuf> {
    let path = path.into_patch_path()?;
    path::check::<K>(&path)?;
    Ok(path)
}

fn checked_value(value: &impl Serialize) -> Result<Value> {
    match json::to_value(value) {
        Ok(Value::Null) => Err(Error::invalid_input(
            "value",
            "must not be null, which is not stored: use `remove`",
        )),
        Ok(value) => Ok(value),
        Err(error) => Err(Error::invalid_input("value", error.to_string())),
    }
}

fn path_of_mut(operation: &mut PatchOperation) -> Result<&mut PointerBuf> {
    match operation {
        PatchOperation::Add(operation) => Ok(&mut operation.path),
        PatchOperation::Replace(operation) => Ok(&mut operation.path),
        PatchOperation::Remove(operation) => Ok(&mut operation.path),
        PatchOperation::Move(_) => Err(unsupported("move")),
        PatchOperation::Copy(_) => Err(unsupported("copy")),
        PatchOperation::Test(_) => Err(unsupported("test")),
    }
}

fn unsupported(operation: &str) -> Error {
    Error::invalid_input(
        "patch",
        format!("must not use `{operation}`: the service knows add, replace and remove"),
    )
}

/// Checks operations and paths. Values are taken as they are.
impl<K: PatchTarget> TryFrom<json_patch::Patch> for Patch<K> {
    type Error = Error;

    fn try_from(mut operations: json_patch::Patch) -> Result<Self> {
        for operation in &mut operations.0 {
            path::check::<K>(path_of_mut(operation)?)?;
            if let PatchOperation::Remove(remove) = operation {
                path::check_removal(&remove.path)?;
            }
        }
        Ok(Self {
            operations,
            target: PhantomData,
        })
    }
}

impl<K> From<Patch<K>> for json_patch::Patch {
    fn from(patch: Patch<K>) -> Self {
        patch.operations
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
        f.debug_tuple("Patch").field(&self.operations.0).finish()
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
