//! Devices as their Plug and Play models describe them.

use azure_core::http::{Context, NoFormat, RawResponse, Response};
use azure_service_core::{Precondition, ResponseTimeout};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::client::{IotHubRegistryManager, plain, without_body};
use crate::error::Result;
use crate::identity::check_device_id;
use crate::methods::{DirectMethod, DirectMethodOutcome};

/// Changes of a digital twin: a JSON Patch of writable properties.
///
/// Places are JSON pointers: `/targetTemperature`, `/thermostat1/targetTemperature`.
///
/// # Example
///
/// ```
/// use iothub_convenience::DigitalTwinPatch;
/// use serde_json::json;
///
/// let patch = DigitalTwinPatch::new().add("/targetTemperature", 21.5).remove("/schedule");
/// assert_eq!(serde_json::to_value(&patch)?, json!([
///     {"op": "add", "path": "/targetTemperature", "value": 21.5},
///     {"op": "remove", "path": "/schedule"},
/// ]));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DigitalTwinPatch(Vec<Value>);

impl DigitalTwinPatch {
    /// A patch that changes nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a value, or replaces the one that is there.
    #[must_use]
    pub fn add(mut self, path: &str, value: impl Into<Value>) -> Self {
        self.0
            .push(json!({"op": "add", "path": path, "value": value.into()}));
        self
    }

    /// Replaces a value. Fails if there is none.
    #[must_use]
    pub fn replace(mut self, path: &str, value: impl Into<Value>) -> Self {
        self.0
            .push(json!({"op": "replace", "path": path, "value": value.into()}));
        self
    }

    /// Removes a value. Fails if there is none.
    #[must_use]
    pub fn remove(mut self, path: &str) -> Self {
        self.0.push(json!({"op": "remove", "path": path}));
        self
    }

    /// The patch of these operations, as they are.
    #[must_use]
    pub fn from_operations(operations: Vec<Value>) -> Self {
        Self(operations)
    }
}

impl Serialize for DigitalTwinPatch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// Devices as their Plug and Play models describe them.
impl IotHubRegistryManager {
    /// Reads a device as its model describes it; the model's id is in `$metadata.$model`, empty for devices without.
    ///
    /// The ETag is in the headers.
    ///
    /// REST: `GET /digitaltwins/{id}`.
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) if there is no such device.
    pub async fn get_digital_twin(&self, device_id: &str) -> Result<Response<Value>> {
        check_device_id(device_id)?;
        let request = self.api().digital_twin_get_digital_twin_request(device_id);
        Ok(self.core.send(request, plain()).await?)
    }

    /// Changes writable properties of a device as its model describes them.
    ///
    /// The service accepts the change and carries it out later. The new ETag is in the headers.
    ///
    /// REST: `PATCH /digitaltwins/{id}`.
    ///
    /// # Errors
    ///
    /// [`is_precondition_failed`](crate::Error::is_precondition_failed) if the twin has been changed;
    /// [`is_not_found`](crate::Error::is_not_found) if there is no such device.
    pub async fn update_digital_twin(
        &self,
        device_id: &str,
        patch: &DigitalTwinPatch,
        precondition: Precondition,
    ) -> Result<Response<(), NoFormat>> {
        check_device_id(device_id)?;
        let if_match = match &precondition {
            Precondition::Unconditional => None,
            Precondition::IfMatch(_) => Some(precondition.quoted()?),
        };
        let (if_match, body) = (if_match.as_deref(), &patch.0);
        let request = self
            .api()
            .digital_twin_update_digital_twin_request(device_id, if_match, body);
        Ok(without_body(self.core.send(request, plain()).await?))
    }

    /// Calls a command of a device and waits for the answer.
    ///
    /// A command is a direct method that the model describes; without a payload, `null` is sent. The call is not
    /// repeated once it may have reached the service. With an Entra identity the service refuses commands.
    ///
    /// REST: `POST /digitaltwins/{id}/commands/{commandName}`.
    ///
    /// # Errors
    ///
    /// As [`invoke_device_method`](Self::invoke_device_method).
    pub async fn invoke_command(
        &self,
        device_id: &str,
        command: &DirectMethod,
    ) -> Result<DirectMethodOutcome> {
        self.command(device_id, None, command).await
    }

    /// Calls a command of a component of a device and waits for the answer. Like
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
        self.command(device_id, Some(component_path), command).await
    }

    async fn command(
        &self,
        device_id: &str,
        component: Option<&str>,
        command: &DirectMethod,
    ) -> Result<DirectMethodOutcome> {
        check_device_id(device_id)?;
        let name = command.name();
        let (connect, response, payload) = command.parts();
        let body = &payload.unwrap_or_default();
        let api = self.api();
        let request = match component {
            None => {
                api.digital_twin_invoke_root_level_command_request(device_id, name, connect, response, body)
            }
            Some(component) => api.digital_twin_invoke_component_command_request(
                device_id, component, name, connect, response, body,
            ),
        };
        let context = Context::new().with_value(ResponseTimeout(command.http_timeout()));
        match self.core.send(request, context).await {
            Ok(response) => DirectMethodOutcome::of_command(RawResponse::from(response)),
            Err(error) => DirectMethodOutcome::of(error.into()),
        }
    }
}
