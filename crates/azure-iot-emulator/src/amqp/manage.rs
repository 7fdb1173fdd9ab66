//! The management API of the AMQP endpoint.

use http::{Method, StatusCode};

use crate::amqp::control::Amqp;
use crate::amqp::faults::AmqpFault;
use crate::service::management::{error, parse};
use crate::service::request::ServiceRequest;
use crate::service::response::ServiceResponse;

impl Amqp {
    /// Handles a management request; `path` follows `/iothub/amqp`. Returns `None` if there is no such operation.
    pub(crate) fn manage(&self, request: &ServiceRequest, path: &[&str]) -> Option<ServiceResponse> {
        Some(match (&request.method, path) {
            (&Method::GET, ["faults"]) => ServiceResponse::json(StatusCode::OK, &self.faults()),
            (&Method::POST, ["faults"]) => match parse::<AmqpFault>(request) {
                Ok(fault) => {
                    self.add_fault(fault);
                    ServiceResponse::empty(StatusCode::NO_CONTENT)
                }
                Err((status, message)) => error(status, &message),
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
