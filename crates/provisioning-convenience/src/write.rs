//! Helpers for writing individual enrollments, groups and registrations.

use azure_core::http::Response;
use azure_service_core::Precondition;
use provisioning_protocol::types::{BulkEnrollmentGroupOperationResult, BulkEnrollmentOperationResult};
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};

/// Returns the value of the `If-Match` header: the ETag exactly as in response bodies, or `*` for any version.
pub(crate) fn if_match(precondition: &Precondition) -> Result<String> {
    Ok(precondition.verbatim()?.unwrap_or_else(|| "*".to_owned()))
}

/// The result of a bulk operation on individual enrollments or groups.
pub(crate) trait BulkResponse: DeserializeOwned {
    /// Returns whether every entry succeeded, and each failure as id, error number and description.
    fn into_parts(self) -> (bool, Vec<(String, i32, String)>);
}

impl BulkResponse for BulkEnrollmentOperationResult {
    fn into_parts(self) -> (bool, Vec<(String, i32, String)>) {
        let errors = self.errors.unwrap_or_default().into_iter();
        let errors = errors.map(|error| (error.registration_id, error.error_code, error.error_status));
        (self.is_successful, errors.collect())
    }
}

impl BulkResponse for BulkEnrollmentGroupOperationResult {
    fn into_parts(self) -> (bool, Vec<(String, i32, String)>) {
        let errors = self.errors.unwrap_or_default().into_iter();
        let errors = errors.map(|error| (error.enrollment_group_id, error.error_code, error.error_status));
        (self.is_successful, errors.collect())
    }
}

/// Fails if the only entry of a bulk operation failed.
pub(crate) fn created<T: BulkResponse>(response: Response<T>) -> Result<()> {
    let (is_successful, errors) = response.into_model()?.into_parts();
    match errors.into_iter().next() {
        Some((_, number, message)) => Err(Error::of_entry(number, &message)),
        None if is_successful => Ok(()),
        None => Err(Error::invalid_response(
            "the service reports a failure of the entry without its error",
        )),
    }
}
