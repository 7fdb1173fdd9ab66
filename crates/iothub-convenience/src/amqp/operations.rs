//! Messages and notifications: methods of the client.

use crate::amqp::message::CloudToDeviceMessage;
use crate::amqp::messaging::SentMessage;
use crate::amqp::notifications::{FileNotification, Link, NotificationStream};
use crate::client::IotHubRegistryManager;
use crate::commands::FeedbackRecord;
use crate::error::Result;
use crate::identity::{check_device_id, check_module_id};

/// Cloud-to-device messages and notifications, over AMQP.
///
/// The connection is opened when it is first needed, shared by all clones of the client, and opened again after it
/// broke. Tokens are renewed before they expire. These methods need a Tokio runtime.
#[cfg_attr(docsrs, doc(cfg(feature = "amqp")))]
impl IotHubRegistryManager {
    /// Sends a message to a device. The hub accepts it by putting it into the device's queue; its outcome comes as
    /// [feedback](Self::feedback_messages).
    ///
    /// A message is sent again only if it was certainly not delivered: if there was no connection, or the hub released it.
    ///
    /// # Errors
    ///
    /// * [`is_not_found`](crate::Error::is_not_found) if the device does not exist.
    /// * [`is_queue_full`](crate::Error::is_queue_full) if the device's queue is full.
    /// * [`is_unknown_outcome`](crate::Error::is_unknown_outcome) if the connection broke or the call timed out before
    ///   the hub reported the outcome.
    /// * [`is_invalid_input`](crate::Error::is_invalid_input) if the id or the message cannot be sent.
    ///
    /// # Example
    ///
    /// ```no_run
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
        self.send_message("send_c2d_message", (device_id, None), &message.into())
            .await
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
        let address = (device_id, Some(module_id));
        self.send_message("send_module_c2d_message", address, &message.into())
            .await
    }

    /// Outcomes of messages that were sent with a request for feedback, as a stream that does not end.
    ///
    /// Each item is a batch that has to be settled; otherwise it is delivered again. The stream connects when it is first
    /// polled, and again after the connection broke. An error ends it only if another attempt cannot succeed, such as without
    /// permission.
    ///
    /// # Example
    ///
    /// ```no_run
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
    pub fn feedback_messages(&self) -> NotificationStream<FeedbackRecord> {
        self.notifications("feedback_messages", "/messages/serviceBound/feedback")
    }

    /// Notifications of files that devices have uploaded, as [`feedback_messages`](Self::feedback_messages).
    pub fn file_notifications(&self) -> NotificationStream<FileNotification> {
        self.notifications("file_notifications", "/messages/serviceBound/filenotifications")
    }

    fn notifications<T>(&self, operation: &'static str, address: &'static str) -> NotificationStream<T> {
        NotificationStream::new(Link {
            messaging: self.amqp.clone(),
            address,
            operation,
            limit: self.core.call_options().attempt_timeout,
        })
    }

    async fn send_message(
        &self,
        operation: &'static str,
        address: (&str, Option<&str>),
        message: &CloudToDeviceMessage,
    ) -> Result<SentMessage> {
        let limit = self.core.call_options().attempt_timeout;
        self.core
            .composite(operation, async |_| {
                self.amqp.send(operation, address, message, limit).await
            })
            .await
    }

    /// Closes the AMQP connection, of this client and its clones, if there is one. It is opened again when needed.
    pub async fn close_amqp(&self) {
        self.amqp.close().await;
    }
}
