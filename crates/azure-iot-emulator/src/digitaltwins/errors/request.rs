//! Errors about malformed requests and failed preconditions.

use super::service_error::{Form, ServiceError};

pub(crate) fn invalid_argument(message: impl Into<String>) -> ServiceError {
    ServiceError::new(400, "InvalidArgument", message)
}

pub(crate) fn empty_body() -> ServiceError {
    ServiceError::new(400, "BadRequest", "A non-empty request body is required.")
}

pub(crate) fn invalid_payload() -> ServiceError {
    invalid_argument("Payload is invalid.")
}

/// Returns the error for a body that the service's web framework cannot deserialize. The message is
/// inferred.
pub(crate) fn unreadable_body(field: &str, message: impl Into<String>) -> ServiceError {
    ServiceError {
        form: Form::Problem {
            field: field.to_owned(),
        },
        ..ServiceError::new(400, "BadRequest", message)
    }
}

/// Returns the error for a request without api-version. The response is inferred; the parameter is
/// documented as required.
pub(crate) fn missing_api_version() -> ServiceError {
    ServiceError::new(
        400,
        "MissingApiVersionParameter",
        "The api-version query parameter (?api-version=) is required for all requests.",
    )
}

/// Returns the error for an unsupported api-version. The response is inferred.
pub(crate) fn unknown_api_version(version: &str, supported: &[&str]) -> ServiceError {
    ServiceError::new(
        400,
        "InvalidApiVersionParameter",
        format!(
            "The requested api-version '{version}' is not supported. Supported versions: {}.",
            supported.join(", ")
        ),
    )
}

pub(crate) fn no_such_route(method: &str, path: &str) -> ServiceError {
    ServiceError::new(404, "NotFound", format!("There is no operation {method} {path}."))
}

pub(crate) fn method_not_allowed(method: &str, path: &str) -> ServiceError {
    ServiceError::new(
        405,
        "MethodNotAllowed",
        format!("{path} does not support the method {method}."),
    )
}

pub(crate) fn invalid_id(kind: &str, id: &str) -> ServiceError {
    invalid_argument(format!(
        "The {kind} id '{id}' is invalid. It must not be empty, '.' or '..', and must not contain '/'."
    ))
}

pub(crate) fn invalid_page_size(value: &str) -> ServiceError {
    invalid_argument(format!(
        "Invalid max-items-per-page header value '{value}'. It must be a positive integer."
    ))
}

pub(crate) fn invalid_list_token() -> ServiceError {
    invalid_argument("The continuation token provided is invalid.")
}

/// Returns the error for a body above the limit for one twin. The response is inferred; the limit
/// is documented.
pub(crate) fn payload_too_large(limit: usize) -> ServiceError {
    ServiceError::new(
        400,
        "LimitExceeded",
        format!("The request body is longer than the maximum of {limit} bytes."),
    )
}

/// Returns the error for a body above the limit of every operation. The response is inferred.
pub(crate) fn body_too_large(limit: usize) -> ServiceError {
    ServiceError::new(
        413,
        "RequestEntityTooLarge",
        format!("The request body is longer than {limit} bytes."),
    )
}

pub(crate) fn malformed_if_match() -> ServiceError {
    invalid_argument("Invalid If-Match header value. Allowed value(s): If-Match: {etag} or If-Match: *")
}

pub(crate) fn malformed_if_none_match() -> ServiceError {
    invalid_argument("Invalid If-None-Match header value. Allowed value(s): If-None-Match: *")
}

pub(crate) fn stale_etag(etag: &str) -> ServiceError {
    ServiceError::new(
        412,
        "PreconditionFailed",
        format!(
            "The provided etag {etag} doesn't match the current etag for the resource. Please obtain and provide the latest etag by getting the resource. See section on get apis in the documentation https://aka.ms/adtv2twins."
        ),
    )
}

pub(crate) fn twin_exists(id: &str) -> ServiceError {
    ServiceError::new(
        412,
        "PreconditionFailed",
        format!(
            "If-None-Match: * header was specified but a twin with the id {id} was found. Please specify a different twin id."
        ),
    )
}

pub(crate) fn relationship_exists(id: &str) -> ServiceError {
    ServiceError::new(
        412,
        "PreconditionFailed",
        format!(
            "If-None-Match: * header was specified but a relationship with the id {id} was found. Please specify a different relationship id."
        ),
    )
}
