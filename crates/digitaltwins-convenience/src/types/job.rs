//! Jobs that fill or empty an instance.

use azure_protocol_runtime::DateTime;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

azure_service_core::open_enum! {
    /// Where an import job stands.
    pub enum ImportJobStatus {
        /// Accepted, and waiting.
        NotStarted = "notstarted",
        /// At work.
        Running = "running",
        /// Ended early; what was stored until then stays.
        Failed = "failed",
        /// Done.
        Succeeded = "succeeded",
        /// Told to stop, and not stopped yet.
        Cancelling = "cancelling",
        /// Stopped; what was stored until then stays.
        Cancelled = "cancelled",
    }
}

azure_service_core::open_enum! {
    /// Where a delete job stands.
    pub enum DeleteJobStatus {
        /// Accepted, and waiting.
        NotStarted = "notstarted",
        /// At work.
        Running = "running",
        /// Ended early, also because its time was up; what was deleted until then is gone.
        Failed = "failed",
        /// Done.
        Succeeded = "succeeded",
    }
}

impl ImportJobStatus {
    /// Whether the job has ended.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Failed | Self::Succeeded | Self::Cancelled)
    }
}

impl DeleteJobStatus {
    /// Whether the job has ended.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Failed | Self::Succeeded)
    }
}

/// A bulk import of models, twins and relationships from a file, and its state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ImportJob {
    /// The id of the job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The address of the blob to read, a file as [`ImportFileWriter`](crate::ImportFileWriter) writes it.
    pub input_blob_uri: String,
    /// The address of the blob that receives the log, one JSON object a line.
    pub output_blob_uri: String,
    /// Where the job stands.
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
    /// Why the job failed. What is wrong with single lines stands in the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<JobError>,
    /// Members that this version does not know.
    #[serde(flatten)]
    pub additional: Map<String, Value>,
}

/// A job that deletes all models, twins and relationships, and its state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct DeleteJob {
    /// The id of the job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Where the job stands.
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
    /// Members that this version does not know.
    #[serde(flatten)]
    pub additional: Map<String, Value>,
}

/// Why a job failed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
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
    /// What the service says about the inside of the error.
    #[serde(rename = "innererror", default, skip_serializing_if = "Option::is_none")]
    pub inner_error: Option<Value>,
    /// Members that this version does not know.
    #[serde(flatten)]
    pub additional: Map<String, Value>,
}

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
