//! Edge devices: their scopes, and the links between parents and children.

use crate::iothub::codes::Code;
use crate::iothub::errors::{HubError, Result};
use crate::iothub::rules::identity_input::DeviceWrite;
use crate::iothub::store::Store;
use crate::iothub::store::identity::Device;
use crate::iothub::store::twin_key::TwinKey;

/// The modules that every edge device has.
pub(crate) const SYSTEM_MODULES: [&str; 2] = ["$edgeAgent", "$edgeHub"];

const SCOPE_PREFIX: &str = "ms-azure-iot-edge://";

/// Returns an error for a write to the twin of a system module, which only configurations can change.
pub(crate) fn check_twin_write(key: TwinKey<'_>) -> Result<()> {
    key.module_id.map_or(Ok(()), check_modification)
}

/// Returns an error if a module is a system module.
pub(crate) fn check_modification(module_id: &str) -> Result<()> {
    if SYSTEM_MODULES.contains(&module_id) {
        return Err(HubError::new(
            Code::SYSTEM_MODULE_MODIFY_UNAUTHORIZED_ACCESS,
            "Unauthorized to modify reserved module.",
        ));
    }
    Ok(())
}

/// The scopes of a device: an edge device's own scope or a leaf device's parent scope, and the scopes of its
/// parents.
#[derive(Debug, Default)]
pub(crate) struct Links {
    pub(crate) scope: Option<String>,
    pub(crate) parent_scopes: Vec<String>,
}

/// Returns the links of a new device. The scope of an edge device is generated; a scope in the request is ignored.
pub(crate) fn links_of_new(
    store: &Store,
    device_id: &str,
    generation: u64,
    write: &DeviceWrite,
) -> Result<Links> {
    if !write.edge {
        return leaf(store, device_id, write);
    }
    let parent_scopes = edge_parents(store, device_id, write)?;
    Ok(Links {
        scope: Some(format!("{SCOPE_PREFIX}{device_id}-{generation}")),
        parent_scopes,
    })
}

/// Returns the links of a device after an update.
pub(crate) fn links_of_updated(store: &Store, device: &Device, write: &DeviceWrite) -> Result<Links> {
    match (device.edge, write.edge) {
        (false, false) => leaf(store, &device.id, write),
        (true, true) => {
            if write.scope != device.scope {
                return Err(HubError::argument("Device scope is immutable"));
            }
            Ok(Links {
                scope: device.scope.clone(),
                parent_scopes: edge_parents(store, &device.id, write)?,
            })
        }
        // If the device becomes an edge device, the service omits the generation from the new scope, and responds
        // with 503 if the request has a scope.
        (false, true) if write.scope.is_none() => Ok(Links {
            scope: Some(format!("{SCOPE_PREFIX}{}-", device.id)),
            parent_scopes: edge_parents(store, &device.id, write)?,
        }),
        (false, true) => Err(HubError::new(
            Code::SERVICE_UNAVAILABLE,
            "The service is unavailable.",
        )),
        (true, false) => Ok(Links::default()),
    }
}

/// Returns the links of a leaf device. The request names the parent in `deviceScope`; the hub sets `parentScopes`.
fn leaf(store: &Store, device_id: &str, write: &DeviceWrite) -> Result<Links> {
    let Some(scope) = &write.scope else {
        return Ok(Links::default());
    };
    check_parent(store, device_id, scope)?;
    Ok(Links {
        scope: Some(scope.clone()),
        parent_scopes: vec![scope.clone()],
    })
}

/// Returns the parents of an edge device, which the request names in `parentScopes`.
fn edge_parents(store: &Store, device_id: &str, write: &DeviceWrite) -> Result<Vec<String>> {
    let parents: Vec<String> = write
        .parent_scopes
        .iter()
        .filter(|scope| !scope.is_empty())
        .cloned()
        .collect();
    if parents.len() > 1 {
        return Err(HubError::argument("A device can have at most one parent."));
    }
    parents
        .iter()
        .try_for_each(|scope| check_parent(store, device_id, scope))?;
    Ok(parents)
}

/// Checks that another edge device has this scope. A scope contains the id of its device, so no search is needed.
fn check_parent(store: &Store, device_id: &str, scope: &str) -> Result<()> {
    let parent = scope
        .strip_prefix(SCOPE_PREFIX)
        .and_then(|rest| rest.rsplit_once('-'))
        .map(|(id, _)| id);
    let found = parent
        .filter(|id| *id != device_id)
        .and_then(|id| store.devices.get(id))
        .is_some_and(|parent| parent.edge && parent.scope.as_deref() == Some(scope));
    if found {
        return Ok(());
    }
    Err(HubError::new(
        Code::INVALID_DEVICE_SCOPE,
        format!("There is no other edge device with the scope \"{scope}\"."),
    ))
}
