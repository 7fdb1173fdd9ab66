//! Enrollment policies: allocation, reprovisioning and certificate issuance.

use azure_core::credentials::Secret;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::secret;

azure_service_core::open_enum! {
    /// Whether the devices of an enrollment may register.
    pub enum ProvisioningStatus {
        /// Devices may register.
        Enabled = "enabled",
        /// Devices may not register.
        Disabled = "disabled",
    }
}

azure_service_core::open_enum! {
    /// Policy for choosing a hub for a device.
    pub enum AllocationPolicy {
        /// Chooses by the hash of the registration id, which spreads devices evenly.
        Hashed = "hashed",
        /// Chooses by network latency.
        GeoLatency = "geoLatency",
        /// Chooses the hub that the enrollment names.
        Static = "static",
        /// Lets a webhook choose.
        Custom = "custom",
    }
}

/// Policy for choosing a hub for a device, with its parameters. An enrollment without one uses the allocation policy of
/// the service.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Allocation {
    /// Spreads devices evenly over these hubs, which must be linked to the service. An empty list means all linked
    /// hubs.
    Hashed(Vec<String>),
    /// Chooses the hub with the shortest network latency among these. An empty list means all linked hubs.
    GeoLatency(Vec<String>),
    /// Assigns this hub.
    Static(String),
    /// Lets a webhook choose among these hubs. An empty list means all linked hubs.
    Custom(CustomAllocation, Vec<String>),
}

/// A webhook that chooses a hub for a device. `Debug` does not show its URL, which may contain a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CustomAllocation {
    /// HTTPS URL of the webhook.
    #[serde(default, with = "secret")]
    pub webhook_url: Option<Secret>,
    /// API version of the requests to the webhook, such as `2021-10-01`.
    pub api_version: String,
    /// Unknown members, as the service wrote them.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl CustomAllocation {
    /// Creates a webhook from its URL and the API version of the requests that it accepts, `2018-09-01-preview` or
    /// later.
    #[must_use]
    pub fn new(webhook_url: impl Into<Secret>, api_version: impl Into<String>) -> Self {
        Self {
            webhook_url: Some(webhook_url.into()),
            api_version: api_version.into(),
            extra: Map::new(),
        }
    }
}

/// Policy for an assigned device that registers again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct ReprovisionPolicy {
    /// Whether the device may move to another hub.
    pub update_hub_assignment: bool,
    /// Whether the twin moves with the device. Otherwise it is reset to the initial twin of the enrollment.
    pub migrate_device_data: bool,
    /// Unknown members, as the service wrote them.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Default for ReprovisionPolicy {
    fn default() -> Self {
        Self::migrate()
    }
}

impl ReprovisionPolicy {
    fn new(update_hub_assignment: bool, migrate_device_data: bool) -> Self {
        Self {
            update_hub_assignment,
            migrate_device_data,
            extra: Map::new(),
        }
    }

    /// Returns the policy that lets the device move to another hub with its twin. This is the service's default.
    #[must_use]
    pub fn migrate() -> Self {
        Self::new(true, true)
    }

    /// Returns the policy that lets the device move to another hub, where it starts with the initial twin.
    #[must_use]
    pub fn reset() -> Self {
        Self::new(true, false)
    }

    /// Returns the policy that keeps the device in its hub.
    #[must_use]
    pub fn never() -> Self {
        Self::new(false, false)
    }
}

/// The issuance of client certificates by Azure Device Registry. The three names must be set together.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CertificateIssuance {
    /// Name of the Azure Device Registry namespace.
    pub namespace_name: String,
    /// Name of the certificate authority in the namespace.
    pub certificate_authority_name: String,
    /// Name of the policy by which the certificate authority issues certificates.
    pub certificate_policy_name: String,
}

impl CertificateIssuance {
    /// Creates the settings for issuance by a certificate authority in a namespace.
    #[must_use]
    pub fn new(
        namespace_name: impl Into<String>,
        certificate_authority_name: impl Into<String>,
        certificate_policy_name: impl Into<String>,
    ) -> Self {
        Self {
            namespace_name: namespace_name.into(),
            certificate_authority_name: certificate_authority_name.into(),
            certificate_policy_name: certificate_policy_name.into(),
        }
    }
}

/// The capabilities of a device identity.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct DeviceCapabilities {
    /// Whether the device is an IoT Edge device.
    pub iot_edge: bool,
    /// Unknown members, as the service wrote them.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}
