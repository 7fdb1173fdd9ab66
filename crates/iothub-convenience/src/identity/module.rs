//! Modules.

use azure_core::http::Etag;
use azure_protocol_runtime::DateTime;
use azure_service_core::Precondition;
use iothub_protocol::types;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::error::Result;
use crate::identity::attributes::check_attributes;
use crate::identity::authentication::Authentication;
use crate::identity::device::{ConnectionState, WithKeys};
use crate::identity::id::check_device_id;
use crate::model::{Member as _, Style, model};

model! {
    /// A module of a device in the identity registry.
    ///
    /// It serializes to the JSON that was read, with `REDACTED` in place of keys; [`with_keys`](Self::with_keys)
    /// includes them. `Debug` never shows keys.
    pub struct Module as "module" {
        /// The module's id, unique on its device.
        pub module_id: String = "moduleId",
        /// The manager of the module: `iotEdge` for the modules of an edge device.
        pub managed_by: Option<String> = "managedBy",
        /// The device's id.
        pub device_id: String = "deviceId",
        /// An id that distinguishes the module from an earlier one with the same module id.
        pub generation_id: Option<String> = "generationId",
        /// The ETag of the identity. See [`precondition`](Self::precondition).
        pub etag: Option<Etag> = "etag",
        /// The connection state. It may lag by minutes.
        pub connection_state: Option<ConnectionState> = "connectionState",
        /// The time of the last connect or disconnect.
        pub connection_state_updated_time: Option<DateTime> = "connectionStateUpdatedTime",
        /// The time at which the module last connected, sent or received a message.
        pub last_activity_time: Option<DateTime> = "lastActivityTime",
        /// The number of queued cloud-to-device messages.
        pub cloud_to_device_message_count: Option<i64> = "cloudToDeviceMessageCount",
        /// The authentication, with keys if the caller has the permission to read them.
        pub authentication: Option<Authentication> = "authentication",
        /// The attributes, by name. Services read and write them; modules do not see them. Since API version
        /// 2024-03-31.
        pub attributes: Option<Map<String, Value>> = "attributes",
    }
}

impl Module {
    /// Returns the precondition that the module has not changed since it was read.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidResponse`](crate::ErrorKind::InvalidResponse) if the module has no ETag.
    pub fn precondition(&self) -> Result<Precondition> {
        Ok(Precondition::from_etag(self.etag.clone())?)
    }

    /// Returns a value that serializes the module with its keys. See [`Device::with_keys`](crate::Device::with_keys).
    #[must_use]
    pub fn with_keys(&self) -> impl Serialize {
        WithKeys(self.write(Style::READ_WITH_KEYS))
    }
}

/// Options of the methods that create or update modules.
///
/// An update replaces the whole identity and clears fields that are not set. To keep them, start from
/// `CreateOrUpdateModuleOptions::from(&module)`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CreateOrUpdateModuleOptions {
    /// The manager of the module: `iotEdge` for the modules of an edge device.
    pub managed_by: Option<String>,
    /// The attributes, by name, as in [`CreateOrUpdateDeviceOptions`](crate::CreateOrUpdateDeviceOptions).
    pub attributes: Option<Map<String, Value>>,
}

impl From<&Module> for CreateOrUpdateModuleOptions {
    fn from(module: &Module) -> Self {
        Self {
            managed_by: module.managed_by.clone(),
            attributes: module.attributes.clone(),
        }
    }
}

/// Returns the body that creates or updates a module. Fails if the device's id, the credentials or the attributes are
/// invalid. The caller checks the module's id, because system modules can be updated but not created.
pub(crate) fn module_body(
    device_id: &str,
    module_id: &str,
    authentication: &Authentication,
    options: Option<CreateOrUpdateModuleOptions>,
) -> Result<types::Module> {
    check_device_id(device_id)?;
    let options = options.unwrap_or_default();
    check_attributes(options.attributes.as_ref())?;
    Ok(types::Module {
        module_id: Some(module_id.to_owned()),
        managed_by: options.managed_by,
        attributes: options.attributes,
        device_id: Some(device_id.to_owned()),
        authentication: Some(authentication.to_body()?),
        ..Default::default()
    })
}
