//! Records of registrations: the assignments of devices to hubs.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::provisioning::store::attestation::CertificateInfo;
use crate::timestamp::Timestamp;

/// The state of a device's registration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Registration {
    /// The id, spelled as in the first registration.
    pub(crate) id: String,
    pub(crate) etag: Uuid,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
    pub(crate) status: RegistrationStatus,
    /// The last assignment. A failed or pending registration keeps the previous one.
    pub(crate) assignment: Option<Assignment>,
    pub(crate) failure: Option<Failure>,
    pub(crate) proof: Proof,
    /// The payload for the device from the webhook of a custom allocation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) payload: Option<Value>,
    /// The id of the last operation.
    pub(crate) operation_id: String,
    /// Set while a webhook has not allocated a hub yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) pending: Option<PendingAllocation>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum RegistrationStatus {
    Assigning,
    Assigned,
    Failed,
    Disabled,
}

/// The device and the hub that it is assigned to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Assignment {
    pub(crate) hub: String,
    pub(crate) device_id: String,
    pub(crate) substatus: Substatus,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Substatus {
    InitialAssignment,
    DeviceDataMigrated,
    DeviceDataReset,
    ReprovisionedToInitialAssignment,
}

/// The error of a failed registration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Failure {
    pub(crate) code: u32,
    pub(crate) message: String,
}

/// The credentials with which the device registered. `group` is the id of its enrollment group; `None` for an individual
/// enrollment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "type")]
pub(crate) enum Proof {
    SymmetricKey {
        group: Option<String>,
    },
    X509 {
        group: Option<String>,
        certificate: Box<CertificateInfo>,
        /// The certificate of the group that signs the chain.
        signer: Option<Box<CertificateInfo>>,
    },
}

impl Proof {
    pub(crate) fn group(&self) -> Option<&str> {
        match self {
            Self::SymmetricKey { group } | Self::X509 { group, .. } => group.as_deref(),
        }
    }
}

/// The state of a custom allocation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PendingAllocation {
    /// Number of calls of the webhook so far.
    pub(crate) calls: u32,
    /// Time of the next call.
    pub(crate) next_call: Timestamp,
    /// The payload that the device sent.
    pub(crate) payload: Option<Value>,
}
