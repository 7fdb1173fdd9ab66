//! Errors about import and delete jobs.

use super::request::invalid_argument;
use super::service_error::ServiceError;

pub(crate) fn job_not_found(id: &str) -> ServiceError {
    ServiceError::new(
        404,
        "JobNotFound",
        format!(
            "There is no job available that matches the provided id {id}. Check that the Job ID provided is valid by doing a Jobs_List API call."
        ),
    )
}

/// Returns the error for an unknown delete job. The message is inferred from the one for import jobs.
pub(crate) fn delete_job_not_found(id: &str) -> ServiceError {
    ServiceError::new(
        404,
        "DeleteJobNotFound",
        format!(
            "There is no job available that matches the provided id {id}. Check that the Job ID provided is valid by doing a Jobs_List API call."
        ),
    )
}

pub(crate) fn job_exists(id: &str) -> ServiceError {
    ServiceError::new(
        409,
        "JobIdAlreadyExists",
        format!("Provided Job ID already exists: {id}. Use Jobs_List API to view jobs that already exist."),
    )
}

pub(crate) fn blob_uri_invalid(uri: &str) -> ServiceError {
    const SITE: &str = "https://docs.microsoft.com/en-us";
    invalid_argument(format!(
        "Azure Storage Blob URI '{uri}' failed validation. Invalid URI: The format of the URI could not be determined. Please check: {SITE}/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata"
    ))
}

/// Returns the error for starting a job while one is running. The message is inferred; the code is
/// documented.
pub(crate) fn job_limit_reached() -> ServiceError {
    ServiceError::new(
        400,
        "JobLimitReached",
        "The maximum number of concurrent jobs is reached.",
    )
}

/// Returns the error for an invalid request to start a job. The message is inferred; the code is
/// documented.
pub(crate) fn job_invalid(message: &str) -> ServiceError {
    ServiceError::new(400, "ValidationFailed", message)
}
