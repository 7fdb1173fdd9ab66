//! The data plane of Azure Digital Twins.

use futures::future::BoxFuture;
use http::StatusCode;
use serde_json::{Value, json};

use crate::clock::Clock;
use crate::service::{Refusal, Service, ServiceRequest, ServiceResponse};

/// An instance of Azure Digital Twins.
#[derive(Debug)]
pub struct DigitalTwins {
    #[expect(dead_code, reason = "the engine that reads it is under construction")]
    clock: Clock,
}

impl DigitalTwins {
    /// An empty instance.
    pub fn new(clock: Clock) -> Self {
        Self { clock }
    }
}

impl Service for DigitalTwins {
    fn name(&self) -> &'static str {
        "digitaltwins"
    }

    fn handle(&self, _request: ServiceRequest) -> BoxFuture<'_, ServiceResponse> {
        let body =
            json!({"error": {"code": "NotImplemented", "message": "the emulator does not serve this"}});
        Box::pin(async move { ServiceResponse::json(StatusCode::NOT_IMPLEMENTED, &body) })
    }

    fn refuse(&self, refusal: &Refusal, _request_id: &str) -> ServiceResponse {
        let status = match refusal {
            Refusal::Unauthorized(_) => StatusCode::UNAUTHORIZED,
            Refusal::BadRequest(_) => StatusCode::BAD_REQUEST,
            Refusal::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Refusal::Fault(status) => *status,
        };
        ServiceResponse::json(
            status,
            &json!({"error": {"code": status.as_str(), "message": ""}}),
        )
    }

    fn dump(&self) -> Value {
        json!({})
    }

    fn load(&self, _state: &Value) -> Result<(), String> {
        Ok(())
    }
}
