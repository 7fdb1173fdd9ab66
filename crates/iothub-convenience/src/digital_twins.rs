//! Plug and Play: devices as their models describe them.

use azure_core::http::{NoFormat, Response};
use azure_service_core::{IntoPatchPath, JsonPatch, Precondition};
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
/// A path is the name of a property, a list of a component and a property, or a JSON Pointer. Paths and values are checked
/// when they are added.
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
    /// A patch that changes nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the value at `path`, whether or not there is one.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](Error::is_invalid_input) if `path` is not a path or `value` cannot be JSON.
    pub fn add(self, path: impl IntoPatchPath, value: impl Serialize) -> Result<Self> {
        Ok(Self(self.0.add(path, value)?))
    }

    /// Replaces the value at `path`. The service refuses the patch if there is none.
    ///
    /// # Errors
    ///
    /// As [`add`](Self::add).
    pub fn replace(self, path: impl IntoPatchPath, value: impl Serialize) -> Result<Self> {
        Ok(Self(self.0.replace(path, value)?))
    }

    /// Removes the value at `path`. The service refuses the patch if there is none.
    ///
    /// # Errors
    ///
    /// As [`add`](Self::add).
    pub fn remove(self, path: impl IntoPatchPath) -> Result<Self> {
        Ok(Self(self.0.remove(path)?))
    }

    /// The patch with the operations of a JSON Patch document.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](Error::is_invalid_input) if `operations` is not one.
    pub fn from_operations(operations: impl Serialize) -> Result<Self> {
        let patch = to_value(&operations).and_then(serde_json::from_value);
        let patch = patch.map_err(|error| Error::invalid_input("operations", error.to_string()))?;
        Ok(Self(patch))
    }

    /// Returns whether the patch changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for PlugAndPlayPatch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// Plug and Play.
impl IotHubRegistryManager {
    /// Reads a device as its model describes it. The model's id is in `$metadata.$model`, empty for devices without one.
    ///
    /// [`ResponseExt`](crate::ResponseExt) gives the response's ETag and precondition.
    ///
    /// REST: `GET /digitaltwins/{id}`.
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) if the device does not exist.
    pub async fn get_digital_twin(&self, device_id: &str) -> Result<Response<Value>> {
        check_device_id(device_id)?;
        let request = self
            .core
            .protocol()
            .digital_twin_get_digital_twin_request(device_id);
        Ok(self.core.call("get_digital_twin").send(request).await?)
    }

    /// Changes writable properties of a device as its model describes them.
    ///
    /// The service accepts the change and applies it later. The new ETag is in the response's headers.
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
    /// A command is a direct method that the model describes; without a payload, `null` is sent. The call is not
    /// repeated once it may have reached the service. With an Entra identity the service refuses commands.
    ///
    /// REST: `POST /digitaltwins/{id}/commands/{commandName}`.
    ///
    /// # Errors
    ///
    /// As [`invoke_device_method`](Self::invoke_device_method).
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
    /// println!("{:?}", outcome.answer().map(|answer| answer.status));
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

    /// Calls a command of a component of a device and waits for the response. As
    /// [`invoke_command`](Self::invoke_command).
    ///
    /// REST: `POST /digitaltwins/{id}/components/{componentPath}/commands/{commandName}`.
    ///
    /// # Errors
    ///
    /// As [`invoke_device_method`](Self::invoke_device_method).
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
