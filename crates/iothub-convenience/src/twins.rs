//! Twins of devices and modules.

use azure_core::http::Response;
use azure_service_core::Precondition;
use iothub_protocol::types;
use serde_json::{Map, Value};

use crate::client::{IotHubRegistryManager, plain, retype};
use crate::error::Result;
use crate::identity::{check_device_id, check_module_id};
use crate::twin::{Twin, TwinPatch, TwinReplacement};

/// Whose twin it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TwinId<'a> {
    device_id: &'a str,
    module_id: Option<&'a str>,
}

impl<'a> TwinId<'a> {
    pub(crate) fn device(device_id: &'a str) -> Result<Self> {
        check_device_id(device_id)?;
        Ok(Self {
            device_id,
            module_id: None,
        })
    }

    pub(crate) fn module(device_id: &'a str, module_id: &'a str) -> Result<Self> {
        check_device_id(device_id)?;
        check_module_id(module_id)?;
        Ok(Self {
            device_id,
            module_id: Some(module_id),
        })
    }
}

/// Twins of devices.
impl IotHubRegistryManager {
    /// Reads the twin of a device.
    ///
    /// REST: `GET /twins/{id}`.
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) if there is no such device.
    ///
    /// # Example
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["thermostat-7"]).await?;
    /// let twin = hub.get_twin("thermostat-7").await?.into_model()?;
    /// println!("wanted {:?}", twin.properties.desired.get("climate.target"));
    /// println!("actual {:?}", twin.properties.reported.get("climate.actual"));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn get_twin(&self, device_id: &str) -> Result<Response<Twin>> {
        self.read_twin(TwinId::device(device_id)?).await
    }

    /// Changes tags and desired properties of a device and returns the twin as it is afterwards.
    ///
    /// Only what the patch says is sent. A patch that depends on what is there should be conditional on the twin's
    /// ETag, or made by [`modify_twin`](Self::modify_twin). An unconditional patch is not repeated after a broken
    /// connection, since it may have been applied.
    ///
    /// REST: `PATCH /twins/{id}` with `If-Match`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidTwin`](crate::Error::InvalidTwin) with all violations if the patch breaks a rule of the hub;
    /// [`is_precondition_failed`](crate::Error::is_precondition_failed) if the twin has been changed;
    /// [`is_not_found`](crate::Error::is_not_found) if there is no such device.
    ///
    /// # Example
    ///
    /// ```
    /// use iothub_convenience::{Precondition, TwinPatch};
    ///
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["thermostat-7"]).await?;
    /// let patch = TwinPatch::new().set_tag("site", "oslo").set_desired("climate.target", 21.5);
    /// let twin = hub.update_twin("thermostat-7", &patch, Precondition::Unconditional).await?.into_model()?;
    /// println!("now at {:?}", twin.etag);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn update_twin(
        &self,
        device_id: &str,
        patch: &TwinPatch,
        precondition: Precondition,
    ) -> Result<Response<Twin>> {
        self.patch_twin(TwinId::device(device_id)?, patch, &precondition)
            .await
    }

    /// Replaces all tags and desired properties of a device and returns the twin as it is afterwards.
    ///
    /// REST: `PUT /twins/{id}` with `If-Match`.
    ///
    /// # Errors
    ///
    /// As [`update_twin`](Self::update_twin).
    pub async fn replace_twin(
        &self,
        device_id: &str,
        contents: &TwinReplacement,
        precondition: Precondition,
    ) -> Result<Response<Twin>> {
        self.put_twin(TwinId::device(device_id)?, contents, &precondition)
            .await
    }
}

/// Twins of modules.
impl IotHubRegistryManager {
    /// Reads the twin of a module.
    ///
    /// REST: `GET /twins/{id}/modules/{mid}`.
    ///
    /// # Errors
    ///
    /// [`is_not_found`](crate::Error::is_not_found) if there is no such device or module.
    pub async fn get_module_twin(&self, device_id: &str, module_id: &str) -> Result<Response<Twin>> {
        self.read_twin(TwinId::module(device_id, module_id)?).await
    }

    /// Changes tags and desired properties of a module and returns the twin as it is afterwards.
    ///
    /// REST: `PATCH /twins/{id}/modules/{mid}` with `If-Match`.
    ///
    /// # Errors
    ///
    /// As [`update_twin`](Self::update_twin).
    pub async fn update_module_twin(
        &self,
        device_id: &str,
        module_id: &str,
        patch: &TwinPatch,
        precondition: Precondition,
    ) -> Result<Response<Twin>> {
        self.patch_twin(TwinId::module(device_id, module_id)?, patch, &precondition)
            .await
    }

    /// Replaces all tags and desired properties of a module and returns the twin as it is afterwards.
    ///
    /// REST: `PUT /twins/{id}/modules/{mid}` with `If-Match`.
    ///
    /// # Errors
    ///
    /// As [`update_twin`](Self::update_twin).
    pub async fn replace_module_twin(
        &self,
        device_id: &str,
        module_id: &str,
        contents: &TwinReplacement,
        precondition: Precondition,
    ) -> Result<Response<Twin>> {
        self.put_twin(TwinId::module(device_id, module_id)?, contents, &precondition)
            .await
    }
}

/// What both kinds have in common.
impl IotHubRegistryManager {
    pub(crate) async fn read_twin(&self, id: TwinId<'_>) -> Result<Response<Twin>> {
        let api = self.api();
        let request = match id.module_id {
            None => api.devices_get_twin_request(id.device_id),
            Some(module_id) => api.modules_get_twin_request(id.device_id, module_id),
        };
        Ok(retype(self.core.send(request, plain()).await?))
    }

    pub(crate) async fn patch_twin(
        &self,
        id: TwinId<'_>,
        patch: &TwinPatch,
        precondition: &Precondition,
    ) -> Result<Response<Twin>> {
        patch.validate()?;
        let if_match = &precondition.quoted()?;
        let body = &twin_body(patch.to_json());
        let api = self.api();
        let request = match id.module_id {
            None => api.devices_update_twin_request(id.device_id, Some(if_match), body),
            Some(module_id) => api.modules_update_twin_request(id.device_id, module_id, Some(if_match), body),
        };
        Ok(retype(self.core.send(request, plain()).await?))
    }

    async fn put_twin(
        &self,
        id: TwinId<'_>,
        contents: &TwinReplacement,
        precondition: &Precondition,
    ) -> Result<Response<Twin>> {
        contents.validate()?;
        let if_match = &precondition.quoted()?;
        let body = &twin_body(contents.to_json());
        let api = self.api();
        let request = match id.module_id {
            None => api.devices_replace_twin_request(id.device_id, Some(if_match), body),
            Some(module_id) => {
                api.modules_replace_twin_request(id.device_id, module_id, Some(if_match), body)
            }
        };
        Ok(retype(self.core.send(request, plain()).await?))
    }
}

/// The generated type has no way to say `"tags": null`, which removes all tags, but sends unknown members as they are.
pub(crate) fn twin_body(document: Map<String, Value>) -> types::Twin {
    types::Twin {
        extra: document,
        ..Default::default()
    }
}
