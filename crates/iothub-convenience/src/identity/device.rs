//! Devices.

use azure_core::http::Etag;
use azure_protocol_runtime::DateTime;
use iothub_protocol::types;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::authentication::{Authentication, Proof};
use super::id::check_device_id;
use crate::error::{Error, Result};

/// The longest reason for a status, in characters.
const STATUS_REASON: usize = 128;

/// A device as the identity registry knows it.
///
/// It can be read but not serialised, because it holds keys. Debug output shows none.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct Device {
    /// The device's id.
    pub device_id: String,
    /// Tells this device from an earlier one with the same id.
    pub generation_id: Option<String>,
    /// The version of the identity, for conditional writes.
    pub etag: Option<Etag>,
    /// Whether the device is connected. May lag by minutes.
    pub connection_state: Option<ConnectionState>,
    /// Whether the device may connect.
    pub status: Option<DeviceStatus>,
    /// Why the status is what it is, as whoever set it wrote.
    pub status_reason: Option<String>,
    /// When the device last connected or disconnected.
    pub connection_state_updated_time: Option<DateTime>,
    /// When the status was set.
    pub status_updated_time: Option<DateTime>,
    /// When the device last connected, sent or received.
    pub last_activity_time: Option<DateTime>,
    /// How many cloud-to-device messages wait for the device.
    pub cloud_to_device_message_count: Option<i64>,
    /// How the device proves who it is, keys included if the caller may see them.
    pub authentication: Option<Authentication>,
    /// What the device can do.
    pub capabilities: Option<DeviceCapabilities>,
    /// The scope of the device: its own if it is an edge device, else that of its parent.
    pub device_scope: Option<String>,
    /// The scopes of the device's parents.
    pub parent_scopes: Option<Vec<String>>,
    /// Members that this type does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// What a device can do.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct DeviceCapabilities {
    /// Whether it is an edge device, which can host modules and stand between other devices and the hub.
    pub iot_edge: bool,
    /// Members that this type does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

azure_service_core::open_enum! {
    /// Whether a device may connect.
    pub enum DeviceStatus {
        /// It may.
        Enabled = "enabled",
        /// It may not.
        Disabled = "disabled",
    }
}

azure_service_core::open_enum! {
    /// Whether a device or module is connected.
    pub enum ConnectionState {
        /// It is not.
        Disconnected = "Disconnected",
        /// It is.
        Connected = "Connected",
    }
}

/// What a device may have beside id, proof and status.
///
/// An update replaces the whole identity: what is not given here is cleared. Start from
/// [`DeviceOptions::from`] the device that was read to keep it. For an edge device that is necessary, because its
/// scope must not change.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeviceOptions {
    /// Whether the device is an edge device.
    pub iot_edge: bool,
    /// Why the status is what it is; at most 128 characters.
    pub status_reason: Option<String>,
    /// For a leaf device the scope of its parent. Edge devices are given their own.
    pub device_scope: Option<String>,
    /// For an edge device the scope of its parent. For leaf devices the service copies
    /// [`device_scope`](Self::device_scope).
    pub parent_scopes: Option<Vec<String>>,
}

impl From<&Device> for DeviceOptions {
    fn from(device: &Device) -> Self {
        Self {
            iot_edge: device
                .capabilities
                .as_ref()
                .is_some_and(|capabilities| capabilities.iot_edge),
            status_reason: device.status_reason.clone(),
            device_scope: device.device_scope.clone(),
            parent_scopes: device.parent_scopes.clone(),
        }
    }
}

impl DeviceOptions {
    pub(crate) fn check(&self) -> Result<()> {
        let length = self
            .status_reason
            .as_ref()
            .map_or(0, |reason| reason.chars().count());
        if length > STATUS_REASON {
            return Err(Error::invalid_input(
                "status_reason",
                format!("has {length} characters, more than 128"),
            ));
        }
        Ok(())
    }
}

/// The body that creates or updates a device, unless the service would refuse it.
pub(crate) fn device_body(
    device_id: &str,
    proof: &Proof,
    status: &DeviceStatus,
    options: Option<DeviceOptions>,
) -> Result<types::Device> {
    check_device_id(device_id)?;
    let options = options.unwrap_or_default();
    options.check()?;
    Ok(types::Device {
        device_id: Some(device_id.to_owned()),
        status: Some(types::DeviceStatus::from(status)),
        status_reason: options.status_reason,
        authentication: Some(proof.checked()?),
        capabilities: Some(types::DeviceCapabilities {
            iot_edge: Some(options.iot_edge),
            ..Default::default()
        }),
        device_scope: options.device_scope,
        parent_scopes: options.parent_scopes,
        ..Default::default()
    })
}

impl From<&DeviceStatus> for types::DeviceStatus {
    fn from(status: &DeviceStatus) -> Self {
        match status {
            DeviceStatus::Enabled => Self::Enabled,
            DeviceStatus::Disabled => Self::Disabled,
            DeviceStatus::UnknownValue(text) => Self::UnknownValue(text.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_device_is_read_and_shows_no_key() {
        let device: Device = serde_json::from_value(json!({
            "deviceId": "edison1", "generationId": "635944482332920305", "etag": "MA==",
            "connectionState": "Disconnected", "status": "enabled", "statusReason": null,
            "connectionStateUpdatedTime": "0001-01-01T00:00:00", "cloudToDeviceMessageCount": 0,
            "authentication": {"symmetricKey": {"primaryKey": "Z2VoZWlt", "secondaryKey": "bm9jaCBlaW4="},
                "x509Thumbprint": {"primaryThumbprint": null, "secondaryThumbprint": null}, "type": "sas"},
            "capabilities": {"iotEdge": false}, "deviceScope": null, "parentScopes": [], "later": [1]
        }))
        .unwrap();
        let authentication = device.authentication.as_ref().unwrap();
        assert_eq!(authentication.kind, Some(AuthenticationType::Sas));
        let keys = authentication.symmetric_key.as_ref().unwrap();
        assert_eq!(keys.primary().unwrap().secret(), "Z2VoZWlt");
        assert!(device.connection_state_updated_time.as_ref().unwrap().is_never());
        assert_eq!(device.extra["later"], json!([1]));
        let text = format!("{device:?}");
        assert!(
            text.contains("edison1") && !text.contains("Z2VoZWlt") && !text.contains("bm9j"),
            "{text}"
        );
    }

    #[test]
    fn the_options_of_a_device_keep_what_it_has() {
        let device: Device = serde_json::from_value(json!({
            "deviceId": "e", "statusReason": "why", "capabilities": {"iotEdge": true},
            "deviceScope": "ms-azure-iot-edge://e-1", "parentScopes": ["ms-azure-iot-edge://p-1"]
        }))
        .unwrap();
        let options = DeviceOptions::from(&device);
        assert_eq!(
            options,
            DeviceOptions {
                iot_edge: true,
                status_reason: Some("why".into()),
                device_scope: Some("ms-azure-iot-edge://e-1".into()),
                parent_scopes: Some(vec!["ms-azure-iot-edge://p-1".into()]),
            }
        );
    }

    #[test]
    fn a_long_reason_is_refused() {
        let options = |length: usize| DeviceOptions {
            status_reason: Some("ü".repeat(length)),
            ..Default::default()
        };
        assert!(options(128).check().is_ok());
        assert!(options(129).check().unwrap_err().is_invalid_input());
    }

    use crate::identity::AuthenticationType;
}
