//! Scheduled jobs.

use std::time::Duration;

use azure_protocol_runtime::DateTime;
use iothub_protocol::types;
use serde_json::Value;

use crate::error::{Error, Result};
use crate::jobs::kind::{JobStatus, JobType};
use crate::methods::DirectMethod;
use crate::model::model;
use crate::twin::{Twin, TwinPatch};
use crate::twins::twin_body;

/// The maximum length of a job id, in characters.
const MAX_JOB_ID: usize = 64;

/// The maximum length of a condition, in characters. The client checks it because the service reports a longer
/// condition with a misleading error about ETags.
const MAX_CONDITION: usize = 8192;

/// Checks the length and the characters of a job id.
pub(super) fn check_job_id(job_id: &str) -> Result<()> {
    let length = job_id.chars().count();
    if length > MAX_JOB_ID {
        let reason = format!("has {length} characters; at most {MAX_JOB_ID} are allowed");
        return Err(Error::invalid_input("job_id", reason));
    }
    if job_id.is_empty() {
        return Err(Error::invalid_input("job_id", "must not be empty"));
    }
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-'".contains(c);
    if let Some((position, character)) = job_id.chars().enumerate().find(|(_, c)| !allowed(*c)) {
        let reason = format!(
            "{job_id:?} contains {character:?} at position {position}; allowed are lower-case ASCII letters, digits, - and '"
        );
        return Err(Error::invalid_input("job_id", reason));
    }
    Ok(())
}

/// The request for a job that changes twins or calls a method on all devices that match a condition.
///
/// # Example
///
/// ```
/// use iothub_convenience::{DateTime, DirectMethod, ScheduledJobRequest};
/// use std::time::Duration;
///
/// let job = ScheduledJobRequest::device_method("reboot-oslo", "tags.site = 'oslo'", DirectMethod::new("reboot"))
///     .with_start_time("2030-01-01T02:00:00Z".parse::<DateTime>()?)
///     .with_max_execution_time(Duration::from_secs(3600));
/// assert_eq!(job.job_id(), "reboot-oslo");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ScheduledJobRequest {
    job_id: String,
    query_condition: String,
    work: Work,
    start_time: Option<DateTime>,
    max_execution_time: Option<Duration>,
}

#[derive(Debug, Clone, PartialEq)]
enum Work {
    UpdateTwin(TwinPatch),
    DeviceMethod(DirectMethod),
}

impl ScheduledJobRequest {
    fn new(job_id: String, query_condition: String, work: Work) -> Self {
        Self {
            job_id,
            query_condition,
            work,
            start_time: None,
            max_execution_time: None,
        }
    }

    /// Creates a request for a job that changes tags and desired properties.
    ///
    /// `query_condition` is the condition after `WHERE` in a query, at most 8192 characters; `*` means all devices. A
    /// job id has at most 64 lower-case letters, digits, `-` and `'`.
    #[must_use]
    pub fn update_twin(
        job_id: impl Into<String>,
        query_condition: impl Into<String>,
        patch: TwinPatch,
    ) -> Self {
        Self::new(job_id.into(), query_condition.into(), Work::UpdateTwin(patch))
    }

    /// Creates a request for a job that calls a direct method, like [`update_twin`](Self::update_twin).
    #[must_use]
    pub fn device_method(
        job_id: impl Into<String>,
        query_condition: impl Into<String>,
        method: DirectMethod,
    ) -> Self {
        Self::new(job_id.into(), query_condition.into(), Work::DeviceMethod(method))
    }

    /// Sets the start time, at most one week from now. Default: immediately.
    #[must_use]
    pub fn with_start_time(mut self, time: impl Into<DateTime>) -> Self {
        self.start_time = Some(time.into());
        self
    }

    /// Sets the maximum run time, at least one second. Fractions of a second are dropped.
    #[must_use]
    pub fn with_max_execution_time(mut self, time: Duration) -> Self {
        self.max_execution_time = Some(time);
        self
    }

    /// Returns the job's id.
    #[must_use]
    pub fn job_id(&self) -> &str {
        &self.job_id
    }

    /// Checks the job id, the length of the condition and the maximum run time.
    fn check(&self) -> Result<()> {
        check_job_id(&self.job_id)?;
        let length = self.query_condition.chars().count();
        if length > MAX_CONDITION {
            let reason =
                format!("has {length} characters; at most {MAX_CONDITION} are allowed; split the job");
            return Err(Error::invalid_input("query_condition", reason));
        }
        if self.max_execution_time.is_some_and(|time| time.as_secs() == 0) {
            return Err(Error::invalid_input("max_execution_time", "must be at least 1 s"));
        }
        Ok(())
    }

    pub(super) fn to_body(&self) -> Result<types::JobRequest> {
        self.check()?;
        let mut body = types::JobRequest {
            job_id: Some(self.job_id.clone()),
            query_condition: Some(self.query_condition.clone()),
            start_time: self.start_time.clone(),
            max_execution_time_in_seconds: self
                .max_execution_time
                .map(|time| i64::try_from(time.as_secs()).unwrap_or(i64::MAX)),
            ..Default::default()
        };
        match &self.work {
            Work::UpdateTwin(patch) => {
                patch.validate()?;
                body.type_ = Some(types::JobRequestType::ScheduleUpdateTwin);
                let mut twin = twin_body(patch.to_json());
                // The service accepts no other ETag here.
                twin.etag = Some("*".to_owned());
                body.update_twin = Some(twin);
            }
            Work::DeviceMethod(method) => {
                method.check()?;
                body.type_ = Some(types::JobRequestType::ScheduleDeviceMethod);
                body.cloud_to_device_method = Some(method.to_body()?);
            }
        }
        Ok(body)
    }
}

model! {
    /// A scheduled job.
    pub struct ScheduledJob as "job" {
        /// The job's id.
        pub job_id: String = "jobId",
        /// The condition for targeted devices.
        pub query_condition: Option<String> = "queryCondition",
        /// The time of creation.
        pub created_time: Option<DateTime> = "createdTime",
        /// The start time.
        pub start_time: Option<DateTime> = "startTime",
        /// The end time.
        pub end_time: Option<DateTime> = "endTime",
        /// The maximum run time.
        pub max_execution_time_in_seconds: Option<i64> = "maxExecutionTimeInSeconds",
        /// The kind of the job. [`JobType::NotKnown`] if the job does not exist.
        pub kind: Option<JobType> = "type",
        /// The method that the job calls, as the service returns it, with the payload as an array of bytes.
        pub cloud_to_device_method: Option<Value> = "cloudToDeviceMethod",
        /// The tags and desired properties that the job writes.
        pub update_twin: Option<Twin> = "updateTwin",
        /// The state of the job. [`JobStatus::NotKnown`] if the job does not exist.
        pub status: Option<JobStatus> = "status",
        /// The reason for the failure of the job.
        pub failure_reason: Option<String> = "failureReason",
        /// The service's description of the status.
        pub status_message: Option<String> = "statusMessage",
        /// The number of devices by outcome. Query `devices.jobs` for the outcome on each device.
        pub device_job_statistics: Option<DeviceJobStatistics> = "deviceJobStatistics",
    }
}

model! {
    /// The number of devices of a job, by outcome.
    pub struct DeviceJobStatistics as "statistics" {
        /// The number of all devices of the job.
        pub device_count: Option<i32> = "deviceCount",
        /// The number of devices on which the job failed.
        pub failed_count: Option<i32> = "failedCount",
        /// The number of devices on which the job succeeded.
        pub succeeded_count: Option<i32> = "succeededCount",
        /// The number of devices on which the job is running.
        pub running_count: Option<i32> = "runningCount",
        /// The number of devices on which the job has not started.
        pub pending_count: Option<i32> = "pendingCount",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn recorded_jobs_are_decoded() {
        let job: ScheduledJob = serde_json::from_value(json!({
            "createdTime": "2020-01-06T21:44:00.8884134Z", "jobId": "j", "maxExecutionTimeInSeconds": 300,
            "deviceJobStatistics": {"deviceCount": 2, "failedCount": 0, "pendingCount": 0, "runningCount": 0, "succeededCount": 2},
            "queryCondition": "deviceId in ['a','b']", "status": "completed", "type": "scheduleUpdateTwin",
            "updateTwin": {"deviceId": null, "etag": "*", "tags": {"a": 1}}, "failureReason": null
        }))
        .unwrap();
        assert_eq!(job.device_job_statistics.unwrap().succeeded_count, Some(2));
        assert_eq!(job.update_twin.unwrap().tags.get("a"), Some(&json!(1)));
        assert!(job.status.unwrap().is_final());
        let unknown: ScheduledJob =
            serde_json::from_value(json!({"type": "unknown", "status": "unknown"})).unwrap();
        assert_eq!(
            (unknown.kind, unknown.status),
            (Some(JobType::NotKnown), Some(JobStatus::NotKnown))
        );
    }
}
