//! Records of enrollments: individual ones and groups. The derived serialization defines the format of dumped state, not
//! the wire format.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::provisioning::store::attestation::Attestation;
use crate::timestamp::Timestamp;

/// The kinds of enrollments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EnrollmentKind {
    Individual,
    Group,
}

impl EnrollmentKind {
    /// Returns the member of its id.
    pub(crate) fn id_member(self) -> &'static str {
        match self {
            Self::Individual => "registrationId",
            Self::Group => "enrollmentGroupId",
        }
    }

    /// Returns the member of a bulk request that has its enrollments.
    pub(crate) fn list_member(self) -> &'static str {
        match self {
            Self::Individual => "enrollments",
            Self::Group => "enrollmentGroups",
        }
    }
}

/// An enrollment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Enrollment {
    /// The id, spelled as in the request that created the enrollment.
    pub(crate) id: String,
    pub(crate) etag: Uuid,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
    pub(crate) attestation: Attestation,
    pub(crate) settings: Settings,
}

/// The part of an enrollment that a write replaces, without the attestation.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) disabled: bool,
    pub(crate) edge: bool,
    /// The id of the device in the hub; only individual enrollments have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) device_id: Option<String>,
    /// Only individual enrollments have this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) device_information: Option<Map<String, Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) initial_twin: Option<InitialTwin>,
    pub(crate) reprovision: ReprovisionPolicy,
    pub(crate) allocation: AllocationPolicy,
    /// The hubs from which the allocation chooses; `None` for all linked hubs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) hubs: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) webhook: Option<Webhook>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) registry: Option<RegistryNames>,
}

/// The twin of a device that is assigned for the first time.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct InitialTwin {
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub(crate) tags: Map<String, Value>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub(crate) desired: Map<String, Value>,
}

/// The policy for a registration of a device that is assigned already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReprovisionPolicy {
    pub(crate) update_hub_assignment: bool,
    pub(crate) migrate_device_data: bool,
}

impl Default for ReprovisionPolicy {
    fn default() -> Self {
        Self {
            update_hub_assignment: true,
            migrate_device_data: true,
        }
    }
}

/// The choice of a hub.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum AllocationPolicy {
    #[default]
    Hashed,
    GeoLatency,
    Static,
    Custom,
}

/// The webhook of a custom allocation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Webhook {
    pub(crate) webhook_url: String,
    pub(crate) api_version: String,
}

/// Names in Azure Device Registry, which api-version 2026-11-01 has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RegistryNames {
    pub(crate) namespace_name: String,
    pub(crate) certificate_authority_name: String,
    pub(crate) certificate_policy_name: String,
}
