//! Modules.

use azure_core::http::Etag;
use azure_protocol_runtime::DateTime;
use iothub_protocol::types;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::authentication::{Authentication, Proof};
use super::device::ConnectionState;
use super::id::check_device_id;
use crate::error::Result;

/// A module of a device as the identity registry knows it.
///
/// It can be read but not serialised, because it holds keys. Debug output shows none.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct Module {
    /// The module's id, unique on its device.
    pub module_id: String,
    /// Who manages the module: `iotEdge` for the modules of an edge device.
    pub managed_by: Option<String>,
    /// The device's id.
    pub device_id: String,
    /// Tells this module from an earlier one with the same id.
    pub generation_id: Option<String>,
    /// The version of the identity, for conditional writes.
    pub etag: Option<Etag>,
    /// Whether the module is connected. May lag by minutes.
    pub connection_state: Option<ConnectionState>,
    /// When the module last connected or disconnected.
    pub connection_state_updated_time: Option<DateTime>,
    /// When the module last connected, sent or received.
    pub last_activity_time: Option<DateTime>,
    /// How many cloud-to-device messages wait for the module.
    pub cloud_to_device_message_count: Option<i64>,
    /// How the module proves who it is, keys included if the caller may see them.
    pub authentication: Option<Authentication>,
    /// Members that this type does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The body that creates or updates a module, unless the service would refuse it. The module's id is checked by the
/// caller, because system modules can be updated but not created.
pub(crate) fn module_body(
    device_id: &str,
    module_id: &str,
    managed_by: Option<&str>,
    proof: &Proof,
) -> Result<types::Module> {
    check_device_id(device_id)?;
    Ok(types::Module {
        module_id: Some(module_id.to_owned()),
        managed_by: managed_by.map(str::to_owned),
        device_id: Some(device_id.to_owned()),
        authentication: Some(proof.checked()?),
        ..Default::default()
    })
}
