//! The management API's part for messages: devices that receive and settle, notifications on demand.

use std::time::Duration;

use http::{Method, StatusCode};
use serde::Deserialize;

use super::super::codes::Code;
use super::super::errors::{HubError, Result};
use super::super::{IotHub, input};
use super::{FileNotification, Settlement};
use crate::service::{ServiceRequest, ServiceResponse};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Held {
    lock_token: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Feedback {
    interval_seconds: f64,
}

impl IotHub {
    /// Answers a management request, whose path here begins behind `/iothub`; `None` if there is no such operation.
    pub(crate) fn manage_messages(&self, request: &ServiceRequest, path: &[&str]) -> Option<ServiceResponse> {
        let result = match (&request.method, path) {
            (&Method::POST, ["devices", device_id, "messages", action]) => {
                self.manage_queue(request, device_id, None, action)?
            }
            (&Method::POST, ["devices", device_id, "modules", module_id, "messages", action]) => {
                self.manage_queue(request, device_id, Some(module_id), action)?
            }
            (&Method::POST, ["feedback", "flush"]) => {
                self.flush_feedback();
                Ok(ServiceResponse::empty(StatusCode::NO_CONTENT))
            }
            (&Method::PUT, ["feedback"]) => self.manage_feedback(request),
            (&Method::POST, ["fileNotifications"]) => self.manage_files(request),
            _ => return None,
        };
        Some(result.unwrap_or_else(|error| self.respond_error(&error, &request.request_id)))
    }

    /// `None` if there is no such action.
    fn manage_queue(
        &self,
        request: &ServiceRequest,
        device_id: &str,
        module_id: Option<&str>,
        action: &str,
    ) -> Option<Result<ServiceResponse>> {
        let settlement = match action {
            "receive" => None,
            "complete" => Some(Settlement::Complete),
            "reject" => Some(Settlement::Reject),
            "abandon" => Some(Settlement::Abandon),
            _ => return None,
        };
        Some(match settlement {
            None => self.manage_receive(device_id, module_id),
            Some(settlement) => self.manage_settle(request, device_id, module_id, settlement),
        })
    }

    fn manage_receive(&self, device_id: &str, module_id: Option<&str>) -> Result<ServiceResponse> {
        let received = self.receive_message(device_id, module_id);
        Ok(match received.map_err(|_| missing(device_id, module_id))? {
            Some(message) => ServiceResponse::json(StatusCode::OK, &message),
            None => ServiceResponse::empty(StatusCode::NO_CONTENT),
        })
    }

    fn manage_settle(
        &self,
        request: &ServiceRequest,
        device_id: &str,
        module_id: Option<&str>,
        settlement: Settlement,
    ) -> Result<ServiceResponse> {
        let held: Held = input::parse(&request.body)?;
        self.settle_message(device_id, module_id, &held.lock_token, settlement)
            .map_err(|error| HubError::new(Code::DEVICE_MESSAGE_LOCK_LOST, error.to_string()))?;
        Ok(ServiceResponse::empty(StatusCode::NO_CONTENT))
    }

    fn manage_feedback(&self, request: &ServiceRequest) -> Result<ServiceResponse> {
        let wanted: Feedback = input::parse(&request.body)?;
        let interval = Duration::try_from_secs_f64(wanted.interval_seconds)
            .map_err(|error| HubError::argument(format!("intervalSeconds: {error}")))?;
        self.set_feedback_interval(interval);
        Ok(ServiceResponse::empty(StatusCode::NO_CONTENT))
    }

    fn manage_files(&self, request: &ServiceRequest) -> Result<ServiceResponse> {
        let file: FileNotification = input::parse(&request.body)?;
        self.notify_file_upload(&file)
            .map_err(|_| missing(&file.device_id, None))?;
        Ok(ServiceResponse::empty(StatusCode::NO_CONTENT))
    }
}

fn missing(device_id: &str, module_id: Option<&str>) -> HubError {
    match module_id {
        Some(module_id) => HubError::module_not_found(module_id),
        None => HubError::device_not_found(device_id),
    }
}
