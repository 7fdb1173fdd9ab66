//! Request bodies and error responses of the management API.

use http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::service::request::ServiceRequest;
use crate::service::response::ServiceResponse;

/// A response, or the status and message of an error.
pub(crate) type ManagementResult = Result<ServiceResponse, (StatusCode, String)>;

/// Deserializes a body. The error for a malformed body or unknown members has the status 400.
pub(crate) fn parse<T: DeserializeOwned>(request: &ServiceRequest) -> Result<T, (StatusCode, String)> {
    serde_json::from_slice(&request.body)
        .map_err(|error| (StatusCode::BAD_REQUEST, format!("the body is not valid: {error}")))
}

/// Returns an error response.
pub(crate) fn error(status: StatusCode, message: &str) -> ServiceResponse {
    ServiceResponse::json(
        status,
        &json!({"error": {"code": status.as_u16(), "message": message}}),
    )
}
