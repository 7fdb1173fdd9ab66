//! Import and delete jobs.

use azure_core::credentials::Secret;
use azure_protocol_runtime::DateTime;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

azure_service_core::open_enum! {
    /// The status of an import job.
    pub enum ImportJobStatus {
        /// Accepted, but not started.
        NotStarted = "notstarted",
        /// Running.
        Running = "running",
        /// Failed. Resources that were already stored remain.
        Failed = "failed",
        /// Succeeded.
        Succeeded = "succeeded",
        /// Being canceled.
        Cancelling = "cancelling",
        /// Canceled. Resources that were already stored remain.
        Cancelled = "cancelled",
    }
}

azure_service_core::open_enum! {
    /// The status of a delete job.
    pub enum DeleteJobStatus {
        /// Accepted, but not started.
        NotStarted = "notstarted",
        /// Running.
        Running = "running",
        /// Failed or timed out. Resources that were already deleted stay deleted.
        Failed = "failed",
        /// Succeeded.
        Succeeded = "succeeded",
    }
}

impl ImportJobStatus {
    /// Returns whether the job has ended.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Failed | Self::Succeeded | Self::Cancelled)
    }
}

impl DeleteJobStatus {
    /// Returns whether the job has ended.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Failed | Self::Succeeded)
    }
}

/// A job that imports models, twins and relationships from a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase")]
#[non_exhaustive]
pub struct ImportJob {
    /// The id of the job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The URL of the blob to import, a file in the format of [`ImportFileWriter`](crate::ImportFileWriter). It may
    /// contain a SAS, so `Debug` does not show it.
    pub input_blob_uri: Secret,
    /// The URL of the blob that receives the log, which has one JSON object per line. `Debug` does not show it.
    pub output_blob_uri: Secret,
    /// The status of the job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<ImportJobStatus>,
    /// The creation time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_date_time: Option<DateTime>,
    /// The time at which the service last updated the job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_action_date_time: Option<DateTime>,
    /// The end time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_date_time: Option<DateTime>,
    /// The time at which the service will delete the record of the job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purge_date_time: Option<DateTime>,
    /// The error that ended a failed job. The log contains the errors of individual lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<JobError>,
    /// Unknown members, and members that were `null` or empty.
    #[serde(skip)]
    pub extra: Map<String, Value>,
}

/// A job that deletes all models, twins and relationships.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase")]
#[non_exhaustive]
pub struct DeleteJob {
    /// The id of the job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The status of the job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<DeleteJobStatus>,
    /// The creation time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_date_time: Option<DateTime>,
    /// The end time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_date_time: Option<DateTime>,
    /// The time at which the service will delete the record of the job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purge_date_time: Option<DateTime>,
    /// The error that ended a failed job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<JobError>,
    /// Unknown members, and members that were `null` or empty.
    #[serde(skip)]
    pub extra: Map<String, Value>,
}

/// The error that a failed job reports.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[non_exhaustive]
pub struct JobError {
    /// The service's code, such as `UnableToWriteToOutputBlob`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The service's message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The individual errors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Vec<Self>>,
    /// The service's `innererror`.
    #[serde(rename = "innererror", default, skip_serializing_if = "Option::is_none")]
    pub inner_error: Option<Value>,
    /// Unknown members, and members that were `null` or empty.
    #[serde(skip)]
    pub extra: Map<String, Value>,
}

lossless!(ImportJob, "import job", required: ["inputBlobUri", "outputBlobUri"]);
lossless!(DeleteJob, "delete job", required: []);
lossless!(JobError, "error of a job", required: []);

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn unknown_statuses_and_members_are_kept() {
        let value = json!({
            "id": "job-1", "inputBlobUri": "https://example.com/in", "outputBlobUri": "https://example.com/out",
            "status": "paused", "createdDateTime": "2024-05-02T10:11:12.1234567Z",
            "error": {"code": "DTDLParsingError", "message": "m", "details": [{"code": "c"}],
                      "innererror": {"code": "i"}, "line": 7},
            "progress": 3,
        });
        let job: ImportJob = serde_json::from_value(value.clone()).unwrap();
        assert_eq!(
            job.status,
            Some(ImportJobStatus::UnknownValue("paused".to_owned()))
        );
        assert!(!job.status.as_ref().unwrap().is_final());
        assert_eq!(serde_json::to_value(&job).unwrap(), value);
    }

    #[test]
    fn debug_shows_no_sas_of_a_blob() {
        let value = json!({
            "inputBlobUri": "https://example.com/in?sig=s3cret", "outputBlobUri": "https://example.com/out?sig=s3cret",
        });
        let job: ImportJob = serde_json::from_value(value.clone()).unwrap();
        assert!(!format!("{job:?}").contains("s3cret"), "{job:?}");
        assert_eq!(serde_json::to_value(&job).unwrap(), value);
    }

    #[test]
    fn null_times_are_absent_and_statuses_ignore_case() {
        let job: DeleteJob =
            serde_json::from_value(json!({"status": "NotStarted", "finishedDateTime": null})).unwrap();
        assert_eq!(
            (job.status, job.finished_date_time),
            (Some(DeleteJobStatus::NotStarted), None)
        );
        assert!(ImportJobStatus::from("Cancelled").is_final() && DeleteJobStatus::from("FAILED").is_final());
    }
}
