//! Modules.

use azure_core::http::Etag;
use azure_protocol_runtime::DateTime;
use azure_service_core::Precondition;
use iothub_protocol::types;
use serde::Serialize;

use crate::error::Result;
use crate::identity::authentication::Authentication;
use crate::identity::device::{ConnectionState, WithKeys};
use crate::identity::id::check_device_id;
use crate::model::{Member as _, Style, model};

model! {
    /// A module of a device in the identity registry.
    ///
    /// It serializes to what was read, with `REDACTED` in place of keys; [`with_keys`](Self::with_keys) shows them. `Debug`
    /// never does.
    pub struct Module as "module" {
        /// The module's id, unique on its device.
        pub module_id: String = "moduleId",
        /// Who manages the module: `iotEdge` for the modules of an edge device.
        pub managed_by: Option<String> = "managedBy",
        /// The device's id.
        pub device_id: String = "deviceId",
        /// Tells this module from an earlier one with the same id.
        pub generation_id: Option<String> = "generationId",
        /// The version of the identity. See [`precondition`](Self::precondition).
        pub etag: Option<Etag> = "etag",
        /// Whether the module is connected. May lag by minutes.
        pub connection_state: Option<ConnectionState> = "connectionState",
        /// When the module last connected or disconnected.
        pub connection_state_updated_time: Option<DateTime> = "connectionStateUpdatedTime",
        /// When the module last connected, sent or received.
        pub last_activity_time: Option<DateTime> = "lastActivityTime",
        /// How many cloud-to-device messages are queued for the module.
        pub cloud_to_device_message_count: Option<i64> = "cloudToDeviceMessageCount",
        /// How the module authenticates, with its keys if the caller may see them.
        pub authentication: Option<Authentication> = "authentication",
    }
}

impl Module {
    /// The precondition that the module has not been changed since it was read.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidResponse`](crate::ErrorKind::InvalidResponse) if it has no ETag.
    pub fn precondition(&self) -> Result<Precondition> {
        Ok(Precondition::from_etag(self.etag.clone())?)
    }

    /// The module for serialization with its keys. See [`Device::with_keys`](crate::Device::with_keys).
    #[must_use]
    pub fn with_keys(&self) -> impl Serialize {
        WithKeys(self.write(Style::READ_WITH_KEYS))
    }
}

/// Options of an identity of a module.
///
/// An update replaces the whole identity: fields that are not given are cleared.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ModuleOptions {
    /// Who manages the module: `iotEdge` for the modules of an edge device.
    pub managed_by: Option<String>,
}

impl From<&Module> for ModuleOptions {
    fn from(module: &Module) -> Self {
        Self {
            managed_by: module.managed_by.clone(),
        }
    }
}

/// The body that creates or updates a module, unless the service would refuse it. The module's id is checked by the
/// caller, because system modules can be updated but not created.
pub(crate) fn module_body(
    device_id: &str,
    module_id: &str,
    authentication: &Authentication,
    options: Option<ModuleOptions>,
) -> Result<types::Module> {
    check_device_id(device_id)?;
    Ok(types::Module {
        module_id: Some(module_id.to_owned()),
        managed_by: options.unwrap_or_default().managed_by,
        device_id: Some(device_id.to_owned()),
        authentication: Some(authentication.to_body()?),
        ..Default::default()
    })
}
