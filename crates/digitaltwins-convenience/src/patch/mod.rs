//! JSON Patches that the service accepts.

mod diff;
mod path;
mod target;

use std::fmt;
use std::marker::PhantomData;

use json_patch::jsonptr::PointerBuf;
use json_patch::{AddOperation, PatchOperation, RemoveOperation, ReplaceOperation};
use protocol_runtime::DateTime;
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
mod tests {
    use super::*;
    use serde_json::json;
    use time::macros::datetime;

    fn written<K>(patch: &Patch<K>) -> Value {
        serde_json::to_value(patch).unwrap()
    }

    #[test]
    fn names_are_escaped_and_lists_lead_inside() {
        let patch = DigitalTwinPatch::new()
            .add("a/b~c", 1)
            .unwrap()
            .add(["map", "m~n/ö"], json!({"x": [1]}))
            .unwrap()
            .add(vec!["map".to_owned(), String::new()], "empty key")
            .unwrap()
            .add("/already~1a/pointer", true)
            .unwrap();
        assert_eq!(
            written(&patch),
            json!([
                {"op": "add", "path": "/a~1b~0c", "value": 1},
                {"op": "add", "path": "/map/m~0n~1ö", "value": {"x": [1]}},
                {"op": "add", "path": "/map/", "value": "empty key"},
                {"op": "add", "path": "/already~1a/pointer", "value": true},
            ])
        );
    }

    #[test]
    fn components_and_source_times_have_their_places() {
        let time = datetime!(2024-05-02 10:11:12.1234567 UTC);
        let component = ComponentPatch::new()
            .replace("target", 20.5)
            .unwrap()
            .source_time("target", time)
            .unwrap();
        let patch = DigitalTwinPatch::new()
            .model("dtmi:example:Room;2")
            .source_time("temperature", time)
            .unwrap()
            .component("thermo/stat", component)
            .unwrap();
        assert_eq!(
            written(&patch),
            json!([
                {"op": "replace", "path": "/$metadata/$model", "value": "dtmi:example:Room;2"},
                {"op": "add", "path": "/$metadata/temperature/sourceTime", "value": "2024-05-02T10:11:12.1234567Z"},
                {"op": "replace", "path": "/thermo~1stat/target", "value": 20.5},
                {"op": "add", "path": "/thermo~1stat/$metadata/target/sourceTime", "value": "2024-05-02T10:11:12.1234567Z"},
            ])
        );
    }

    #[test]
    fn what_the_service_sets_cannot_be_changed() {
        for path in [
            "$dtId",
            "$etag",
            "$metadata",
            "/$metadata/$lastUpdateTime",
            "/$metadata/temperature",
            "/$metadata/temperature/lastUpdateTime",
            "/thermostat/$metadata",
            "/thermostat/$metadata/$model",
            "/thermostat/$metadata/target/lastUpdateTime",
            "",
        ] {
            let error = DigitalTwinPatch::new().add(path, 1).unwrap_err();
            assert!(error.is_invalid_input(), "{path}: {error}");
            assert_eq!(error.parameter(), Some("path"));
        }
        for path in [
            "$sourceId",
            "$targetId",
            "$relationshipName",
            "$relationshipId",
            "$etag",
            "$metadata",
        ] {
            assert!(
                RelationshipPatch::new()
                    .remove(path)
                    .unwrap_err()
                    .is_invalid_input(),
                "{path}"
            );
        }
        assert!(
            ComponentPatch::new()
                .replace("/$metadata/$model", "dtmi:a;1")
                .is_err()
        );
        assert!(DigitalTwinPatch::new().remove("/$metadata/$model").is_err());
        let escape = ComponentPatch::new().add("target", 1).unwrap();
        assert!(DigitalTwinPatch::new().component("$dtId", escape).is_err());
    }

    #[test]
    fn null_and_what_is_no_json_are_refused() {
        let error = DigitalTwinPatch::new().add("a", None::<i32>).unwrap_err();
        assert!(error.to_string().contains("`remove`"), "{error}");
        assert!(
            DigitalTwinPatch::new()
                .replace("a", f64::NAN)
                .unwrap_err()
                .is_invalid_input()
        );
        let map = std::collections::BTreeMap::from([((1, 2), 3)]);
        assert!(
            DigitalTwinPatch::new()
                .add("a", map)
                .unwrap_err()
                .is_invalid_input()
        );
    }

    #[test]
    fn a_foreign_patch_is_checked() {
        let parse = |value| serde_json::from_value::<json_patch::Patch>(value).unwrap();
        let fine = json!([{"op": "replace", "path": "/temperature", "value": 22}, {"op": "add", "path": "/x", "value": null},
                          {"op": "remove", "path": "/a~1b"}, {"op": "replace", "path": "/$metadata/$model", "value": "dtmi:a;2"}]);
        let patch = DigitalTwinPatch::try_from(parse(fine.clone())).unwrap();
        assert_eq!(written(&patch), fine);
        assert_eq!(
            serde_json::to_value(json_patch::Patch::from(patch)).unwrap(),
            fine
        );
        for operation in [
            json!({"op": "move", "from": "/a", "path": "/b"}),
            json!({"op": "copy", "from": "/a", "path": "/b"}),
            json!({"op": "test", "path": "/b", "value": 1}),
            json!({"op": "remove", "path": "/$dtId"}),
            json!({"op": "replace", "path": "", "value": {}}),
        ] {
            assert!(
                DigitalTwinPatch::try_from(parse(json!([operation])))
                    .unwrap_err()
                    .is_invalid_input()
            );
        }
    }

    #[test]
    fn an_empty_patch_is_an_empty_list() {
        assert!(DigitalTwinPatch::default().is_empty());
        assert_eq!(RelationshipPatch::new().to_string(), "[]");
    }
}
