//! Methods for twins of devices and modules.

use azure_core::http::Response;
use azure_service_core::Precondition;
use iothub_protocol::types;
use serde_json::{Map, Value};

use crate::client::IotHubRegistryManager;
use crate::error::Result;
use crate::identity::{check_device_id, check_module_id};
use crate::twin::{Twin, TwinPatch, TwinReplacement};

/// The validated id of a twin.
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
    /// [`is_not_found`](crate::Error::is_not_found) if the device does not exist.
    ///
    /// # Example
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["thermostat-7"]).await?;
    /// let twin = hub.get_twin("thermostat-7").await?.into_model()?;
    /// println!("desired {:?}", twin.properties.desired.get("climate.target"));
    /// println!("reported {:?}", twin.properties.reported.get("climate.actual"));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn get_twin(&self, device_id: &str) -> Result<Response<Twin>> {
        self.read_twin("get_twin", TwinId::device(device_id)?).await
    }

    /// Changes tags and desired properties of a device and returns the new twin.
    ///
    /// If the patch depends on the current twin, make it conditional on its ETag or use
    /// [`modify_twin`](Self::modify_twin). An unconditional patch is not retried after a broken connection, because it
    /// may have been applied.
    ///
    /// REST: `PATCH /twins/{id}` with `If-Match`.
    ///
    /// # Errors
    ///
    /// [`invalid_twin`](crate::Error::invalid_twin) with all violations if the patch is invalid;
    /// [`is_precondition_failed`](crate::Error::is_precondition_failed) if the twin has been changed;
    /// [`is_not_found`](crate::Error::is_not_found) if the device does not exist.
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
    /// println!("new version {:?}", twin.version);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn update_twin(
        &self,
        device_id: &str,
        patch: &TwinPatch,
        precondition: impl Into<Precondition>,
    ) -> Result<Response<Twin>> {
        self.patch_twin(
            "update_twin",
            TwinId::device(device_id)?,
            patch,
            &precondition.into(),
        )
        .await
    }

    /// Replaces all tags and desired properties of a device and returns the new twin.
    ///
    /// REST: `PUT /twins/{id}` with `If-Match`.
    ///
    /// # Errors
    ///
    /// Same as [`update_twin`](Self::update_twin).
    ///
    /// # Example
    ///
    /// ```
    /// use iothub_convenience::TwinReplacement;
    /// use serde_json::json;
    ///
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["thermostat-7"]).await?;
    /// let twin = hub.get_twin("thermostat-7").await?.into_model()?;
    /// let contents = TwinReplacement::new().with_tags(json!({"site": "oslo"}));
    /// hub.replace_twin("thermostat-7", &contents, twin.precondition()?).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn replace_twin(
        &self,
        device_id: &str,
        contents: &TwinReplacement,
        precondition: impl Into<Precondition>,
    ) -> Result<Response<Twin>> {
        self.put_twin(
            "replace_twin",
            TwinId::device(device_id)?,
            contents,
            &precondition.into(),
        )
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
    /// [`is_not_found`](crate::Error::is_not_found) if the device or module does not exist.
    ///
    /// # Example
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["gateway-1"]).await?;
    /// # hub.create_module_with_sas("gateway-1", "filter", iothub_convenience::SymmetricKey::assigned_by_service(), None).await?;
    /// let twin = hub.get_module_twin("gateway-1", "filter").await?.into_model()?;
    /// println!("desired {:?}", twin.properties.desired.get("threshold"));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn get_module_twin(&self, device_id: &str, module_id: &str) -> Result<Response<Twin>> {
        self.read_twin("get_module_twin", TwinId::module(device_id, module_id)?)
            .await
    }

    /// Changes tags and desired properties of a module and returns the new twin.
    ///
    /// REST: `PATCH /twins/{id}/modules/{mid}` with `If-Match`.
    ///
    /// # Errors
    ///
    /// Same as [`update_twin`](Self::update_twin).
    ///
    /// # Example
    ///
    /// ```
    /// use iothub_convenience::{Precondition, SymmetricKey, TwinPatch};
    ///
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["gateway-1"]).await?;
    /// hub.create_module_with_sas("gateway-1", "filter", SymmetricKey::assigned_by_service(), None).await?;
    /// let patch = TwinPatch::new().set_desired("threshold", 5);
    /// hub.update_module_twin("gateway-1", "filter", &patch, Precondition::Unconditional).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn update_module_twin(
        &self,
        device_id: &str,
        module_id: &str,
        patch: &TwinPatch,
        precondition: impl Into<Precondition>,
    ) -> Result<Response<Twin>> {
        let id = TwinId::module(device_id, module_id)?;
        self.patch_twin("update_module_twin", id, patch, &precondition.into())
            .await
    }

    /// Replaces all tags and desired properties of a module and returns the new twin.
    ///
    /// REST: `PUT /twins/{id}/modules/{mid}` with `If-Match`.
    ///
    /// # Errors
    ///
    /// Same as [`update_twin`](Self::update_twin).
    ///
    /// # Example
    ///
    /// ```
    /// use iothub_convenience::TwinReplacement;
    /// use serde_json::json;
    ///
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["gateway-1"]).await?;
    /// # hub.create_module_with_sas("gateway-1", "filter", iothub_convenience::SymmetricKey::assigned_by_service(), None).await?;
    /// let twin = hub.get_module_twin("gateway-1", "filter").await?.into_model()?;
    /// let contents = TwinReplacement::new().with_desired(json!({"threshold": 5}));
    /// hub.replace_module_twin("gateway-1", "filter", &contents, twin.precondition()?).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn replace_module_twin(
        &self,
        device_id: &str,
        module_id: &str,
        contents: &TwinReplacement,
        precondition: impl Into<Precondition>,
    ) -> Result<Response<Twin>> {
        let id = TwinId::module(device_id, module_id)?;
        self.put_twin("replace_module_twin", id, contents, &precondition.into())
            .await
    }
}

/// Twins of devices and modules.
impl IotHubRegistryManager {
    pub(crate) async fn read_twin(&self, method: &'static str, id: TwinId<'_>) -> Result<Response<Twin>> {
        let api = self.core.protocol();
        let request = match id.module_id {
            None => api.devices_get_twin_request(id.device_id),
            Some(module_id) => api.modules_get_twin_request(id.device_id, module_id),
        };
        Ok(self.core.call(method).send(request).await?)
    }

    pub(crate) async fn patch_twin(
        &self,
        method: &'static str,
        id: TwinId<'_>,
        patch: &TwinPatch,
        precondition: &Precondition,
    ) -> Result<Response<Twin>> {
        patch.validate()?;
        let if_match = &precondition.quoted()?;
        let body = &twin_body(patch.to_json());
        let api = self.core.protocol();
        let request = match id.module_id {
            None => api.devices_update_twin_request(id.device_id, Some(if_match), body),
            Some(module_id) => api.modules_update_twin_request(id.device_id, module_id, Some(if_match), body),
        };
        Ok(self.core.call(method).send(request).await?)
    }

    async fn put_twin(
        &self,
        method: &'static str,
        id: TwinId<'_>,
        contents: &TwinReplacement,
        precondition: &Precondition,
    ) -> Result<Response<Twin>> {
        contents.validate()?;
        let if_match = &precondition.quoted()?;
        let body = &twin_body(contents.to_json());
        let api = self.core.protocol();
        let request = match id.module_id {
            None => api.devices_replace_twin_request(id.device_id, Some(if_match), body),
            Some(module_id) => {
                api.modules_replace_twin_request(id.device_id, module_id, Some(if_match), body)
            }
        };
        Ok(self.core.call(method).send(request).await?)
    }
}

/// Returns a body that carries the members as unknown members, because the generated type cannot express `"tags":
/// null`, which removes all tags.
pub(crate) fn twin_body(document: Map<String, Value>) -> types::Twin {
    types::Twin {
        extra: document,
        ..Default::default()
    }
}
