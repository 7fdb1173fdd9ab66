//! Cloud-to-device messages over HTTP: queue purges and feedback.

use azure_core::http::{NoFormat, Response, StatusCode};
use azure_protocol_runtime::DateTime;
use azure_service_core::{ResponseExt, rename_parameters};

use crate::client::IotHubRegistryManager;
use crate::error::{Error, Result};
use crate::identity::check_device_id;
use crate::model::{model, plain_members};

model! {
    /// The outcome of a cloud-to-device message.
    pub struct FeedbackRecord as "feedback record" {
        /// The id of the message.
        pub original_message_id: Option<String> = "originalMessageId",
        /// The outcome.
        pub status_code: Option<FeedbackRecordStatusCode> = "statusCode",
        /// The service's description of the outcome.
        pub description: Option<String> = "description",
        /// The device that the message was sent to.
        pub device_id: Option<String> = "deviceId",
        /// The device's generation id.
        pub device_generation_id: Option<String> = "deviceGenerationId",
        /// The time at which the outcome was recorded.
        pub enqueued_time_utc: Option<DateTime> = "enqueuedTimeUtc",
    }
}

azure_service_core::open_enum! {
    /// The outcome of a cloud-to-device message.
    pub enum FeedbackRecordStatusCode {
        /// The device completed the message.
        Success = "Success",
        /// The message expired before the device completed it.
        Expired = "Expired",
        /// The device abandoned the message too many times.
        DeliveryCountExceeded = "DeliveryCountExceeded",
        /// The device rejected the message.
        Rejected = "Rejected",
        /// The queue was purged.
        Purged = "Purged",
    }
}

plain_members!(FeedbackRecordStatusCode);

model! {
    /// The result of purging a queue.
    pub struct PurgeMessageQueueResult as "purge result" {
        /// The device's id.
        pub device_id: Option<String> = "deviceId",
        /// The module's id, if the queue belongs to a module.
        pub module_id: Option<String> = "moduleId",
        /// The number of deleted messages.
        pub total_messages_purged: Option<i32> = "totalMessagesPurged",
    }
}

/// The generated client's parameter name and the name in the public methods, for error messages.
const LOCK_TOKEN: &[(&str, &str)] = &[("lockToken", "lock_token")];

/// A batch of feedback, locked until it is completed or abandoned.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct FeedbackBatch {
    /// The records.
    pub records: Vec<FeedbackRecord>,
    /// The lock token for [`complete_feedback_notification`](IotHubRegistryManager::complete_feedback_notification)
    /// and [`abandon_feedback_notification`](IotHubRegistryManager::abandon_feedback_notification). Valid for one
    /// minute, unless the hub is configured otherwise.
    pub lock_token: String,
}

/// Cloud-to-device messages over HTTP.
impl IotHubRegistryManager {
    /// Deletes all cloud-to-device messages that are queued for a device.
    ///
    /// REST: `DELETE /devices/{id}/commands`.
    ///
    /// # Errors
    ///
    /// [`is_not_found`](Error::is_not_found) if the device does not exist.
    ///
    /// # Example
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["thermostat-7"]).await?;
    /// let purged = hub.purge_command_queue("thermostat-7").await?.into_model()?;
    /// println!("{:?} messages were deleted", purged.total_messages_purged);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn purge_command_queue(&self, device_id: &str) -> Result<Response<PurgeMessageQueueResult>> {
        check_device_id(device_id)?;
        let request = self
            .core
            .protocol()
            .cloud_to_device_messages_purge_cloud_to_device_message_queue_request(device_id);
        Ok(self.core.call("purge_command_queue").send(request).await?)
    }

    /// Receives a batch of feedback on cloud-to-device messages, or `None` if there is none.
    ///
    /// Records that are not [completed](Self::complete_feedback_notification) before their lock expires are delivered
    /// again.
    ///
    /// REST: `GET /messages/serviceBound/feedback`.
    ///
    /// # Errors
    ///
    /// See [`Error`].
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
            .core
            .protocol()
            .cloud_to_device_messages_receive_feedback_notification_request();
        let call = self.core.call("receive_feedback_notification");
        let response: Response<Vec<FeedbackRecord>> = call.send(request).await?;
        if response.status() == StatusCode::NoContent {
            return Ok(None);
        }
        let lock_token = response
            .etag()
            .map(|etag| etag.as_ref().trim_matches('"').to_owned())
            .filter(|token| !token.is_empty());
        let records = response.into_model()?;
        // A batch without a lock token could not be settled.
        let lock_token = lock_token
            .ok_or_else(|| Error::invalid_response("the feedback has no lock token in its ETag"))?;
        Ok(Some(FeedbackBatch { records, lock_token }))
    }

    /// Completes a batch: its records are not delivered again.
    ///
    /// REST: `DELETE /messages/serviceBound/feedback/{lockToken}`.
    ///
    /// # Errors
    ///
    /// [`is_precondition_failed`](Error::is_precondition_failed) if the lock has expired.
    ///
    /// # Example
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["thermostat-7"]).await?;
    /// if let Some(batch) = hub.receive_feedback_notification().await? {
    ///     hub.complete_feedback_notification(&batch.lock_token).await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn complete_feedback_notification(&self, lock_token: &str) -> Result<Response<(), NoFormat>> {
        let request = self
            .core
            .protocol()
            .cloud_to_device_messages_complete_feedback_notification_request(lock_token);
        let request = rename_parameters(request, LOCK_TOKEN);
        Ok(self
            .core
            .call("complete_feedback_notification")
            .send(request)
            .await?)
    }

    /// Abandons a batch: its records are delivered again.
    ///
    /// REST: `POST /messages/serviceBound/feedback/{lockToken}/abandon`.
    ///
    /// # Errors
    ///
    /// [`is_precondition_failed`](Error::is_precondition_failed) if the lock has expired.
    ///
    /// # Example
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["thermostat-7"]).await?;
    /// if let Some(batch) = hub.receive_feedback_notification().await? {
    ///     hub.abandon_feedback_notification(&batch.lock_token).await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn abandon_feedback_notification(&self, lock_token: &str) -> Result<Response<(), NoFormat>> {
        let request = self
            .core
            .protocol()
            .cloud_to_device_messages_abandon_feedback_notification_request(lock_token);
        let request = rename_parameters(request, LOCK_TOKEN);
        Ok(self
            .core
            .call("abandon_feedback_notification")
            .send(request)
            .await?)
    }
}
