//! Cloud-to-device messages and notifications, and the REST operations on them.

pub(super) mod delivery;
pub(super) mod http_message;
pub(super) mod queues;
pub(super) mod signal;

use http::StatusCode;
use serde_json::json;

use crate::iothub::codes::Code;
use crate::iothub::errors::{HubError, Result};
use crate::iothub::hub::IotHub;
use crate::iothub::store::message::Settlement;
use crate::iothub::store::notifications::NotificationKind;
use crate::service::{ServiceRequest, ServiceResponse};

impl IotHub {
    pub(super) fn send_message(&self, request: &ServiceRequest, device_id: &str) -> Result<ServiceResponse> {
        let message = http_message::read(request, device_id)?;
        self.enqueue_message(device_id, None, message)?;
        Ok(ServiceResponse::empty(StatusCode::NO_CONTENT))
    }

    pub(super) fn purge_commands(&self, device_id: &str) -> Result<ServiceResponse> {
        let purged = self.purge_messages(device_id)?;
        let body = json!({ "deviceId": device_id, "moduleId": null, "totalMessagesPurged": purged });
        Ok(ServiceResponse::json(StatusCode::OK, &body))
    }

    pub(super) fn receive_feedback(&self) -> ServiceResponse {
        match self.receive_notification(NotificationKind::Feedback) {
            None => ServiceResponse::empty(StatusCode::NO_CONTENT),
            Some(batch) => ServiceResponse::json(StatusCode::OK, &batch.body)
                .with_header("etag", &format!("\"{}\"", batch.lock_token)),
        }
    }

    pub(super) fn complete_feedback(&self, lock_token: &str) -> Result<ServiceResponse> {
        self.settle_feedback(lock_token, Settlement::Complete)
    }

    pub(super) fn abandon_feedback(&self, lock_token: &str) -> Result<ServiceResponse> {
        self.settle_feedback(lock_token, Settlement::Abandon)
    }

    fn settle_feedback(&self, lock_token: &str, settlement: Settlement) -> Result<ServiceResponse> {
        let token = lock_token.trim_matches('"');
        if self.settle_notification(NotificationKind::Feedback, token, settlement) {
            return Ok(ServiceResponse::empty(StatusCode::NO_CONTENT));
        }
        let text = "The lock has expired, or the message was already settled.";
        Err(HubError::new(Code::DEVICE_MESSAGE_LOCK_LOST, text))
    }
}
