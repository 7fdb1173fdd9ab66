//! All that a hub remembers.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::blobs::Container;
use super::configurations::Configuration;
use super::errors::{HubError, Result};
use super::jobs::Job;
use super::messaging::MessagingState;
use super::model::{Device, Module};
use super::timestamp::Timestamp;
use super::transfers::Transfer;
use crate::durable::{StateChange, Tracked};

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
    /// What a journal has of the parts that are not told apart; `None` as long as there is no journal.
    #[serde(skip)]
    journaled: Option<Value>,
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

    /// Notes changes from now on.
    pub(crate) fn record_changes(&mut self) {
        self.devices.record();
        self.configurations.record();
        self.jobs.record();
        self.transfers.record();
        self.containers.record();
        self.journaled = Some(self.rest());
    }

    /// Takes the place of another store; whoever records its changes hears of a whole new state.
    pub(crate) fn replace(&mut self, other: Self) {
        let is_recorded = self.journaled.is_some();
        *self = other;
        if is_recorded {
            self.record_changes();
            self.journaled = Some(Value::Null);
        }
    }

    /// What has changed since the last call.
    pub(crate) fn take_changes(&mut self) -> Vec<StateChange> {
        let rest = self.rest();
        let known = self.journaled.replace(rest.clone());
        let mut changes = self.noted();
        if known == Some(Value::Null) {
            // Every key of the store is a string and nothing else can fail.
            let value = serde_json::to_value(&*self).unwrap_or_default();
            return vec![StateChange {
                path: Vec::new(),
                value: Some(value),
            }];
        }
        if known.as_ref() != Some(&rest)
            && let Value::Object(rest) = rest
        {
            changes.extend(rest.into_iter().map(|(key, value)| StateChange {
                path: vec![key],
                value: Some(value),
            }));
        }
        changes
    }

    fn noted(&mut self) -> Vec<StateChange> {
        [
            self.devices.take_changes(&["devices"]),
            self.configurations.take_changes(&["configurations"]),
            self.jobs.take_changes(&["jobs"]),
            self.transfers.take_changes(&["transfers"]),
            self.containers.take_changes(&["containers"]),
        ]
        .concat()
    }

    /// The parts that are small enough to be written whenever they change.
    fn rest(&self) -> Value {
        json!({ "lastGeneration": self.last_generation, "messaging": self.messaging })
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
