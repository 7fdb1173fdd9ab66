//! Outcomes of jobs on single devices.

use azure_protocol_runtime::DateTime;
use serde_json::Value;

use crate::model::{model, plain_members};

model! {
    /// The outcome of a job on one device: a row of `SELECT * FROM devices.jobs`.
    pub struct DeviceJob as "device job" {
        /// The device's id.
        pub device_id: String = "deviceId",
        /// The module's id, if the job is about a module.
        pub module_id: Option<String> = "moduleId",
        /// The job's id.
        pub job_id: String = "jobId",
        /// The kind of the job: `scheduleUpdateTwin` or `scheduleDeviceMethod`.
        pub job_type: Option<String> = "jobType",
        /// The state of the job on this device.
        pub status: Option<DeviceJobStatus> = "status",
        /// When the job began on this device.
        pub start_time_utc: Option<DateTime> = "startTimeUtc",
        /// When the job ended on this device.
        pub end_time_utc: Option<DateTime> = "endTimeUtc",
        /// When the job was created.
        pub created_date_time_utc: Option<DateTime> = "createdDateTimeUtc",
        /// When this row was last written.
        pub last_updated_date_time_utc: Option<DateTime> = "lastUpdatedDateTimeUtc",
        /// The device's response, if the job calls a method.
        pub outcome: Option<DeviceJobOutcome> = "outcome",
        /// Why the job failed on this device, if it did.
        pub error: Option<DeviceJobError> = "error",
    }
}

azure_service_core::open_enum! {
    /// The state of a job on one device.
    pub enum DeviceJobStatus {
        /// Not started.
        Pending = "pending",
        /// Scheduled for a later time.
        Scheduled = "scheduled",
        /// Running.
        Running = "running",
        /// Succeeded.
        Completed = "completed",
        /// Failed.
        Failed = "failed",
        /// Canceled.
        Canceled = "canceled",
    }
}

plain_members!(DeviceJobStatus);

model! {
    /// A device's response to a job.
    pub struct DeviceJobOutcome as "outcome" {
        /// The response to the direct method, an object with `status` and `payload`.
        pub device_method_response: Option<Value> = "deviceMethodResponse",
    }
}

model! {
    /// Why a job failed on a device.
    pub struct DeviceJobError as "error" {
        /// The service's code: a number or a name.
        pub code: Value = "code",
        /// The service's explanation.
        pub description: Option<String> = "description",
    }
}
