//! Applies configurations: finds the twins that they target and writes their desired properties.
//!
//! The service does this every few minutes, the emulator after every write that may affect the result. Values that
//! configurations set are restored if they are overwritten.

use serde_json::{Map, json};

use crate::iothub::configurations::scope::Scope;
use crate::iothub::configurations::twin_update::{DesiredUpdate, TwinUpdate};
use crate::iothub::configurations::{authorship, settings, twin_update};
use crate::iothub::errors::Result;
use crate::iothub::hub::IotHub;
use crate::iothub::rules::additions::AdditionsWrite;
use crate::iothub::rules::identity_input::ModuleWrite;
use crate::iothub::rules::twin_patch::TwinChange;
use crate::iothub::store::Store;
use crate::iothub::store::content::{Content, Settings};
use crate::iothub::store::identity::{Authentication, ConfigurationStatus};
use crate::iothub::store::twin_key::TwinKey;
use crate::timestamp::Timestamp;

impl IotHub {
    /// Applies the configurations to the devices in `scope`.
    pub(crate) fn reconcile(&self, scope: Scope<'_>) {
        // Most hubs have no configurations. Their requests should not have to wait for the write lock.
        if matches!(scope, Scope::Device(_)) && self.read(|store| store.configurations.is_empty()) {
            return;
        }
        let now = self.now();
        self.write(|store| store.reconcile(scope, now));
    }
}

impl Store {
    /// Applies the configurations to the devices in `scope`.
    pub(crate) fn reconcile(&mut self, scope: Scope<'_>, now: Timestamp) {
        let configurations = twin_update::parse_all(self.configurations.values());
        let device_ids: Vec<String> = match scope {
            Scope::Device(device_id) => vec![device_id.to_owned()],
            Scope::All => self.devices.keys().cloned().collect(),
        };
        for device_id in device_ids {
            // The request may have deleted the device.
            let Some(device) = self.devices.get(&device_id) else {
                continue;
            };
            for update in twin_update::of_device(device, &configurations) {
                if let Err(error) = self.apply_update(&device_id, update, now) {
                    tracing::warn!(device_id, error = error.text, "could not apply a configuration");
                }
            }
        }
    }

    fn apply_update(&mut self, device_id: &str, update: TwinUpdate, now: Timestamp) -> Result<()> {
        let module_id = update.module_id.as_deref();
        let device = self.device(device_id)?;
        let existing = match module_id {
            None => Some(&device.identity),
            Some(module_id) => device.modules.get(module_id).map(|module| &module.identity),
        };
        let empty = Map::new();
        let current = existing.map_or(&empty, |identity| &identity.twin.desired.values);
        let patch = update
            .desired
            .map(|desired| (settings::difference(current, &desired.values), desired.authored))
            .filter(|(patch, _)| !patch.is_empty());
        let is_new = existing.is_none();
        let unchanged = existing.is_some_and(|identity| identity.configurations == update.statuses);
        if unchanged && patch.is_none() {
            return Ok(());
        }
        if let Some(module_id) = module_id.filter(|_| is_new) {
            let write = ModuleWrite {
                managed_by: Some("iotEdge".to_owned()),
                authentication: Authentication::generated(),
                additions: AdditionsWrite::default(),
            };
            self.create_module(device_id, module_id, write, now)?;
        }
        let key = TwinKey { device_id, module_id };
        let identity = key.find_mut(self)?;
        let applied = match patch {
            Some((patch, authored)) => {
                let twin = &mut identity.twin;
                TwinChange::new(None, Some(json!({ "desired": patch })))
                    .and_then(|change| twin.apply(change, now))
                    .map(|()| authorship::record(&patch, &mut twin.desired.metadata, &authored))
            }
            None => Ok(()),
        };
        if let (Some(module_id), true, Err(_)) = (module_id, is_new, &applied) {
            // A module whose properties are refused is not created.
            self.device_mut(device_id)?.modules.remove(module_id);
            return applied;
        }
        identity.configurations = update.statuses;
        if applied.is_err() {
            for status in identity.configurations.values_mut() {
                *status = ConfigurationStatus::Targeted;
            }
        }
        applied
    }

    /// Applies content to one edge device: all of it, or nothing if a part is refused.
    pub(crate) fn apply_content(&mut self, device_id: &str, content: &Content, now: Timestamp) -> Result<()> {
        let device = self.device(device_id)?;
        let mut parts: Vec<(Option<String>, &Settings)> = content
            .modules()
            .map(|(name, settings)| (Some(name.clone()), settings))
            .collect();
        parts.extend(content.own().map(|settings| (None, settings)));
        let updates: Vec<TwinUpdate> = parts
            .into_iter()
            .map(|(module_id, settings)| {
                let identity = match &module_id {
                    None => Some(&device.identity),
                    Some(id) => device.modules.get(id).map(|module| &module.identity),
                };
                // A module that does not exist yet has no desired properties.
                let mut values = identity
                    .map(|identity| identity.twin.desired.values.clone())
                    .unwrap_or_default();
                settings::apply(&mut values, settings);
                TwinUpdate {
                    module_id,
                    statuses: identity
                        .map(|identity| identity.configurations.clone())
                        .unwrap_or_default(),
                    desired: Some(DesiredUpdate {
                        values,
                        authored: Vec::new(),
                    }),
                }
            })
            .collect();
        let before = device.clone();
        let applied = updates
            .into_iter()
            .try_for_each(|update| self.apply_update(device_id, update, now));
        if applied.is_err() {
            *self.device_mut(device_id)? = before;
        }
        applied
    }
}
