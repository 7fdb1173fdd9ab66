//! The device side, as far as tests need one: devices that connect, report and answer methods by script.

use std::collections::HashMap;
use std::time::Duration;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::sync::watch;

use super::IotHub;
use super::configurations::Scope;
use super::device_error::DeviceError;
use super::errors::Result;
use super::twins::TwinKey;

/// How a simulated device answers a direct method.
///
/// ```
/// use azure_iot_emulator::MethodScript;
///
/// let script: MethodScript = serde_json::from_str(r#"{"type": "reply", "status": 200, "payload": [1]}"#).unwrap();
/// assert_eq!(script, MethodScript::reply(200, serde_json::json!([1])));
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
#[non_exhaustive]
pub enum MethodScript {
    /// With a status and a payload of its own.
    Reply {
        /// What the device makes of the call; HTTP's numbers are a custom.
        status: i32,
        /// Any JSON.
        #[serde(default)]
        payload: Value,
        /// The time that the device takes, by the hub's clock.
        #[serde(default)]
        delay_milliseconds: u64,
    },
    /// With the payload of the request.
    Echo {
        /// What the device makes of the call.
        status: i32,
    },
    /// Never.
    Silent,
}

impl MethodScript {
    /// An answer at once.
    pub fn reply(status: i32, payload: Value) -> Self {
        Self::Reply {
            status,
            payload,
            delay_milliseconds: 0,
        }
    }

    /// An answer that takes its time.
    pub fn reply_after(delay: Duration, status: i32, payload: Value) -> Self {
        let delay_milliseconds = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        Self::Reply {
            status,
            payload,
            delay_milliseconds,
        }
    }
}

/// The scripts of all devices and modules.
#[derive(Debug)]
pub(crate) struct Scripts {
    /// By generation, so that a device that is registered anew has none.
    methods: Mutex<HashMap<u64, HashMap<String, MethodScript>>>,
    /// Tells waiting calls that a device came or learned something.
    changes: watch::Sender<u64>,
}

impl Default for Scripts {
    fn default() -> Self {
        Self {
            methods: Mutex::default(),
            changes: watch::Sender::new(0),
        }
    }
}

impl Scripts {
    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    pub(crate) fn method(&self, generation: u64, name: &str) -> Option<MethodScript> {
        self.methods.lock().get(&generation)?.get(name).cloned()
    }

    pub(crate) fn changed(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }
}

impl IotHub {
    /// Has a device or module answer a direct method by a script; it must be connected as well to be called.
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

    /// Writes reported properties, as a device does: a merge patch.
    ///
    /// # Errors
    /// If there is no such device or module, or the properties break a limit.
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

    /// Says which model a device or module follows, as it does when it connects.
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
        let mut store = self.store.write();
        let twin = &mut key.find_mut(&mut store)?.twin;
        twin.model_id = Some(model_id.to_owned()).filter(|id| !id.is_empty());
        Ok(())
    }

    pub(crate) fn script(&self, key: TwinKey<'_>, method: &str, script: MethodScript) -> Result<()> {
        let generation = key.find(&self.store.read())?.identity().generation;
        let mut methods = self.scripts.methods.lock();
        methods
            .entry(generation)
            .or_default()
            .insert(method.to_owned(), script);
        drop(methods);
        self.scripts.changed();
        Ok(())
    }

    pub(crate) fn report(&self, key: TwinKey<'_>, patch: Map<String, Value>) -> Result<()> {
        let now = self.now();
        let mut store = self.store.write();
        let identity = key.find_mut(&mut store)?;
        identity.twin.report(patch, now)?;
        identity.connection.last_activity = Some(now);
        drop(store);
        self.reconcile(Scope::Device(key.device_id));
        Ok(())
    }

    pub(crate) fn connect(&self, key: TwinKey<'_>, connected: bool) -> Result<()> {
        let now = self.now();
        let mut store = self.store.write();
        let connection = &mut key.find_mut(&mut store)?.connection;
        if connection.connected != connected {
            connection.updated = Some(now);
        }
        connection.connected = connected;
        connection.last_activity = Some(now);
        drop(store);
        self.reconcile(Scope::Device(key.device_id));
        self.scripts.changed();
        Ok(())
    }
}
