//! Request bodies and error responses of the management API.

use std::time::Duration;

use http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::service::request::ServiceRequest;
use crate::service::response::ServiceResponse;
use crate::text::{json_error_text, without_byte_order_mark};

/// A response, or the status and message of an error.
pub(crate) type ManagementResult = Result<ServiceResponse, (StatusCode, String)>;

/// Deserializes a body, which must be an object. A malformed body or an unknown member is an error with the status
/// 400.
pub(crate) fn parse<T: DeserializeOwned>(request: &ServiceRequest) -> Result<T, (StatusCode, String)> {
    // Checked here, because serde's error would contain the name of a Rust type.
    let body = without_byte_order_mark(&request.body).trim_ascii_start();
    if body.first() != Some(&b'{') {
        let message = "the body is not valid: it must be a JSON object";
        return Err((StatusCode::BAD_REQUEST, message.to_owned()));
    }
    parse_any(request)
}

/// Deserializes a body of any type.
pub(crate) fn parse_any<T: DeserializeOwned>(request: &ServiceRequest) -> Result<T, (StatusCode, String)> {
    serde_json::from_slice(without_byte_order_mark(&request.body)).map_err(|error| {
        let message = format!("the body is not valid: {}", json_error_text(&error));
        (StatusCode::BAD_REQUEST, message)
    })
}

/// Converts the member `name`, a number of seconds.
pub(crate) fn duration(name: &str, seconds: f64) -> Result<Duration, (StatusCode, String)> {
    Duration::try_from_secs_f64(seconds).map_err(|_| {
        let message = format!(
            "{name} {seconds} is not valid: it must be from 0 to {} seconds",
            u64::MAX
        );
        (StatusCode::BAD_REQUEST, message)
    })
}

/// Returns an error response.
pub(crate) fn error(status: StatusCode, message: &str) -> ServiceResponse {
    ServiceResponse::json(
        status,
        &json!({"error": {"code": status.as_u16(), "message": message}}),
    )
}
