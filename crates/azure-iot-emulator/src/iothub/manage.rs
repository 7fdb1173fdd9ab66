//! The hub's part of the management API: the device side by HTTP, and the hub's size. The table of requests is that of
//! the management API.

use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::IotHub;
use super::codes::Code;
use super::errors::{HubError, Result};
use super::input;
use super::messaging::Settlement;
use super::twins::TwinKey;
use crate::service::{ServiceRequest, ServiceResponse};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Connection {
    connected: bool,
    /// The model that the device says it follows.
    model_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Size {
    tier: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Throttling {
    enabled: bool,
}

impl IotHub {
    /// Answers a management request, whose path here begins behind `/iothub`; `None` if there is no such operation.
    pub(crate) fn manage_devices(&self, request: &ServiceRequest, path: &[&str]) -> Option<ServiceResponse> {
        if let Some(response) = self.manage_messages(request, path) {
            return Some(response);
        }
        let result = match (&request.method, path) {
            (&Method::GET, ["tier"]) => Ok(self.show_tier()),
            (&Method::PUT, ["tier"]) => self.manage_tier(request),
            (&Method::GET, ["throttling"]) => Ok(self.show_throttling()),
            (&Method::PUT, ["throttling"]) => self.manage_throttling(request),
            // In the lower case that clients write the address of the receivers in.
            (&Method::POST, ["filenotifications"]) => {
                return self.manage_messages(request, &["fileNotifications"]);
            }
            (_, ["devices", device_id, "modules", module_id, rest @ ..]) => {
                let key = TwinKey {
                    device_id,
                    module_id: Some(module_id),
                };
                self.manage_device(request, key, rest)?
            }
            (_, ["devices", device_id, rest @ ..]) => {
                let key = TwinKey {
                    device_id,
                    module_id: None,
                };
                self.manage_device(request, key, rest)?
            }
            _ => return None,
        };
        Some(result.unwrap_or_else(|error| self.respond_error(&error, &request.request_id)))
    }

    fn show_tier(&self) -> ServiceResponse {
        ServiceResponse::json(StatusCode::OK, &json!({ "tier": self.tier().to_string() }))
    }

    fn manage_tier(&self, request: &ServiceRequest) -> Result<ServiceResponse> {
        let wanted: Size = input::parse(&request.body)?;
        let tier = wanted.tier.parse();
        self.set_tier(tier.map_err(|error| HubError::argument(format!("tier: {error}")))?);
        Ok(self.show_tier())
    }

    fn show_throttling(&self) -> ServiceResponse {
        let enabled = self.throttle.is_on();
        ServiceResponse::json(StatusCode::OK, &Throttling { enabled })
    }

    fn manage_throttling(&self, request: &ServiceRequest) -> Result<ServiceResponse> {
        let wanted: Throttling = input::parse(&request.body)?;
        self.set_throttling(wanted.enabled);
        Ok(self.show_throttling())
    }

    fn manage_device(
        &self,
        request: &ServiceRequest,
        key: TwinKey<'_>,
        path: &[&str],
    ) -> Option<Result<ServiceResponse>> {
        let result = match (&request.method, path) {
            (&Method::PUT, ["connection"]) => self.manage_connection(request, key),
            (&Method::PATCH, ["reported"]) => {
                input::parse(&request.body).and_then(|patch| self.report(key, patch))
            }
            (&Method::PUT, ["methods", name]) => {
                input::parse(&request.body).and_then(|script| self.script(key, name, script))
            }
            (&Method::POST, ["messages", lock_token, settlement]) => {
                let settlement = match *settlement {
                    "complete" => Settlement::Complete,
                    "abandon" => Settlement::Abandon,
                    "reject" => Settlement::Reject,
                    _ => return None,
                };
                self.manage_settle_by_path(key, lock_token, settlement)
            }
            _ => return None,
        };
        Some(result.map(|()| done()))
    }

    fn manage_connection(&self, request: &ServiceRequest, key: TwinKey<'_>) -> Result<()> {
        let body: Connection = input::parse(&request.body)?;
        if let Some(model_id) = body.model_id {
            self.announce_model(key, &model_id)?;
        }
        self.connect(key, body.connected)
    }

    fn manage_settle_by_path(
        &self,
        key: TwinKey<'_>,
        lock_token: &str,
        settlement: Settlement,
    ) -> Result<()> {
        key.find(&self.store.read())?;
        self.settle_message(key.device_id, key.module_id, lock_token, settlement)
            .map_err(|error| HubError::new(Code::DEVICE_MESSAGE_LOCK_LOST, error.to_string()))
    }
}

fn done() -> ServiceResponse {
    ServiceResponse::empty(StatusCode::NO_CONTENT)
}
