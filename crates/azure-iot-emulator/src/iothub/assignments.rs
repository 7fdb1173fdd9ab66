//! Devices that a provisioning service assigns to the hub.

use serde_json::json;

use crate::iothub::configurations::scope::Scope;
use crate::iothub::errors::Result;
use crate::iothub::hub::IotHub;
use crate::iothub::rules::additions::AdditionsWrite;
use crate::iothub::rules::identity_input;
use crate::iothub::rules::identity_input::DeviceWrite;
use crate::iothub::rules::twin_patch::{TwinChange, TwinWrite};
use crate::iothub::store::identity::{Authentication, Device};
use crate::iothub::store::twin::Twin;
use crate::service::assignment::{AssignedDevice, AssignmentError, AssignmentTarget, DeviceCredentials};

impl From<DeviceCredentials> for Authentication {
    fn from(credentials: DeviceCredentials) -> Self {
        match credentials {
            DeviceCredentials::Keys { primary, secondary } => Self::Sas {
                primary_key: primary,
                secondary_key: secondary,
            },
            DeviceCredentials::Thumbprint(thumbprint) => Self::SelfSigned {
                primary_thumbprint: Some(thumbprint),
                secondary_thumbprint: None,
            },
        }
    }
}

impl AssignmentTarget for IotHub {
    fn assign(&self, device: AssignedDevice) -> std::result::Result<(), AssignmentError> {
        self.assign_device(device).map_err(|error| AssignmentError {
            code: error.code.number(),
            message: error.text,
        })
    }
}

impl IotHub {
    fn assign_device(&self, assigned: AssignedDevice) -> Result<()> {
        identity_input::check_id(&assigned.device_id)?;
        let body = json!({ "tags": assigned.tags, "properties": { "desired": assigned.desired } });
        let change = TwinChange::parse(body.to_string().as_bytes(), TwinWrite::Replace)?;
        let is_empty = assigned.tags.is_empty() && assigned.desired.is_empty();
        let (device_id, now) = (assigned.device_id.clone(), self.now());
        self.write(|store| -> Result<()> {
            let existing = store.devices.get(&device_id);
            let exists = existing.is_some();
            let twin = match existing {
                Some(_) if !assigned.resets_twin => None,
                None if is_empty => None,
                existing => {
                    let twin = existing.map(|device| device.identity.twin.clone());
                    let mut twin = twin.unwrap_or_else(|| Twin::new(now));
                    // Validated before the identity is written, so that an error leaves the identity unchanged.
                    twin.apply(change, now)?;
                    Some(twin)
                }
            };
            let write = device_write(assigned.credentials, assigned.edge, existing);
            if exists {
                store.update_device(&device_id, write, now)?;
            } else {
                store.create_device(&device_id, write, now)?;
            }
            if let Some(twin) = twin {
                store.device_mut(&device_id)?.identity.twin = twin;
            }
            Ok(())
        })?;
        self.reconcile(Scope::Device(&device_id));
        Ok(())
    }
}

/// Returns the write for a device. Members that an enrollment does not have keep their values.
fn device_write(credentials: DeviceCredentials, edge: bool, existing: Option<&Device>) -> DeviceWrite {
    // A device gets a new scope when it becomes an edge device or stops being one.
    let linked = existing.filter(|device| device.edge == edge);
    DeviceWrite {
        enabled: existing.is_none_or(|device| device.enabled),
        status_reason: existing.and_then(|device| device.status_reason.clone()),
        authentication: credentials.into(),
        edge,
        scope: linked.and_then(|device| device.scope.clone()),
        parent_scopes: linked
            .map(|device| device.parent_scopes.clone())
            .unwrap_or_default(),
        additions: AdditionsWrite::default(),
    }
}
