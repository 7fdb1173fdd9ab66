//! Bodies and refusals in the form of the management API.

use http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::service::request::ServiceRequest;
use crate::service::response::ServiceResponse;

/// A response, or the status and message of a refusal.
pub(crate) type Answer = Result<ServiceResponse, (StatusCode, String)>;

/// Deserializes a body; one that is malformed or has unknown members is refused with 400.
pub(crate) fn parse<T: DeserializeOwned>(request: &ServiceRequest) -> Result<T, (StatusCode, String)> {
    serde_json::from_slice(&request.body)
        .map_err(|error| (StatusCode::BAD_REQUEST, format!("the body: {error}")))
}

/// Renders a refusal.
pub(crate) fn error(status: StatusCode, message: &str) -> ServiceResponse {
    ServiceResponse::json(
        status,
        &json!({"error": {"code": status.as_u16(), "message": message}}),
    )
}
