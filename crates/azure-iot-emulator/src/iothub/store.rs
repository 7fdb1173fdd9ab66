//! The store: all records of a hub. It imports nothing from the layers above, and its only error is
//! [`NotFound`].

pub(super) mod api_version;
pub(super) mod blob;
pub(super) mod configuration;
pub(super) mod content;
pub(super) mod device_registry;
pub(super) mod etag;
pub(super) mod identity;
pub(super) mod job;
pub(super) mod lock;
pub(super) mod message;
pub(super) mod messaging_state;
pub(super) mod not_found;
pub(super) mod notifications;
pub(super) mod queue;
pub(super) mod timestamp;
pub(super) mod transfer;
pub(super) mod twin;
pub(super) mod twin_key;
pub(super) mod view;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::durable::{StateChange, Tracked, TrackedGroups};
use crate::iothub::store::blob::Blob;
use crate::iothub::store::configuration::Configuration;
use crate::iothub::store::device_registry::RegistryLink;
use crate::iothub::store::identity::{Device, Module};
use crate::iothub::store::job::Job;
use crate::iothub::store::messaging_state::MessagingState;
use crate::iothub::store::not_found::NotFound;
use crate::iothub::store::transfer::Transfer;
use crate::timestamp::Timestamp;

/// The records of a hub by id, in the order of lists and queries.
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
    pub(crate) containers: TrackedGroups<Blob>,
    /// The last assigned generation, so that generations stay unique even if the clock does not move.
    last_generation: u64,
    #[serde(default)]
    pub(crate) messaging: MessagingState,
    /// Set if the hub is linked to Azure Device Registry.
    #[serde(skip)]
    pub(crate) registry_link: Option<RegistryLink>,
    #[serde(skip)]
    journal: JournalState,
}

/// The last journaled values of the members of a [`Store`] that are not tracked.
#[derive(Debug, Default)]
enum JournalState {
    /// Changes are not recorded, because there is no journal.
    #[default]
    Off,
    /// The whole store was replaced since the last call of [`Store::take_changes`].
    Replaced,
    /// The members as of the last call. They are small, so a change writes them completely.
    Known(Map<String, Value>),
}

impl Store {
    /// Deserializes dumped state and checks that every key is the id of its record.
    pub(crate) fn deserialize_checked(state: &Value) -> Result<Self, String> {
        let store = Self::deserialize(state).map_err(|error| error.to_string())?;
        for (id, device) in store.devices.iter() {
            let modules_agree = device.modules.iter().all(|(id, module)| *id == module.id);
            if *id != device.id || !modules_agree {
                return Err(format!(
                    "the id of the device \"{id}\" or of one of its modules differs from its key"
                ));
            }
        }
        if let Some((id, _)) = store.configurations.iter().find(|(id, found)| **id != found.id) {
            return Err(format!(
                "the id of the configuration \"{id}\" differs from its key"
            ));
        }
        Ok(store)
    }

    /// Starts recording changes.
    pub(crate) fn record_changes(&mut self) {
        self.devices.record();
        self.configurations.record();
        self.jobs.record();
        self.transfers.record();
        self.containers.record();
        self.journal = JournalState::Known(self.untracked());
    }

    /// Replaces the records. The next line of the journal has the whole state.
    pub(crate) fn replace(&mut self, other: Self) {
        let is_recorded = !matches!(self.journal, JournalState::Off);
        let registry_link = self.registry_link.take();
        *self = Self {
            registry_link,
            ..other
        };
        if is_recorded {
            self.record_changes();
            self.journal = JournalState::Replaced;
        }
    }

    /// Returns the changes since the last call.
    pub(crate) fn take_changes(&mut self) -> Vec<StateChange> {
        let untracked = self.untracked();
        let known = std::mem::replace(&mut self.journal, JournalState::Known(untracked.clone()));
        let mut changes = self.take_tracked_changes();
        match known {
            JournalState::Replaced => {
                return vec![StateChange {
                    path: Vec::new(),
                    value: Some(to_json(self)),
                }];
            }
            JournalState::Known(known) if known == untracked => {}
            JournalState::Known(_) | JournalState::Off => {
                changes.extend(untracked.into_iter().map(|(key, value)| StateChange {
                    path: vec![key],
                    value: Some(value),
                }));
            }
        }
        changes
    }

    fn take_tracked_changes(&mut self) -> Vec<StateChange> {
        [
            self.devices.take_changes(&["devices"]),
            self.configurations.take_changes(&["configurations"]),
            self.jobs.take_changes(&["jobs"]),
            self.transfers.take_changes(&["transfers"]),
            self.containers.take_changes("containers"),
        ]
        .concat()
    }

    /// Returns the whole state as JSON, the input of [`deserialize_checked`](Self::deserialize_checked).
    pub(crate) fn dump(&self) -> Value {
        to_json(self)
    }

    fn untracked(&self) -> Map<String, Value> {
        Map::from_iter([
            ("lastGeneration".to_owned(), json!(self.last_generation)),
            ("messaging".to_owned(), to_json(&self.messaging)),
        ])
    }

    /// Returns the generation of a new identity: the time in ticks, or the next unused number.
    pub(crate) fn next_generation(&mut self, now: Timestamp) -> u64 {
        self.last_generation = now.ticks().max(self.last_generation + 1);
        self.last_generation
    }

    pub(crate) fn blob(&self, container: &str, name: &str) -> Option<&Blob> {
        self.containers.get(container)?.get(name)
    }

    /// Writes a blob, and creates its container if needed.
    pub(crate) fn put_blob(&mut self, container: &str, name: &str, blob: Blob) {
        self.containers.insert(container, name, blob);
    }

    pub(crate) fn device(&self, device_id: &str) -> Result<&Device, NotFound> {
        self.devices
            .get(device_id)
            .ok_or_else(|| NotFound::device(device_id))
    }

    pub(crate) fn device_mut(&mut self, device_id: &str) -> Result<&mut Device, NotFound> {
        self.devices
            .get_mut(device_id)
            .ok_or_else(|| NotFound::device(device_id))
    }
}

impl Device {
    pub(crate) fn module(&self, module_id: &str) -> Result<&Module, NotFound> {
        self.modules
            .get(module_id)
            .ok_or_else(|| NotFound::module(module_id))
    }

    pub(crate) fn module_mut(&mut self, module_id: &str) -> Result<&mut Module, NotFound> {
        self.modules
            .get_mut(module_id)
            .ok_or_else(|| NotFound::module(module_id))
    }
}

#[expect(
    clippy::expect_used,
    reason = "all map keys are strings, and records serialize"
)]
fn to_json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).expect("the store is valid JSON")
}
