//! Cloud-to-device messages over HTTP: what waits, and what became of it.

use azure_core::http::{NoFormat, RawResponse, Response, StatusCode};
use iothub_protocol::types::{FeedbackRecord, PurgeMessageQueueResult};

use crate::client::{IotHubRegistryManager, plain, without_body};
use crate::error::{Error, Result};
use crate::identity::check_device_id;

/// Records of what became of cloud-to-device messages, locked until they are completed or abandoned.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct FeedbackBatch {
    /// The records.
    pub records: Vec<FeedbackRecord>,
    /// What [`complete_feedback_notification`](IotHubRegistryManager::complete_feedback_notification) and
    /// [`abandon_feedback_notification`](IotHubRegistryManager::abandon_feedback_notification) take. Valid for a minute
    /// or as the hub is set.
    pub lock_token: String,
}

/// Cloud-to-device messages over HTTP.
impl IotHubRegistryManager {
    /// Deletes all cloud-to-device messages that wait for a device.
    ///
    /// REST: `DELETE /devices/{id}/commands`.
    ///
    /// # Errors
    ///
    /// [`is_not_found`](Error::is_not_found) if there is no such device.
    pub async fn purge_command_queue(&self, device_id: &str) -> Result<Response<PurgeMessageQueueResult>> {
        check_device_id(device_id)?;
        let request = self
            .api()
            .cloud_to_device_messages_purge_cloud_to_device_message_queue_request(device_id);
        Ok(self.core.send(request, plain()).await?)
    }

    /// Fetches what became of cloud-to-device messages that were sent with a request for it. `None` if there is nothing.
    ///
    /// The same records come again unless they are
    /// [completed](Self::complete_feedback_notification) before their lock ends.
    ///
    /// REST: `GET /messages/serviceBound/feedback`.
    ///
    /// # Errors
    ///
    /// As every call: see [`Error`].
    ///
    /// # Example
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["thermostat-7"]).await?;
    /// while let Some(batch) = hub.receive_feedback_notification().await? {
    ///     for record in &batch.records {
    ///         println!("{:?}: {:?}", record.original_message_id, record.status_code);
    ///     }
    ///     hub.complete_feedback_notification(&batch.lock_token).await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn receive_feedback_notification(&self) -> Result<Option<FeedbackBatch>> {
        let request = self
            .api()
            .cloud_to_device_messages_receive_feedback_notification_request();
        let response: RawResponse = self.core.send(request, plain()).await?.into();
        if response.status() == StatusCode::NoContent {
            return Ok(None);
        }
        let lock_token = azure_service_core::etag(response.headers())
            .map(|etag| etag.as_ref().trim_matches('"').to_owned())
            .filter(|token| !token.is_empty());
        let records = Response::<Vec<FeedbackRecord>>::from(response).into_model()?;
        // Records without a lock could be neither completed nor given back.
        let lock_token = lock_token
            .ok_or_else(|| Error::invalid_response("the feedback has no lock token in its ETag"))?;
        Ok(Some(FeedbackBatch { records, lock_token }))
    }

    /// Tells the service that the records have been dealt with, so that they do not come again.
    ///
    /// REST: `DELETE /messages/serviceBound/feedback/{lockToken}`.
    ///
    /// # Errors
    ///
    /// [`is_precondition_failed`](Error::is_precondition_failed) if the lock has ended.
    pub async fn complete_feedback_notification(&self, lock_token: &str) -> Result<Response<(), NoFormat>> {
        let request = self
            .api()
            .cloud_to_device_messages_complete_feedback_notification_request(lock_token);
        Ok(without_body(self.core.send(request, plain()).await?))
    }

    /// Gives the records back, so that they come again.
    ///
    /// REST: `POST /messages/serviceBound/feedback/{lockToken}/abandon`.
    ///
    /// # Errors
    ///
    /// [`is_precondition_failed`](Error::is_precondition_failed) if the lock has ended.
    pub async fn abandon_feedback_notification(&self, lock_token: &str) -> Result<Response<(), NoFormat>> {
        let request = self
            .api()
            .cloud_to_device_messages_abandon_feedback_notification_request(lock_token);
        Ok(without_body(self.core.send(request, plain()).await?))
    }
}
