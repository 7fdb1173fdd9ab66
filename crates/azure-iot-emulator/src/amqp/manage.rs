//! The management API's part for AMQP itself.

use http::{Method, StatusCode};
use serde_json::json;

use super::{Amqp, AmqpFault};
use crate::service::{ServiceRequest, ServiceResponse};

impl Amqp {
    /// Answers a management request, whose path here begins behind `/iothub/amqp`; `None` if there is no such operation.
    pub(crate) fn manage(&self, request: &ServiceRequest, path: &[&str]) -> Option<ServiceResponse> {
        Some(match (&request.method, path) {
            (&Method::GET, ["faults"]) => ServiceResponse::json(StatusCode::OK, &self.faults()),
            (&Method::POST, ["faults"]) => match serde_json::from_slice::<AmqpFault>(&request.body) {
                Ok(fault) => {
                    self.add_fault(fault);
                    ServiceResponse::empty(StatusCode::NO_CONTENT)
                }
                Err(error) => {
                    let body = json!({"error": {"code": 400, "message": format!("the body: {error}")}});
                    ServiceResponse::json(StatusCode::BAD_REQUEST, &body)
                }
            },
            (&Method::DELETE, ["faults"]) => {
                self.clear_faults();
                ServiceResponse::empty(StatusCode::NO_CONTENT)
            }
            (&Method::DELETE, ["connections"]) => {
                self.reset_connections();
                ServiceResponse::empty(StatusCode::NO_CONTENT)
            }
            (&Method::GET, ["statistics"]) => ServiceResponse::json(StatusCode::OK, &self.statistics()),
            _ => return None,
        })
    }
}
