//! Import and export jobs.

use azure_core::credentials::Secret;
use azure_protocol_runtime::DateTime;
use iothub_protocol::types;

use crate::jobs::kind::{JobStatus, JobType};
use crate::model::model;

/// The request for an import or export job.
///
/// `Debug` does not show container URIs, because they may contain shared access signatures.
///
/// # Example
///
/// ```
/// use iothub_convenience::ImportExportJobRequest;
///
/// let container = "https://account.blob.core.windows.net/hub-backup";
/// let job = ImportExportJobRequest::export(container, true).with_managed_identity(None);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportExportJobRequest {
    input: Option<Secret>,
    output: Secret,
    exclude_keys: Option<bool>,
    input_blob_name: Option<String>,
    output_blob_name: Option<String>,
    include_configurations: Option<bool>,
    configurations_blob_name: Option<String>,
    managed_identity: Option<Option<String>>,
}

impl ImportExportJobRequest {
    fn new(input: Option<Secret>, output: Secret, exclude_keys: Option<bool>) -> Self {
        Self {
            input,
            output,
            exclude_keys,
            input_blob_name: None,
            output_blob_name: None,
            include_configurations: None,
            configurations_blob_name: None,
            managed_identity: None,
        }
    }

    /// Creates the request for an import job, which applies the operations in the blob `devices.txt` of the container
    /// `input`, and writes `importErrors.log` to the container `output`.
    #[must_use]
    pub fn import(input: impl Into<Secret>, output: impl Into<Secret>) -> Self {
        Self::new(Some(input.into()), output.into(), None)
    }

    /// Creates the request for an export job, which writes all identities to the blob `devices.txt` in the container
    /// `output`.
    #[must_use]
    pub fn export(output: impl Into<Secret>, exclude_keys: bool) -> Self {
        Self::new(None, output.into(), Some(exclude_keys))
    }

    /// Sets the name of the input blob.
    #[must_use]
    pub fn with_input_blob_name(mut self, name: impl Into<String>) -> Self {
        self.input_blob_name = Some(name.into());
        self
    }

    /// Sets the name of the output blob.
    #[must_use]
    pub fn with_output_blob_name(mut self, name: impl Into<String>) -> Self {
        self.output_blob_name = Some(name.into());
        self
    }

    /// Includes configurations, in the blob `blob_name`. Default name: `configurations.txt`.
    #[must_use]
    pub fn with_configurations(mut self, blob_name: Option<&str>) -> Self {
        self.include_configurations = Some(true);
        self.configurations_blob_name = blob_name.map(str::to_owned);
        self
    }

    /// Accesses the containers with a managed identity of the hub instead of signatures in the URIs. `user_assigned` is
    /// the resource id of a user-assigned identity, or `None` for the system-assigned identity.
    #[must_use]
    pub fn with_managed_identity(mut self, user_assigned: Option<&str>) -> Self {
        self.managed_identity = Some(user_assigned.map(str::to_owned));
        self
    }

    pub(super) fn to_body(&self) -> types::JobProperties {
        let reveal = |secret: &Secret| secret.secret().to_owned();
        let kind = match self.input {
            Some(_) => types::JobPropertiesType::Import,
            None => types::JobPropertiesType::Export,
        };
        types::JobProperties {
            type_: Some(kind),
            input_blob_container_uri: self.input.as_ref().map(reveal),
            output_blob_container_uri: Some(reveal(&self.output)),
            input_blob_name: self.input_blob_name.clone(),
            output_blob_name: self.output_blob_name.clone(),
            exclude_keys_in_export: self.exclude_keys,
            include_configurations: self.include_configurations,
            configurations_blob_name: self.configurations_blob_name.clone(),
            storage_authentication_type: self
                .managed_identity
                .as_ref()
                .map(|_| types::JobPropertiesStorageAuthenticationType::IdentityBased),
            identity: self
                .managed_identity
                .clone()
                .flatten()
                .map(|id| types::ManagedIdentity {
                    user_assigned_identity: Some(id),
                }),
            ..Default::default()
        }
    }
}

model! {
    /// An import or export job.
    ///
    /// `Debug` and serialization do not show container URIs, which may contain shared access signatures.
    pub struct ImportExportJob as "job" {
        /// The job's id, assigned by the service.
        pub job_id: String = "jobId",
        /// The kind of the job.
        pub kind: Option<JobType> = "type",
        /// The state of the job.
        pub status: Option<JobStatus> = "status",
        /// The start time.
        pub start_time_utc: Option<DateTime> = "startTimeUtc",
        /// The end time.
        pub end_time_utc: Option<DateTime> = "endTimeUtc",
        /// The progress, in percent.
        pub progress: Option<i32> = "progress",
        /// The reason for the failure of the job.
        pub failure_reason: Option<String> = "failureReason",
        /// The service's description of the status.
        pub status_message: Option<String> = "statusMessage",
        /// The input container. Responses omit it.
        pub input_blob_container_uri: Option<Secret> = "inputBlobContainerUri",
        /// The input blob.
        pub input_blob_name: Option<String> = "inputBlobName",
        /// The output container. Responses omit it.
        pub output_blob_container_uri: Option<Secret> = "outputBlobContainerUri",
        /// The output blob.
        pub output_blob_name: Option<String> = "outputBlobName",
        /// Whether keys are excluded.
        pub exclude_keys_in_export: Option<bool> = "excludeKeysInExport",
        /// Whether configurations are included.
        pub include_configurations: Option<bool> = "includeConfigurations",
        /// The blob with configurations.
        pub configurations_blob_name: Option<String> = "configurationsBlobName",
        /// The id of the parent job.
        pub parent_job_id: Option<String> = "parentJobId",
    }
}
