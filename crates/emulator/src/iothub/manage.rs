//! The hub's part of the management API: the device side by HTTP. The table of
//! requests is that of the management API.

use http::{Method, StatusCode};
use serde::Deserialize;

use super::IotHub;
use super::errors::Result;
use super::input;
use super::twins::TwinKey;
use crate::service::{ServiceRequest, ServiceResponse};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Connection {
    connected: bool,
}

impl IotHub {
    /// Answers a management request, whose path here begins behind `/iothub`; `None` if there is no such operation.
    pub(crate) fn manage_devices(&self, request: &ServiceRequest, path: &[&str]) -> Option<ServiceResponse> {
        let ["devices", device_id, rest @ ..] = path else {
            return None;
        };
        let (module_id, rest) = match rest {
            ["modules", module_id, rest @ ..] => (Some(*module_id), rest),
            rest => (None, rest),
        };
        let key = TwinKey { device_id, module_id };
        let result = match (&request.method, rest) {
            (&Method::PUT, ["connection"]) => self.manage_connection(request, key),
            (&Method::PATCH, ["reported"]) => {
                input::parse(&request.body).and_then(|patch| self.report(key, patch))
            }
            (&Method::PUT, ["methods", name]) => {
                input::parse(&request.body).and_then(|script| self.script(key, name, script))
            }
            _ => return None,
        };
        Some(match result {
            Ok(()) => ServiceResponse::empty(StatusCode::NO_CONTENT),
            Err(error) => self.respond_error(&error, &request.request_id),
        })
    }

    fn manage_connection(&self, request: &ServiceRequest, key: TwinKey<'_>) -> Result<()> {
        let body: Connection = input::parse(&request.body)?;
        self.connect(key, body.connected)
    }
}
