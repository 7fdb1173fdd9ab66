//! Messages and notifications as methods of the client.

use iothub_protocol::types::FeedbackRecord;

use super::message::CloudToDeviceMessage;
use super::messaging::SentMessage;
use super::notifications::{FileNotification, NotificationStream};
use crate::client::IotHubRegistryManager;
use crate::error::Result;
use crate::identity::{check_device_id, check_module_id};

/// Cloud-to-device messages and notifications, over AMQP.
///
/// The connection is opened when it is first needed, shared by all clones of the client, and opened again after it
/// broke. Tokens are renewed ahead of their expiry. These methods need a Tokio runtime.
impl IotHubRegistryManager {
    /// Sends a message to a device. It has arrived when the hub has put it into the device's queue; what becomes of it
    /// then tells [feedback](Self::feedback_messages).
    ///
    /// A message is sent again only if it was certainly not delivered: if there was no connection, or the service gave
    /// it back.
    ///
    /// # Errors
    ///
    /// * [`is_not_found`](crate::Error::is_not_found) if there is no such device.
    /// * [`Error::Amqp`](crate::Error::Amqp) with [`is_queue_full`](crate::AmqpError::is_queue_full) if as many messages wait
    ///   as may.
    /// * [`is_unknown_outcome`](crate::Error::is_unknown_outcome) if the connection broke or the time was up before
    ///   the service said what became of the message.
    /// * [`is_invalid_input`](crate::Error::is_invalid_input) if the id or the message cannot be sent.
    ///
    /// # Example
    ///
    /// ```
    /// use iothub_convenience::{CloudToDeviceMessage, DeliveryAcknowledgement};
    ///
    /// # async fn run(hub: iothub_convenience::IotHubRegistryManager) -> Result<(), iothub_convenience::Error> {
    /// let message = CloudToDeviceMessage::new("reboot").with_acknowledgement(DeliveryAcknowledgement::Full);
    /// let sent = hub.send_c2d_message("thermostat-7", message).await?;
    /// println!("sent as {}", sent.message_id);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn send_c2d_message(
        &self,
        device_id: &str,
        message: impl Into<CloudToDeviceMessage>,
    ) -> Result<SentMessage> {
        check_device_id(device_id)?;
        self.amqp.send(device_id, None, &message.into()).await
    }

    /// Sends a message to a module of a device, as [`send_c2d_message`](Self::send_c2d_message) does to a device.
    ///
    /// # Errors
    ///
    /// As [`send_c2d_message`](Self::send_c2d_message).
    pub async fn send_module_c2d_message(
        &self,
        device_id: &str,
        module_id: &str,
        message: impl Into<CloudToDeviceMessage>,
    ) -> Result<SentMessage> {
        check_device_id(device_id)?;
        check_module_id(module_id)?;
        self.amqp.send(device_id, Some(module_id), &message.into()).await
    }

    /// What became of messages that were sent with a request for feedback, as a stream that does not end.
    ///
    /// Each item is a batch that has to be settled; one that is not comes again. The stream connects when it is first
    /// polled, and again after the connection broke. An error ends it only if trying again is no use, such as without
    /// permission.
    ///
    /// # Example
    ///
    /// ```
    /// use futures::StreamExt;
    ///
    /// # async fn run(hub: iothub_convenience::IotHubRegistryManager) -> Result<(), iothub_convenience::Error> {
    /// let mut feedback = hub.feedback_messages();
    /// while let Some(batch) = feedback.next().await {
    ///     let batch = batch?;
    ///     for record in &batch.items {
    ///         println!("{:?}: {:?}", record.original_message_id, record.status_code);
    ///     }
    ///     batch.complete().await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn feedback_messages(&self) -> NotificationStream<FeedbackRecord> {
        NotificationStream::new(self.amqp.clone(), "/messages/serviceBound/feedback")
    }

    /// News of files that devices have uploaded, as [`feedback_messages`](Self::feedback_messages).
    #[must_use]
    pub fn file_notifications(&self) -> NotificationStream<FileNotification> {
        NotificationStream::new(self.amqp.clone(), "/messages/serviceBound/filenotifications")
    }

    /// Closes the AMQP connection, of this client and its clones, if there is one. It is opened again when needed.
    pub async fn close_amqp(&self) {
        self.amqp.close().await;
    }
}
