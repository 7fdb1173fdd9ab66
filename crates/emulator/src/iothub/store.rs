//! All that a hub remembers.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::blobs::Container;
use super::configurations::Configuration;
use super::errors::{HubError, Result};
use super::jobs::Job;
use super::messaging::MessagingState;
use super::model::{Device, Module};
use super::timestamp::Timestamp;
use super::tracked::Tracked;
use super::transfers::Transfer;

/// The devices by id, in the order that lists and queries answer with.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Store {
    pub(crate) devices: Tracked<Device>,
    #[serde(default)]
    pub(crate) configurations: Tracked<Configuration>,
    /// Scheduled jobs.
    #[serde(default)]
    pub(crate) jobs: Tracked<Job>,
    /// Import and export jobs.
    #[serde(default)]
    pub(crate) transfers: Tracked<Transfer>,
    /// Blobs by container and name.
    #[serde(default)]
    pub(crate) containers: Tracked<Container>,
    /// The last generation given out, so that no two identities share one even while the clock stands still.
    last_generation: u64,
    #[serde(default)]
    pub(crate) messaging: MessagingState,
}

impl Store {
    /// Reads dumped state, and checks what types can't: that every key is the id it stands for.
    pub(crate) fn deserialize_checked(state: &Value) -> std::result::Result<Self, String> {
        let store = Self::deserialize(state).map_err(|error| error.to_string())?;
        for (id, device) in store.devices.iter() {
            let modules_agree = device.modules.iter().all(|(id, module)| *id == module.id);
            if *id != device.id || !modules_agree {
                return Err(format!(
                    "the device {id:?} or one of its modules is filed under another id"
                ));
            }
        }
        if let Some((id, _)) = store.configurations.iter().find(|(id, found)| **id != found.id) {
            return Err(format!("the configuration {id:?} is filed under another id"));
        }
        Ok(store)
    }

    pub(crate) fn next_generation(&mut self, now: Timestamp) -> u64 {
        self.last_generation = now.ticks().max(self.last_generation + 1);
        self.last_generation
    }

    pub(crate) fn device(&self, device_id: &str) -> Result<&Device> {
        self.devices
            .get(device_id)
            .ok_or_else(|| HubError::device_not_found(device_id))
    }

    pub(crate) fn device_mut(&mut self, device_id: &str) -> Result<&mut Device> {
        self.devices
            .get_mut(device_id)
            .ok_or_else(|| HubError::device_not_found(device_id))
    }
}

impl Device {
    pub(crate) fn module(&self, module_id: &str) -> Result<&Module> {
        self.modules
            .get(module_id)
            .ok_or_else(|| HubError::module_not_found(module_id))
    }

    pub(crate) fn module_mut(&mut self, module_id: &str) -> Result<&mut Module> {
        self.modules
            .get_mut(module_id)
            .ok_or_else(|| HubError::module_not_found(module_id))
    }
}
