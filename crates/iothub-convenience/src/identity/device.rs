//! Devices.

use azure_core::http::Etag;
use azure_protocol_runtime::DateTime;
use azure_service_core::Precondition;
use iothub_protocol::types;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::identity::attributes::check_attributes;
use crate::identity::authentication::Authentication;
use crate::identity::device_registry::{AdrDeviceProperties, ArmSyncStatus};
use crate::identity::id::check_device_id;
use crate::model::{Member as _, Style, model, plain_members};

/// The maximum length of a status reason, in characters.
const MAX_STATUS_REASON: usize = 128;

model! {
    /// A device in the identity registry.
    ///
    /// It serializes to the JSON that was read, with `REDACTED` in place of keys; [`with_keys`](Self::with_keys)
    /// includes them. `Debug` never shows keys.
    pub struct Device as "device" {
        /// The device's id.
        pub device_id: String = "deviceId",
        /// An id that distinguishes the device from an earlier one with the same device id.
        pub generation_id: Option<String> = "generationId",
        /// The ETag of the identity. See [`precondition`](Self::precondition).
        pub etag: Option<Etag> = "etag",
        /// The connection state. It may lag by minutes.
        pub connection_state: Option<ConnectionState> = "connectionState",
        /// The status: enabled or disabled.
        pub status: Option<DeviceStatus> = "status",
        /// The reason for the status.
        pub status_reason: Option<String> = "statusReason",
        /// The time of the last connect or disconnect.
        pub connection_state_updated_time: Option<DateTime> = "connectionStateUpdatedTime",
        /// The time of the last change of the status.
        pub status_updated_time: Option<DateTime> = "statusUpdatedTime",
        /// The time at which the device last connected, sent or received a message.
        pub last_activity_time: Option<DateTime> = "lastActivityTime",
        /// The number of queued cloud-to-device messages.
        pub cloud_to_device_message_count: Option<i64> = "cloudToDeviceMessageCount",
        /// The authentication, with keys if the caller has the permission to read them.
        pub authentication: Option<Authentication> = "authentication",
        /// The capabilities.
        pub capabilities: Option<DeviceCapabilities> = "capabilities",
        /// The device scope: of the device itself if it is an edge device, otherwise of its parent.
        pub device_scope: Option<String> = "deviceScope",
        /// The scopes of the device's parents.
        pub parent_scopes: Option<Vec<String>> = "parentScopes",
        /// The attributes, by name. Services read and write them; devices do not see them. Since API version
        /// 2024-03-31.
        pub attributes: Option<Map<String, Value>> = "attributes",
        /// The device in Azure Device Registry, if the hub is linked to a namespace. Since API version 2026-11-01.
        pub adr_device_properties: Option<AdrDeviceProperties> = "adrDeviceProperties",
        /// The state of the synchronization with Azure Resource Manager. Since API version 2026-11-01.
        pub arm_sync_status: Option<ArmSyncStatus> = "armSyncStatus",
        /// The resource id of the registry device in Azure Resource Manager. Since API version 2026-11-01.
        pub device_resource_id: Option<String> = "deviceResourceId",
    }
}

impl Device {
    /// Returns the precondition that the device has not changed since it was read.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidResponse`](crate::ErrorKind::InvalidResponse) if the device has no ETag.
    pub fn precondition(&self) -> Result<Precondition> {
        Ok(Precondition::from_etag(self.etag.clone())?)
    }

    /// Returns a value that serializes the device with its keys, for example for a protected backup.
    ///
    /// # Example
    ///
    /// ```
    /// use iothub_convenience::Device;
    /// use serde_json::json;
    ///
    /// let document = json!({"deviceId": "d", "authentication": {"symmetricKey": {"primaryKey": "c2VjcmV0"}}});
    /// let device: Device = serde_json::from_value(document.clone())?;
    /// assert_eq!(
    ///     serde_json::to_value(&device)?["authentication"]["symmetricKey"]["primaryKey"],
    ///     "REDACTED"
    /// );
    /// assert_eq!(serde_json::to_value(device.with_keys())?, document);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub fn with_keys(&self) -> impl Serialize {
        WithKeys(self.write(Style::READ_WITH_KEYS))
    }
}

/// A document with keys. It has no `Debug`.
pub(crate) struct WithKeys(pub(crate) Value);

impl Serialize for WithKeys {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

model! {
    /// The capabilities of a device.
    pub struct DeviceCapabilities as "capabilities" {
        /// Whether the device is an edge device, which hosts modules and connects other devices to the hub.
        pub iot_edge: bool = "iotEdge",
    }
}

azure_service_core::open_enum! {
    /// Whether a device may connect.
    pub enum DeviceStatus {
        /// The device may connect.
        Enabled = "enabled",
        /// The device may not connect.
        Disabled = "disabled",
    }
}

azure_service_core::open_enum! {
    /// The connection state of a device or module.
    pub enum ConnectionState {
        /// Not connected.
        Disconnected = "Disconnected",
        /// Connected.
        Connected = "Connected",
    }
}

plain_members!(DeviceStatus, ConnectionState);

/// Options of the methods that create or update devices.
///
/// An update replaces the whole identity and clears fields that are not set. To keep them, start from
/// `CreateOrUpdateDeviceOptions::from(&device)`. This is required for an edge device, because its scope is immutable.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CreateOrUpdateDeviceOptions {
    /// Whether the device is an edge device.
    pub iot_edge: bool,
    /// The reason for the status; at most 128 characters.
    pub status_reason: Option<String>,
    /// The scope of the parent, for a leaf device. The service assigns the scope of an edge device.
    pub device_scope: Option<String>,
    /// The scope of the parent, for an edge device. For leaf devices the service copies
    /// [`device_scope`](Self::device_scope).
    pub parent_scopes: Option<Vec<String>>,
    /// The attributes, by name. A name has at most 1 KB of UTF-8 and contains no `.`, `$`, space or control character.
    /// Values are strings, numbers, booleans and arrays. `None` sends none. Needs API version 2024-03-31; bulk
    /// operations cannot send them.
    pub attributes: Option<Map<String, Value>>,
}

impl From<&Device> for CreateOrUpdateDeviceOptions {
    fn from(device: &Device) -> Self {
        Self {
            iot_edge: device
                .capabilities
                .as_ref()
                .is_some_and(|capabilities| capabilities.iot_edge),
            status_reason: device.status_reason.clone(),
            device_scope: device.device_scope.clone(),
            parent_scopes: device.parent_scopes.clone(),
            attributes: device.attributes.clone(),
        }
    }
}

impl CreateOrUpdateDeviceOptions {
    pub(crate) fn check(&self) -> Result<()> {
        let length = self
            .status_reason
            .as_ref()
            .map_or(0, |reason| reason.chars().count());
        if length > MAX_STATUS_REASON {
            return Err(Error::invalid_input(
                "status_reason",
                format!("has {length} characters; at most {MAX_STATUS_REASON} are allowed"),
            ));
        }
        check_attributes(self.attributes.as_ref())
    }
}

/// Returns the body that creates or updates a device. Fails if the id, the credentials, the status reason or the
/// attributes are invalid.
pub(crate) fn device_body(
    device_id: &str,
    authentication: &Authentication,
    status: &DeviceStatus,
    options: Option<CreateOrUpdateDeviceOptions>,
) -> Result<types::Device> {
    check_device_id(device_id)?;
    let options = options.unwrap_or_default();
    options.check()?;
    Ok(types::Device {
        device_id: Some(device_id.to_owned()),
        status: Some(types::DeviceStatus::from(status)),
        status_reason: options.status_reason,
        authentication: Some(authentication.to_body()?),
        capabilities: Some(types::DeviceCapabilities {
            iot_edge: Some(options.iot_edge),
            ..Default::default()
        }),
        device_scope: options.device_scope,
        parent_scopes: options.parent_scopes,
        attributes: options.attributes,
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
    use crate::identity::AuthenticationType;
    use serde_json::json;

    #[test]
    fn debug_of_a_device_shows_no_key() {
        let device: Device = serde_json::from_value(json!({
            "deviceId": "edison1", "generationId": "635944482332920305", "etag": "MA==",
            "connectionState": "Disconnected", "status": "enabled", "statusReason": null,
            "connectionStateUpdatedTime": "0001-01-01T00:00:00", "cloudToDeviceMessageCount": 0,
            "authentication": {"symmetricKey": {"primaryKey": "c2VjcmV0LTE=", "secondaryKey": "c2VjcmV0LTI="},
                "x509Thumbprint": {"primaryThumbprint": null, "secondaryThumbprint": null}, "type": "sas"},
            "capabilities": {"iotEdge": false}, "deviceScope": null, "parentScopes": [], "later": [1]
        }))
        .unwrap();
        let authentication = device.authentication.as_ref().unwrap();
        assert_eq!(authentication.kind, Some(AuthenticationType::Sas));
        let keys = authentication.symmetric_key.as_ref().unwrap();
        assert_eq!(keys.primary().unwrap().secret(), "c2VjcmV0LTE=");
        assert!(device.connection_state_updated_time.as_ref().unwrap().is_never());
        assert_eq!(device.extra["later"], json!([1]));
        let text = format!("{device:?}");
        assert!(text.contains("edison1") && !text.contains("c2VjcmV0"), "{text}");
    }

    #[test]
    fn options_from_a_device_keep_its_fields() {
        let device: Device = serde_json::from_value(json!({
            "deviceId": "e", "statusReason": "why", "capabilities": {"iotEdge": true},
            "deviceScope": "ms-azure-iot-edge://e-1", "parentScopes": ["ms-azure-iot-edge://p-1"],
            "attributes": {"site": "oslo"}
        }))
        .unwrap();
        let options = CreateOrUpdateDeviceOptions::from(&device);
        assert_eq!(
            options,
            CreateOrUpdateDeviceOptions {
                iot_edge: true,
                status_reason: Some("why".into()),
                device_scope: Some("ms-azure-iot-edge://e-1".into()),
                parent_scopes: Some(vec!["ms-azure-iot-edge://p-1".into()]),
                attributes: json!({"site": "oslo"}).as_object().cloned(),
            }
        );
    }

    #[test]
    fn status_reason_has_at_most_128_characters() {
        let options = |length: usize| CreateOrUpdateDeviceOptions {
            status_reason: Some("ü".repeat(length)),
            ..Default::default()
        };
        assert!(options(128).check().is_ok());
        assert!(options(129).check().unwrap_err().is_invalid_input());
    }

    #[test]
    fn device_serializes_to_what_was_read_with_redacted_keys() {
        let document = json!({
            "deviceId": "d", "statusReason": null, "parentScopes": [], "capabilities": {"iotEdge": false}, "later": null,
            "authentication": {"symmetricKey": {"PrimaryKey": "a2V5", "secondaryKey": null}, "x509Thumbprint": {}, "type": "sas"}
        });
        let device: Device = serde_json::from_value(document.clone()).unwrap();
        assert_eq!(serde_json::to_value(device.with_keys()).unwrap(), document);
        let mut redacted = document;
        redacted["authentication"]["symmetricKey"]["PrimaryKey"] = json!("REDACTED");
        assert_eq!(serde_json::to_value(&device).unwrap(), redacted);
        let keys = device.authentication.unwrap().symmetric_key.unwrap();
        assert_eq!(serde_json::to_value(&keys).unwrap()["PrimaryKey"], "REDACTED");
    }

    /// HUB-REGISTRY-2, HUB-REGISTRY-3.
    #[test]
    fn members_of_the_device_registry_are_read() {
        let document = json!({
            "deviceId": "d", "deviceResourceId": "/subscriptions/s/d", "armSyncStatus": {"state": "Failed", "errorMessage": "why"},
            "adrDeviceProperties": {
                "uuid": "4f6c", "name": "d", "etag": "\"0a\"", "deviceTypeRefs": ["t"], "later": 1,
                "systemData": {"createdBy": "a", "createdByType": "User", "createdAt": "2026-11-01T00:00:00Z",
                    "lastModifiedBy": "b", "lastModifiedByType": "Application", "lastModifiedAt": null}
            },
            "authentication": {
                "type": "certificateAuthority", "policyResourceId": "/subscriptions/s/p",
                "x509CaValidation": {"scheme": "chain", "value": {"depth": 2}}
            }
        });
        let device: Device = serde_json::from_value(document.clone()).unwrap();
        let registry = device.adr_device_properties.as_ref().unwrap();
        assert_eq!(registry.uuid.as_deref(), Some("4f6c"));
        assert_eq!(registry.extra["later"], 1);
        let system = registry.system_data.as_ref().unwrap();
        assert_eq!(system.created_by_type.as_deref(), Some("User"));
        assert!(system.created_at.as_ref().unwrap().to_offset().is_some());
        let status = device.arm_sync_status.as_ref().unwrap();
        assert_eq!(status.error_message.as_deref(), Some("why"));
        let validation = device
            .authentication
            .as_ref()
            .unwrap()
            .x509_ca_validation
            .as_ref();
        assert_eq!(validation.unwrap().value.as_ref().unwrap()["depth"], 2);
        assert!(device.extra.is_empty(), "{:?}", device.extra);
        assert_eq!(serde_json::to_value(&device).unwrap(), document);
    }

    #[test]
    fn null_in_the_parent_scopes_is_accepted() {
        let document = json!({"deviceId": "d", "parentScopes": [null, "p"]});
        let device: Device = serde_json::from_value(document.clone()).unwrap();
        assert_eq!(device.parent_scopes, Some(vec!["p".to_owned()]));
        assert_eq!(serde_json::to_value(&device).unwrap(), document);
    }

    #[test]
    fn null_in_any_member_of_a_device_is_accepted() {
        for name in [
            "deviceId",
            "etag",
            "status",
            "connectionState",
            "lastActivityTime",
            "authentication",
            "capabilities",
            "attributes",
            "adrDeviceProperties",
            "armSyncStatus",
            "deviceResourceId",
        ] {
            let document = json!({ name: null });
            let device: Device = serde_json::from_value(document.clone()).unwrap();
            assert_eq!(serde_json::to_value(&device).unwrap(), document);
        }
    }
}
