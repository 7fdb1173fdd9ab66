//! Simulated devices.

use serde_json::{Map, Value};

use crate::iothub::configurations::scope::Scope;
use crate::iothub::device::error::DeviceError;
use crate::iothub::device::scripts::MethodScript;
use crate::iothub::errors::{HubError, Result};
use crate::iothub::hub::IotHub;
use crate::iothub::store::twin_key::TwinKey;

impl IotHub {
    /// Sets the response of a device or module to a direct method. The device or module must also be
    /// [connected](Self::set_connected) for a call to succeed.
    ///
    /// # Errors
    /// If there is no such device or module.
    pub fn on_method(
        &self,
        device_id: &str,
        module_id: Option<&str>,
        method: &str,
        script: MethodScript,
    ) -> std::result::Result<(), DeviceError> {
        let key = TwinKey { device_id, module_id };
        self.script(key, method, script).map_err(DeviceError::from)
    }

    /// Merges reported properties, as a device does.
    ///
    /// # Errors
    /// If there is no such device or module, or the properties exceed a limit.
    pub fn report_properties(
        &self,
        device_id: &str,
        module_id: Option<&str>,
        patch: Map<String, Value>,
    ) -> std::result::Result<(), DeviceError> {
        let key = TwinKey { device_id, module_id };
        self.report(key, patch).map_err(DeviceError::from)
    }

    /// Connects or disconnects a device or module.
    ///
    /// # Errors
    /// If there is no such device or module.
    pub fn set_connected(
        &self,
        device_id: &str,
        module_id: Option<&str>,
        connected: bool,
    ) -> std::result::Result<(), DeviceError> {
        let key = TwinKey { device_id, module_id };
        self.connect(key, connected).map_err(DeviceError::from)
    }

    /// Sets the model id that a device or module announces when it connects.
    ///
    /// # Errors
    /// If there is no such device or module.
    pub fn set_model_id(
        &self,
        device_id: &str,
        module_id: Option<&str>,
        model_id: &str,
    ) -> std::result::Result<(), DeviceError> {
        let key = TwinKey { device_id, module_id };
        self.announce_model(key, model_id).map_err(DeviceError::from)
    }

    pub(crate) fn announce_model(&self, key: TwinKey<'_>, model_id: &str) -> Result<()> {
        self.write(|store| {
            let twin = &mut key.find_mut(store)?.twin;
            twin.model_id = Some(model_id.to_owned()).filter(|id| !id.is_empty());
            Ok(())
        })
    }

    pub(crate) fn script(&self, key: TwinKey<'_>, method: &str, script: MethodScript) -> Result<()> {
        let generation = self.read(|store| key.find(store).map(|view| view.identity().generation))?;
        self.scripts().set_method(generation, method, script);
        Ok(())
    }

    pub(crate) fn report(&self, key: TwinKey<'_>, patch: Map<String, Value>) -> Result<()> {
        let now = self.now();
        self.write(|store| {
            let identity = key.find_mut(store)?;
            identity.twin.report(patch, now)?;
            identity.connection.last_activity = Some(now);
            Ok::<(), HubError>(())
        })?;
        self.reconcile(Scope::Device(key.device_id));
        Ok(())
    }

    pub(crate) fn connect(&self, key: TwinKey<'_>, connected: bool) -> Result<()> {
        let now = self.now();
        self.write(|store| {
            let connection = &mut key.find_mut(store)?.connection;
            if connection.connected != connected {
                connection.updated = Some(now);
            }
            connection.connected = connected;
            connection.last_activity = Some(now);
            Ok::<(), HubError>(())
        })?;
        self.reconcile(Scope::Device(key.device_id));
        self.scripts().notify();
        Ok(())
    }
}
