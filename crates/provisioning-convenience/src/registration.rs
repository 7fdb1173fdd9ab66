//! Device registrations.

use azure_core::http::Etag;
use azure_protocol_runtime::DateTime;
use azure_service_core::Precondition;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::Result;

azure_service_core::open_enum! {
    /// The state of a device's assignment.
    pub enum RegistrationStatus {
        /// The device has not been assigned.
        Unassigned = "unassigned",
        /// The assignment is in progress.
        Assigning = "assigning",
        /// The device has been assigned to a hub.
        Assigned = "assigned",
        /// The assignment failed.
        Failed = "failed",
        /// The enrollment is disabled.
        Disabled = "disabled",
    }
}

azure_service_core::open_enum! {
    /// Reason for the assignment of a device to its hub.
    pub enum AssignmentSubstatus {
        /// The device has been assigned for the first time.
        InitialAssignment = "initialAssignment",
        /// The device has moved to another hub with its twin.
        DeviceDataMigrated = "deviceDataMigrated",
        /// The device has moved to another hub, where it starts with the initial twin.
        DeviceDataReset = "deviceDataReset",
        /// The device has registered again and stays in its hub.
        ReprovisionedToInitialAssignment = "reprovisionedToInitialAssignment",
    }
}

/// The registration of a device: its hub, or the reason why it was not assigned.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct Registration {
    /// Registration id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registration_id: Option<String>,
    /// Time of the first registration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_date_time_utc: Option<DateTime>,
    /// Host name of the hub.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assigned_hub: Option<String>,
    /// Id of the device in the hub.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_id: Option<String>,
    /// State of the assignment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<RegistrationStatus>,
    /// Reason for the assignment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub substatus: Option<AssignmentSubstatus>,
    /// Error code of a failed assignment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<i32>,
    /// Error description of a failed assignment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
    /// Time of the last registration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_updated_date_time_utc: Option<DateTime>,
    /// ETag of the registration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub etag: Option<Etag>,
    /// Data for the device from the allocation webhook.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload: Option<Value>,
    /// Certificates issued for the device, leaf first, each as base64-encoded DER. Only
    /// [`register`](crate::ProvisioningDeviceClient::register) returns them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued_certificate_chain: Option<Vec<String>>,
    /// Unknown members, as the service wrote them.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Registration {
    /// Returns the precondition that the registration has not changed since it was read.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidResponse`](crate::ErrorKind::InvalidResponse) if the registration has no ETag.
    pub fn precondition(&self) -> Result<Precondition> {
        Ok(Precondition::from_etag(self.etag.clone())?)
    }
}
