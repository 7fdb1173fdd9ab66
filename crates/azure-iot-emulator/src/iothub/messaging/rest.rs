//! The REST operations on messages: purging a queue, and feedback without AMQP.

use http::StatusCode;
use serde_json::json;

use super::super::IotHub;
use super::super::codes::Code;
use super::super::errors::{HubError, Result};
use super::{Kind, Settlement};
use crate::service::ServiceResponse;

impl IotHub {
    pub(crate) fn purge_commands(&self, device_id: &str) -> Result<ServiceResponse> {
        let purged = self.purge_messages(device_id)?;
        let body = json!({ "deviceId": device_id, "moduleId": null, "totalMessagesPurged": purged });
        Ok(ServiceResponse::json(StatusCode::OK, &body))
    }

    pub(crate) fn receive_feedback(&self) -> ServiceResponse {
        match self.receive_notification(Kind::Feedback) {
            None => ServiceResponse::empty(StatusCode::NO_CONTENT),
            Some(batch) => ServiceResponse::json(StatusCode::OK, &batch.body)
                .with_header("etag", &format!("\"{}\"", batch.lock_token)),
        }
    }

    pub(crate) fn complete_feedback(&self, lock_token: &str) -> Result<ServiceResponse> {
        self.settle_feedback(lock_token, Settlement::Complete)
    }

    pub(crate) fn abandon_feedback(&self, lock_token: &str) -> Result<ServiceResponse> {
        self.settle_feedback(lock_token, Settlement::Abandon)
    }

    fn settle_feedback(&self, lock_token: &str, settlement: Settlement) -> Result<ServiceResponse> {
        let token = lock_token.trim_matches('"');
        if self.settle_notification(Kind::Feedback, token, settlement) {
            return Ok(ServiceResponse::empty(StatusCode::NO_CONTENT));
        }
        let text = "The lock has expired, or the message was settled already.";
        Err(HubError::new(Code::DEVICE_MESSAGE_LOCK_LOST, text))
    }
}
