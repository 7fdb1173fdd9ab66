//! Devices of Azure Device Registry, which a linked hub shows on its device identities.

use std::time::Duration;

use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize, Serializer};
use uuid::Uuid;

use crate::timestamp::Timestamp;

/// The creator that `systemData` names.
const CREATOR: &str = "emulator";
const CREATOR_KIND: &str = "Application";

/// The link of a hub to a namespace of the registry. A setting, not part of the state.
#[derive(Debug, Clone)]
pub(crate) struct RegistryLink {
    pub(crate) namespace: String,
    /// Time between the creation of an identity and that of its device in the registry.
    pub(crate) delay: Duration,
}

/// The device in the registry that belongs to a device identity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RegistryDevice {
    pub(crate) uuid: Uuid,
    pub(crate) etag: Uuid,
    pub(crate) namespace: String,
    /// Time from which the identity shows the device.
    pub(crate) created: Timestamp,
}

impl RegistryDevice {
    /// Creates the device of an identity that is created `now`.
    pub(crate) fn new(link: &RegistryLink, now: Timestamp) -> Self {
        Self {
            uuid: Uuid::new_v4(),
            etag: Uuid::new_v4(),
            namespace: link.namespace.clone(),
            created: now.saturating_add(link.delay),
        }
    }

    /// Returns the id of the device in Azure Resource Manager. The subscription and the group are placeholders.
    pub(crate) fn resource_id(&self, device_id: &str) -> String {
        format!(
            "/subscriptions/{}/resourceGroups/emulator/providers/Microsoft.DeviceRegistry/namespaces/{}/devices/{device_id}",
            Uuid::nil(),
            self.namespace
        )
    }
}

/// The `adrDeviceProperties` of a device identity.
pub(crate) struct RegistryDeviceView<'a> {
    pub(crate) device_id: &'a str,
    pub(crate) device: &'a RegistryDevice,
}

impl Serialize for RegistryDeviceView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_struct("AdrDeviceProperties", 4)?;
        map.serialize_field("uuid", &self.device.uuid)?;
        map.serialize_field("name", self.device_id)?;
        map.serialize_field("etag", &self.device.etag)?;
        map.serialize_field("systemData", &SystemData(self.device.created))?;
        map.end()
    }
}

/// The `systemData` of a device that was not changed since its creation.
struct SystemData(Timestamp);

impl Serialize for SystemData {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_struct("SystemData", 6)?;
        map.serialize_field("createdAt", &self.0)?;
        map.serialize_field("createdBy", CREATOR)?;
        map.serialize_field("createdByType", CREATOR_KIND)?;
        map.serialize_field("lastModifiedAt", &self.0)?;
        map.serialize_field("lastModifiedBy", CREATOR)?;
        map.serialize_field("lastModifiedByType", CREATOR_KIND)?;
        map.end()
    }
}
