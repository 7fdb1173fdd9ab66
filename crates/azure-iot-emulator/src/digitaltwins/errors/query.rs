//! Errors about queries.

use super::service_error::ServiceError;

pub(crate) fn query_invalid(message: &str) -> ServiceError {
    ServiceError::new(
        400,
        "SqlQueryError",
        format!(
            "SQL query parse failed: {message} See samples in https://aka.ms/adtv2query for the correct syntax."
        ),
    )
}

pub(crate) fn query_token_invalid() -> ServiceError {
    ServiceError::new(400, "BadRequest", "The continuation token provided is invalid.")
}

pub(crate) fn query_body_invalid() -> ServiceError {
    ServiceError::new(
        400,
        "BadRequest",
        "The request body must have a query or a continuation token.",
    )
}

/// Returns the error for a query that exceeds the time limit. The message is inferred; code and
/// limit are documented.
pub(crate) fn query_timeout() -> ServiceError {
    ServiceError::new(
        400,
        "TimeoutError",
        "The query took longer than 60 seconds. Make it more selective and try again.",
    )
}

/// Returns the error for queries beyond the quota. The message is inferred; the code is documented.
pub(crate) fn query_quota_reached() -> ServiceError {
    ServiceError::new(
        429,
        "QuotaReachedError",
        "The query quota is exceeded. Wait before you send the next query.",
    )
}
