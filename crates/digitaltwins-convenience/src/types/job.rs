//! Jobs that fill or empty an instance, and their state.

use azure_protocol_runtime::DateTime;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

azure_service_core::open_enum! {
    /// The state of an import job.
    pub enum ImportJobStatus {
        /// Accepted and not started.
        NotStarted = "notstarted",
        /// Running.
        Running = "running",
        /// Failed; what was stored until then stays.
        Failed = "failed",
        /// Succeeded.
        Succeeded = "succeeded",
        /// Being cancelled.
        Cancelling = "cancelling",
        /// Cancelled; what was stored until then stays.
        Cancelled = "cancelled",
    }
}

azure_service_core::open_enum! {
    /// The state of a delete job.
    pub enum DeleteJobStatus {
        /// Accepted and not started.
        NotStarted = "notstarted",
        /// Running.
        Running = "running",
        /// Failed, perhaps because it timed out; what was deleted until then stays deleted.
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
    /// The address of the blob to read, a file as [`ImportFileWriter`](crate::ImportFileWriter) writes it.
    pub input_blob_uri: String,
    /// The address of the blob that receives the log, one JSON object per line.
    pub output_blob_uri: String,
    /// The state of the job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<ImportJobStatus>,
    /// When the job was created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_date_time: Option<DateTime>,
    /// When the service last worked on the job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_action_date_time: Option<DateTime>,
    /// When the job ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_date_time: Option<DateTime>,
    /// When the service will forget the job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purge_date_time: Option<DateTime>,
    /// Why the job failed. The log has the errors of single lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<JobError>,
    /// Members that this version does not know, and those that were `null` or empty.
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
    /// The state of the job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<DeleteJobStatus>,
    /// When the job was created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_date_time: Option<DateTime>,
    /// When the job ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_date_time: Option<DateTime>,
    /// When the service will forget the job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purge_date_time: Option<DateTime>,
    /// Why the job failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<JobError>,
    /// Members that this version does not know, and those that were `null` or empty.
    #[serde(skip)]
    pub extra: Map<String, Value>,
}

/// Why a job failed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[non_exhaustive]
pub struct JobError {
    /// The service's code, such as `UnableToWriteToOutputBlob`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The service's explanation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Errors that make up this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Vec<Self>>,
    /// The service's `innererror`.
    #[serde(rename = "innererror", default, skip_serializing_if = "Option::is_none")]
    pub inner_error: Option<Value>,
    /// Members that this version does not know, and those that were `null` or empty.
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
    fn unknown_states_and_members_survive() {
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
    fn nulls_mean_not_yet_and_case_does_not_matter() {
        let job: DeleteJob =
            serde_json::from_value(json!({"status": "NotStarted", "finishedDateTime": null})).unwrap();
        assert_eq!(
            (job.status, job.finished_date_time),
            (Some(DeleteJobStatus::NotStarted), None)
        );
        assert!(ImportJobStatus::from("Cancelled").is_final() && DeleteJobStatus::from("FAILED").is_final());
    }
}
