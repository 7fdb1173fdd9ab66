//! Scheduled jobs as the service reads and answers them.

use std::time::Duration;

use azure_protocol_runtime::DateTime;
use iothub_protocol::types;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::kind::{JobStatus, JobType};
use crate::error::Result;
use crate::methods::DirectMethod;
use crate::twin::{Twin, TwinPatch};
use crate::twins::twin_body;

/// A job that changes twins or calls a method on all devices that meet a condition.
///
/// # Example
///
/// ```
/// use iothub_convenience::{DirectMethod, ScheduledJobRequest};
/// use std::time::Duration;
///
/// let job = ScheduledJobRequest::device_method("reboot-oslo", "tags.site = 'oslo'", DirectMethod::new("reboot"))
///     .with_start_time("2030-01-01T02:00:00Z".parse()?)
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

    /// A job that changes tags and desired properties.
    ///
    /// `query_condition` is what follows `WHERE` in a query; `*` means all devices. The service takes ids of lower-case
    /// letters, digits, `-` and `'`, at most 64.
    #[must_use]
    pub fn update_twin(
        job_id: impl Into<String>,
        query_condition: impl Into<String>,
        patch: TwinPatch,
    ) -> Self {
        Self::new(job_id.into(), query_condition.into(), Work::UpdateTwin(patch))
    }

    /// A job that calls a direct method. Like [`update_twin`](Self::update_twin).
    #[must_use]
    pub fn device_method(
        job_id: impl Into<String>,
        query_condition: impl Into<String>,
        method: DirectMethod,
    ) -> Self {
        Self::new(job_id.into(), query_condition.into(), Work::DeviceMethod(method))
    }

    /// The job with a time to begin, at most a week from now. Without one it begins at once.
    #[must_use]
    pub fn with_start_time(mut self, time: DateTime) -> Self {
        self.start_time = Some(time);
        self
    }

    /// The job with a limit of how long it may run.
    #[must_use]
    pub fn with_max_execution_time(mut self, time: Duration) -> Self {
        self.max_execution_time = Some(time);
        self
    }

    /// The job's id.
    #[must_use]
    pub fn job_id(&self) -> &str {
        &self.job_id
    }

    pub(super) fn to_body(&self) -> Result<types::JobRequest> {
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
                // The service takes no other.
                twin.etag = Some("*".to_owned());
                body.update_twin = Some(twin);
            }
            Work::DeviceMethod(method) => {
                body.type_ = Some(types::JobRequestType::ScheduleDeviceMethod);
                body.cloud_to_device_method = Some(method.to_body());
            }
        }
        Ok(body)
    }
}

/// A scheduled job.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct ScheduledJob {
    /// The job's id.
    pub job_id: String,
    /// Which devices it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query_condition: Option<String>,
    /// When it was created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_time: Option<DateTime>,
    /// When it begins or began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<DateTime>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_time: Option<DateTime>,
    /// How long it may run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_execution_time_in_seconds: Option<i64>,
    /// What it does. [`JobType::NotKnown`] if the service does not know the job.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<JobType>,
    /// The method that it calls, as the service echoes it. The service turns the payload into an array of bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloud_to_device_method: Option<Value>,
    /// The change that it makes, as the service echoes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update_twin: Option<Twin>,
    /// How far it is. [`JobStatus::NotKnown`] if the service does not know the job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<JobStatus>,
    /// Why it failed, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_reason: Option<String>,
    /// What the service says about the status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_message: Option<String>,
    /// On how many devices it succeeded, failed, runs, waits. Query `devices.jobs` for each of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_job_statistics: Option<types::DeviceJobStatistics>,
    /// Members that this type does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn recorded_jobs_are_read() {
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
