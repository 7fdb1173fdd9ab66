//! Methods for messages and notifications.

use azure_service_core::ServiceClient;

use crate::amqp::message::CloudToDeviceMessage;
use crate::amqp::messaging::SentMessage;
use crate::amqp::notification::FileNotification;
use crate::amqp::notifications::{Link, NotificationStream};
use crate::client::IotHubRegistryManager;
use crate::commands::FeedbackRecord;
use crate::error::Result;
use crate::identity::{check_device_id, check_module_id};

/// Cloud-to-device messages and notifications, over AMQP.
///
/// The connection is opened on first use, shared by all clones of the client, and reopened after failures. Tokens are
/// renewed before they expire. These methods need a Tokio runtime.
#[cfg_attr(docsrs, doc(cfg(feature = "amqp")))]
impl IotHubRegistryManager {
    /// Sends a message to a device. The hub puts it into the device's queue, and later reports its outcome as
    /// [feedback](Self::feedback_messages).
    ///
    /// Sending is retried only if it is certain that the hub has not accepted the message: if the connection could
    /// not be established, or the hub released the message.
    ///
    /// # Errors
    ///
    /// * [`is_not_found`](crate::Error::is_not_found) if the device does not exist.
    /// * [`is_queue_full`](crate::Error::is_queue_full) if the device's queue is full.
    /// * [`is_unknown_outcome`](crate::Error::is_unknown_outcome) if the connection broke or the call timed out before
    ///   the hub reported the outcome.
    /// * [`is_invalid_input`](crate::Error::is_invalid_input) if the id or the message is invalid.
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

    /// Sends a message to a module of a device, like [`send_c2d_message`](Self::send_c2d_message).
    ///
    /// # Errors
    ///
    /// Same as [`send_c2d_message`](Self::send_c2d_message).
    ///
    /// # Example
    ///
    /// ```no_run
    /// # async fn run(hub: iothub_convenience::IotHubRegistryManager) -> Result<(), iothub_convenience::Error> {
    /// let sent = hub.send_module_c2d_message("gateway-1", "filter", "reset").await?;
    /// println!("sent as {}", sent.message_id);
    /// # Ok(())
    /// # }
    /// ```
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

    /// Streams the outcomes of messages that requested feedback.
    ///
    /// Each item is a batch. Settle it, or the hub delivers it again. The stream connects on the first poll and
    /// reconnects after failures. It ends only after a permanent error, such as a missing permission.
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
    ///     # break;
    /// }
    /// feedback.close().await;
    /// # Ok(())
    /// # }
    /// ```
    pub fn feedback_messages(&self) -> NotificationStream<FeedbackRecord> {
        self.notifications("feedback_messages", "/messages/serviceBound/feedback")
    }

    /// Streams notifications of files that devices have uploaded, like [`feedback_messages`](Self::feedback_messages).
    ///
    /// # Example
    ///
    /// ```no_run
    /// use futures::StreamExt;
    ///
    /// # async fn run(hub: iothub_convenience::IotHubRegistryManager) -> Result<(), iothub_convenience::Error> {
    /// let mut files = hub.file_notifications();
    /// while let Some(notification) = files.next().await {
    ///     let notification = notification?;
    ///     for file in &notification.items {
    ///         println!("{:?}: {:?}", file.device_id, file.blob_uri);
    ///     }
    ///     notification.complete().await?;
    ///     # break;
    /// }
    /// files.close().await;
    /// # Ok(())
    /// # }
    /// ```
    pub fn file_notifications(&self) -> NotificationStream<FileNotification> {
        self.notifications("file_notifications", "/messages/serviceBound/filenotifications")
    }

    fn notifications<T>(&self, operation: &'static str, address: &'static str) -> NotificationStream<T> {
        NotificationStream::new(Link {
            messaging: self.amqp.clone(),
            address,
            operation,
            core: self.core.clone(),
        })
    }

    async fn send_message(
        &self,
        operation: &'static str,
        address: (&str, Option<&str>),
        message: &CloudToDeviceMessage,
    ) -> Result<SentMessage> {
        let send = async |core: ServiceClient<_>| self.amqp.send(operation, address, message, &core).await;
        self.core.composite(operation, send).await
    }

    /// Closes the AMQP connection of this client and its clones. The next call over AMQP opens a new one.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # async fn run(hub: iothub_convenience::IotHubRegistryManager) -> Result<(), iothub_convenience::Error> {
    /// hub.send_c2d_message("thermostat-7", "reboot").await?;
    /// hub.close_amqp().await;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn close_amqp(&self) {
        self.amqp.close().await;
    }
}
