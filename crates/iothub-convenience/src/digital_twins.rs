//! Plug and Play: devices with DTDL models.

use std::fmt;

use azure_core::http::{NoFormat, Response};
use azure_service_core::{IntoPatchPath, JsonPatch, Precondition, rename_parameters};
use json_patch::PatchOperation;
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::client::IotHubRegistryManager;
use crate::error::{Error, Result};
use crate::identity::check_device_id;
use crate::json::to_value;
use crate::methods::{DirectMethod, DirectMethodOutcome};
use crate::model::to_json;

/// A JSON Patch of writable properties of a Plug and Play device.
///
/// A path is a property name, a list of a component name and a property name, or a JSON Pointer. Paths and values are
/// validated when they are added.
///
/// # Example
///
/// ```
/// use iothub_convenience::PlugAndPlayPatch;
/// use serde_json::json;
///
/// let patch = PlugAndPlayPatch::new()
///     .add("targetTemperature", 21.5)?
///     .remove(["thermostat1", "schedule"])?;
/// assert_eq!(serde_json::to_value(&patch)?, json!([
///     {"op": "add", "path": "/targetTemperature", "value": 21.5},
///     {"op": "remove", "path": "/thermostat1/schedule"},
/// ]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PlugAndPlayPatch(JsonPatch);

impl PlugAndPlayPatch {
    /// Creates an empty patch.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds or replaces the value at `path`.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](Error::is_invalid_input) if `path` is invalid or `value` cannot be serialized to JSON.
    pub fn add(self, path: impl IntoPatchPath, value: impl Serialize) -> Result<Self> {
        Ok(Self(self.0.add(path, value)?))
    }

    /// Replaces the value at `path`. The service refuses the patch if there is no value.
    ///
    /// # Errors
    ///
    /// Same as [`add`](Self::add).
    pub fn replace(self, path: impl IntoPatchPath, value: impl Serialize) -> Result<Self> {
        Ok(Self(self.0.replace(path, value)?))
    }

    /// Removes the value at `path`. The service refuses the patch if there is no value.
    ///
    /// # Errors
    ///
    /// Same as [`add`](Self::add).
    pub fn remove(self, path: impl IntoPatchPath) -> Result<Self> {
        Ok(Self(self.0.remove(path)?))
    }

    /// Creates a patch from a JSON Patch document.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](Error::is_invalid_input) if `operations` is not a JSON Patch document, or has operations
    /// other than `add`, `replace` and `remove`.
    pub fn from_operations(operations: impl Serialize) -> Result<Self> {
        let patch = to_value(&operations).and_then(serde_json::from_value);
        let patch: json_patch::Patch =
            patch.map_err(|error| Error::invalid_input("operations", error.to_string()))?;
        Self::try_from(patch)
    }

    /// Returns the operations.
    #[must_use]
    pub fn operations(&self) -> &[PatchOperation] {
        self.0.operations()
    }

    /// Returns whether the patch has no operations.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl TryFrom<json_patch::Patch> for PlugAndPlayPatch {
    type Error = Error;

    fn try_from(patch: json_patch::Patch) -> Result<Self> {
        for (position, operation) in patch.0.iter().enumerate() {
            let refused = match operation {
                PatchOperation::Add(_) | PatchOperation::Replace(_) | PatchOperation::Remove(_) => continue,
                PatchOperation::Move(_) => "move",
                PatchOperation::Copy(_) => "copy",
                PatchOperation::Test(_) => "test",
            };
            let reason =
                format!("has {refused:?} at position {position}; allowed are add, replace and remove");
            return Err(Error::invalid_input("operations", reason));
        }
        Ok(Self(patch.into()))
    }
}

impl From<PlugAndPlayPatch> for json_patch::Patch {
    fn from(patch: PlugAndPlayPatch) -> Self {
        patch.0.into()
    }
}

/// Writes the patch as JSON.
impl fmt::Display for PlugAndPlayPatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Serialize for PlugAndPlayPatch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// Parameter names of the generated client, each with the name in the public methods, for error messages.
const NAMES: &[(&str, &str)] = &[
    ("componentPath", "component_path"),
    ("commandName", "method name"),
];

/// Plug and Play.
impl IotHubRegistryManager {
    /// Reads the digital twin of a device. `$metadata.$model` is the id of its model, or empty for devices without a
    /// model.
    ///
    /// [`ResponseExt`](crate::ResponseExt) returns the ETag and precondition of the response.
    ///
    /// REST: `GET /digitaltwins/{id}`.
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) if the device does not exist.
    ///
    /// # Example
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["thermostat-7"]).await?;
    /// let twin = hub.get_digital_twin("thermostat-7").await?.into_model()?;
    /// println!("model {}", twin["$metadata"]["$model"]);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn get_digital_twin(&self, device_id: &str) -> Result<Response<Value>> {
        check_device_id(device_id)?;
        let request = self
            .core
            .protocol()
            .digital_twin_get_digital_twin_request(device_id);
        Ok(self.core.call("get_digital_twin").send(request).await?)
    }

    /// Changes writable properties of a device.
    ///
    /// The service accepts the change and applies it later. The response has the new ETag in a header.
    ///
    /// REST: `PATCH /digitaltwins/{id}`.
    ///
    /// # Errors
    ///
    /// [`is_precondition_failed`](crate::Error::is_precondition_failed) if the twin has been changed;
    /// [`is_not_found`](crate::Error::is_not_found) if the device does not exist.
    ///
    /// # Example
    ///
    /// ```
    /// use iothub_convenience::{PlugAndPlayPatch, ResponseExt};
    ///
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["thermostat-7"]).await?;
    /// let stored = hub.get_digital_twin("thermostat-7").await?;
    /// let patch = PlugAndPlayPatch::new().add("targetTemperature", 21.5)?;
    /// hub.update_digital_twin("thermostat-7", &patch, stored.precondition()?).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn update_digital_twin(
        &self,
        device_id: &str,
        patch: &PlugAndPlayPatch,
        precondition: impl Into<Precondition>,
    ) -> Result<Response<(), NoFormat>> {
        check_device_id(device_id)?;
        let if_match = match precondition.into() {
            Precondition::Unconditional => None,
            conditional => Some(conditional.quoted()?),
        };
        let body: Vec<_> = patch.0.operations().iter().map(to_json).collect();
        let api = self.core.protocol();
        let request = api.digital_twin_update_digital_twin_request(device_id, if_match.as_deref(), &body);
        Ok(self.core.call("update_digital_twin").send(request).await?)
    }

    /// Calls a command of a device and waits for the response.
    ///
    /// A command is a direct method that the model defines. Without a payload, `null` is sent. The call is not
    /// retried once the service may have processed it. The service refuses commands from Entra identities.
    ///
    /// REST: `POST /digitaltwins/{id}/commands/{commandName}`.
    ///
    /// # Errors
    ///
    /// Same as [`invoke_device_method`](Self::invoke_device_method).
    ///
    /// # Example
    ///
    /// ```
    /// use iothub_convenience::DirectMethod;
    ///
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["thermostat-7"]).await?;
    /// let outcome = hub.invoke_command("thermostat-7", &DirectMethod::new("getMaxMinReport")).await?;
    /// println!("{:?}", outcome.response().map(|response| response.status));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn invoke_command(
        &self,
        device_id: &str,
        command: &DirectMethod,
    ) -> Result<DirectMethodOutcome> {
        self.command("invoke_command", device_id, None, command).await
    }

    /// Calls a command of a component of a device and waits for the response, like
    /// [`invoke_command`](Self::invoke_command).
    ///
    /// REST: `POST /digitaltwins/{id}/components/{componentPath}/commands/{commandName}`.
    ///
    /// # Errors
    ///
    /// Same as [`invoke_device_method`](Self::invoke_device_method).
    ///
    /// # Example
    ///
    /// ```
    /// use iothub_convenience::DirectMethod;
    ///
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["thermostat-7"]).await?;
    /// let report = DirectMethod::new("getMaxMinReport");
    /// let outcome = hub.invoke_component_command("thermostat-7", "thermostat1", &report).await?;
    /// println!("{:?}", outcome.response().map(|response| response.status));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn invoke_component_command(
        &self,
        device_id: &str,
        component_path: &str,
        command: &DirectMethod,
    ) -> Result<DirectMethodOutcome> {
        self.command(
            "invoke_component_command",
            device_id,
            Some(component_path),
            command,
        )
        .await
    }

    async fn command(
        &self,
        method: &'static str,
        device_id: &str,
        component: Option<&str>,
        command: &DirectMethod,
    ) -> Result<DirectMethodOutcome> {
        check_device_id(device_id)?;
        command.check()?;
        let name = command.name();
        let (connect, response, payload) = command.parts()?;
        let body = &payload.unwrap_or_default();
        let api = self.core.protocol();
        let request = match component {
            None => {
                api.digital_twin_invoke_root_level_command_request(device_id, name, connect, response, body)
            }
            Some(component) => api.digital_twin_invoke_component_command_request(
                device_id, component, name, connect, response, body,
            ),
        };
        let request = rename_parameters(request, NAMES);
        let call = self
            .core
            .call(method)
            .with_attempt_timeout(command.http_timeout());
        match call.send(request).await {
            Ok(response) => DirectMethodOutcome::of_command(response),
            Err(error) => DirectMethodOutcome::of(error.into()),
        }
    }
}
