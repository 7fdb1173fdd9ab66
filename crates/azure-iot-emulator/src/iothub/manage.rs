//! The management API of the hub: control of simulated devices over HTTP, and settings. The crate documentation
//! lists the requests.

use std::time::Duration;

use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::iothub::codes::Code;
use crate::iothub::errors::{HubError, Result};
use crate::iothub::hub::IotHub;
use crate::iothub::rules::body;
use crate::iothub::store::message::{FileNotification, Settlement};
use crate::iothub::store::twin_key::TwinKey;
use crate::iothub::tier::TierError;
use crate::service::{ServiceRequest, ServiceResponse};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ConnectionInput {
    connected: bool,
    /// The model id that the device announces.
    model_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TierInput {
    tier: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Throttling {
    enabled: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct SettlementInput {
    lock_token: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct FeedbackInput {
    interval_seconds: f64,
}

impl IotHub {
    /// Handles a management request; `path` follows `/iothub`. Returns `None` if there is no such operation.
    pub(super) fn manage_hub(
        &self,
        request: &ServiceRequest,
        path: &[&str],
    ) -> Option<Result<ServiceResponse>> {
        Some(match (&request.method, path) {
            (&Method::GET, ["tier"]) => Ok(self.show_tier()),
            (&Method::PUT, ["tier"]) => self.manage_tier(request),
            (&Method::GET, ["throttling"]) => Ok(self.show_throttling()),
            (&Method::PUT, ["throttling"]) => self.manage_throttling(request),
            (&Method::PUT, ["models"]) => self.manage_models(request),
            (&Method::PUT, ["feedback"]) => self.manage_feedback(request),
            (&Method::POST, ["feedback", "flush"]) => {
                self.flush_feedback();
                Ok(no_content())
            }
            // The AMQP address for file notifications is in lower case, so both spellings are accepted here.
            (&Method::POST, ["fileNotifications" | "filenotifications"]) => self.manage_files(request),
            (_, ["devices", device_id, "modules", module_id, rest @ ..]) => {
                self.manage_device(request, TwinKey::module(device_id, module_id), rest)?
            }
            (_, ["devices", device_id, rest @ ..]) => {
                self.manage_device(request, TwinKey::device(device_id), rest)?
            }
            _ => return None,
        })
    }

    fn show_tier(&self) -> ServiceResponse {
        ServiceResponse::json(StatusCode::OK, &json!({ "tier": self.tier().to_string() }))
    }

    fn manage_tier(&self, request: &ServiceRequest) -> Result<ServiceResponse> {
        let input: TierInput = body::parse(&request.body)?;
        let tier = input.tier.parse();
        self.set_tier(tier.map_err(|error: TierError| HubError::argument(error.to_string()))?);
        Ok(self.show_tier())
    }

    fn show_throttling(&self) -> ServiceResponse {
        let enabled = self.is_throttling();
        ServiceResponse::json(StatusCode::OK, &Throttling { enabled })
    }

    fn manage_throttling(&self, request: &ServiceRequest) -> Result<ServiceResponse> {
        let input: Throttling = body::parse(&request.body)?;
        self.set_throttling(input.enabled);
        Ok(self.show_throttling())
    }

    fn manage_models(&self, request: &ServiceRequest) -> Result<ServiceResponse> {
        let documents: Vec<Value> = body::parse_any(&request.body)?;
        self.set_models(&documents)
            .map_err(|error| HubError::argument(error.to_string()))?;
        Ok(no_content())
    }

    fn manage_feedback(&self, request: &ServiceRequest) -> Result<ServiceResponse> {
        let input: FeedbackInput = body::parse(&request.body)?;
        let interval = Duration::try_from_secs_f64(input.interval_seconds).map_err(|_| {
            let text = format!(
                "intervalSeconds {} is negative or too large.",
                input.interval_seconds
            );
            HubError::argument(text)
        })?;
        self.set_feedback_interval(interval);
        Ok(no_content())
    }

    fn manage_files(&self, request: &ServiceRequest) -> Result<ServiceResponse> {
        let file: FileNotification = body::parse(&request.body)?;
        self.notify_file_upload(&file)
            .map_err(|_| HubError::device_not_found(&file.device_id))?;
        Ok(no_content())
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
                body::parse(&request.body).and_then(|patch| self.report(key, patch))
            }
            (&Method::PUT, ["methods", name]) => {
                body::parse(&request.body).and_then(|script| self.script(key, name, script))
            }
            (&Method::POST, ["messages", "receive"]) => return Some(self.manage_receive(key)),
            (&Method::POST, ["messages", action]) => {
                let settlement = settlement(action)?;
                body::parse(&request.body)
                    .and_then(|input: SettlementInput| self.settle(key, &input.lock_token, settlement))
            }
            (&Method::POST, ["messages", lock_token, action]) => {
                let settlement = settlement(action)?;
                self.read(|store| key.find(store).map(drop))
                    .map_err(HubError::from)
                    .and_then(|()| self.settle(key, lock_token, settlement))
            }
            _ => return None,
        };
        Some(result.map(|()| no_content()))
    }

    fn manage_connection(&self, request: &ServiceRequest, key: TwinKey<'_>) -> Result<()> {
        let input: ConnectionInput = body::parse(&request.body)?;
        if let Some(model_id) = input.model_id {
            self.announce_model(key, &model_id)?;
        }
        self.connect(key, input.connected)
    }

    fn manage_receive(&self, key: TwinKey<'_>) -> Result<ServiceResponse> {
        let received = self.receive_message(key.device_id, key.module_id);
        // For devices, a missing module has its own error code.
        let received = received.map_err(|_| match key.module_id {
            Some(module_id) => HubError::module_not_found(module_id),
            None => HubError::device_not_found(key.device_id),
        })?;
        Ok(match received {
            Some(message) => ServiceResponse::json(StatusCode::OK, &message),
            None => no_content(),
        })
    }

    fn settle(&self, key: TwinKey<'_>, lock_token: &str, settlement: Settlement) -> Result<()> {
        self.settle_message(key.device_id, key.module_id, lock_token, settlement)
            .map_err(|error| HubError::new(Code::DEVICE_MESSAGE_LOCK_LOST, error.to_string()))
    }
}

fn settlement(action: &str) -> Option<Settlement> {
    match action {
        "complete" => Some(Settlement::Complete),
        "abandon" => Some(Settlement::Abandon),
        "reject" => Some(Settlement::Reject),
        _ => None,
    }
}

fn no_content() -> ServiceResponse {
    ServiceResponse::empty(StatusCode::NO_CONTENT)
}
