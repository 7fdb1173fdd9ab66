//! Presets: the initial content of a new hub, `{"devices": […], "configurations": […]}`.

use serde::Deserialize;
use serde_json::Value;

use crate::error::PresetError;
use crate::iothub::configurations::scope::Scope;
use crate::iothub::hub::IotHub;
use crate::iothub::registry::bulk_item;
use crate::iothub::registry::bulk_item::BulkItem;
use crate::iothub::rules::object;
use crate::iothub::store::api_version::ApiVersion;
use crate::text::json_error_text;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Preset {
    #[serde(deserialize_with = "object::list")]
    devices: Vec<BulkItem>,
    configurations: Vec<Value>,
}

impl IotHub {
    /// Adds the devices and configurations of a preset.
    pub(crate) fn preset(&self, preset: &Value) -> Result<(), PresetError> {
        let preset = Preset::deserialize(preset).map_err(|error| PresetError::Malformed {
            reason: json_error_text(&error),
        })?;
        let (now, tier) = (self.now(), self.tier());
        self.write(|store| {
            for item in preset.devices {
                let (device_id, module_id) = item.ids();
                bulk_item::apply(store, item.for_import(), ApiVersion::NEWEST, now).map_err(|error| {
                    PresetError::Device {
                        device_id,
                        module_id,
                        reason: error.text,
                    }
                })?;
            }
            for body in preset.configurations {
                store
                    .import_configuration(body, tier, now)
                    .map_err(|error| PresetError::Configuration { reason: error.text })?;
            }
            store.reconcile(Scope::All, now);
            Ok(())
        })
    }
}
