//! Outcomes of jobs on single devices.

use azure_protocol_runtime::DateTime;
use serde_json::Value;

use crate::model::{model, plain_members};

model! {
    /// The outcome of a job on one device: a row of `SELECT * FROM devices.jobs`.
    pub struct DeviceJob as "device job" {
        /// The device's id.
        pub device_id: String = "deviceId",
        /// The module's id, if the job is for modules.
        pub module_id: Option<String> = "moduleId",
        /// The job's id.
        pub job_id: String = "jobId",
        /// The kind of the job: `scheduleUpdateTwin` or `scheduleDeviceMethod`.
        pub job_type: Option<String> = "jobType",
        /// The state of the job on this device.
        pub status: Option<DeviceJobStatus> = "status",
        /// The time at which the job started on this device.
        pub start_time_utc: Option<DateTime> = "startTimeUtc",
        /// The time at which the job ended on this device.
        pub end_time_utc: Option<DateTime> = "endTimeUtc",
        /// The time of the job's creation.
        pub created_date_time_utc: Option<DateTime> = "createdDateTimeUtc",
        /// The time of the last update of this row.
        pub last_updated_date_time_utc: Option<DateTime> = "lastUpdatedDateTimeUtc",
        /// The device's response, if the job calls a method.
        pub outcome: Option<DeviceJobOutcome> = "outcome",
        /// The error, if the job failed on this device.
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
    /// The error of a job on a device.
    pub struct DeviceJobError as "error" {
        /// The service's code: a number or a name.
        pub code: Value = "code",
        /// The service's description.
        pub description: Option<String> = "description",
    }
}
