//! What became of a job on one device.

use azure_protocol_runtime::DateTime;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What became of a job on one device: a row of `SELECT * FROM devices.jobs`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct DeviceJob {
    /// The device's id.
    pub device_id: String,
    /// The module's id, if the job is about a module.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub module_id: Option<String>,
    /// The job's id.
    pub job_id: String,
    /// What the job does: `scheduleUpdateTwin` or `scheduleDeviceMethod`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_type: Option<String>,
    /// How far it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<DeviceJobStatus>,
    /// When the job began on this device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time_utc: Option<DateTime>,
    /// When the job ended on this device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_time_utc: Option<DateTime>,
    /// When the job was created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_date_time_utc: Option<DateTime>,
    /// When this row was last written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_updated_date_time_utc: Option<DateTime>,
    /// What the device answered, if the job calls a method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<DeviceJobOutcome>,
    /// Why the job failed on this device, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<DeviceJobError>,
    /// Members that this type does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

azure_service_core::open_enum! {
    /// How far a job is on one device.
    pub enum DeviceJobStatus {
        /// It waits.
        Pending = "pending",
        /// It has a time to begin.
        Scheduled = "scheduled",
        /// It runs.
        Running = "running",
        /// It has succeeded.
        Completed = "completed",
        /// It has failed.
        Failed = "failed",
        /// It was cancelled.
        Canceled = "canceled",
    }
}

/// What a device answered to a job.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct DeviceJobOutcome {
    /// The answer to the direct method, an object with `status` and `payload`.
    pub device_method_response: Option<Value>,
    /// Members that this type does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Why a job failed on a device.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct DeviceJobError {
    /// The service's code, digits or a name.
    pub code: Value,
    /// The service's explanation.
    pub description: Option<String>,
}
