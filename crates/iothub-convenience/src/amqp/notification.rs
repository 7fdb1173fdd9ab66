//! Feedback and file notifications, and their settlement.

use std::fmt;

use azure_protocol_runtime::DateTime;
use fe2o3_amqp::link::delivery::DeliveryInfo;
use fe2o3_amqp::types::messaging::annotations::OwnedKey;
use fe2o3_amqp::types::messaging::{Body, Message};
use fe2o3_amqp::types::primitives::{Symbol, Value};
use serde::de::DeserializeOwned;
use time::OffsetDateTime;
use tokio::sync::{mpsc, oneshot};

use crate::amqp::error::{AmqpError, AmqpErrorKind};
use crate::amqp::receiving::{ReceivingLink, Settlement};
use crate::error::{Error, Result};
use crate::model::model;

model! {
    /// A file that a device has uploaded.
    pub struct FileNotification as "file notification" {
        /// The id of the device that uploaded the file.
        pub device_id: Option<String> = "deviceId",
        /// The URI of the blob.
        pub blob_uri: Option<String> = "blobUri",
        /// The name of the blob in the container.
        pub blob_name: Option<String> = "blobName",
        /// The time of the last write.
        pub last_updated_time: Option<DateTime> = "lastUpdatedTime",
        /// The size of the blob.
        pub blob_size_in_bytes: Option<u64> = "blobSizeInBytes",
        /// The time at which the hub queued the notification.
        pub enqueued_time_utc: Option<DateTime> = "enqueuedTimeUtc",
    }
}

/// A settlement request to the task that owns the link.
pub(super) struct SettleRequest {
    delivery: DeliveryInfo,
    settlement: Settlement,
    done: Option<oneshot::Sender<Result<(), AmqpError>>>,
}

/// A notification from the hub. It must be settled.
///
/// [`complete`](Self::complete) removes the notification from the hub. Dropping an unsettled notification
/// [abandons](Self::abandon) it.
#[non_exhaustive]
pub struct Notification<T> {
    /// The records or files.
    pub items: Vec<T>,
    /// The reason that parts of `body` are missing from `items`, if any are.
    pub problem: Option<String>,
    /// The unchanged body.
    pub body: Vec<u8>,
    /// The time at which the hub queued the notification.
    pub enqueued_time: Option<DateTime>,
    /// The number of earlier deliveries that were abandoned.
    pub delivery_count: u32,
    /// The id of the AMQP message.
    pub message_id: Option<String>,
    delivery: Option<DeliveryInfo>,
    requests: mpsc::UnboundedSender<SettleRequest>,
}

impl<T: fmt::Debug> fmt::Debug for Notification<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notification")
            .field("items", &self.items)
            .field("problem", &self.problem)
            .field("enqueued_time", &self.enqueued_time)
            .field("delivery_count", &self.delivery_count)
            .finish_non_exhaustive()
    }
}

impl<T> Notification<T> {
    /// Completes the notification: the hub removes it.
    ///
    /// # Errors
    ///
    /// [`AmqpErrorKind::LockLost`] if the link is closed; the hub then delivers the notification again. The hub does
    /// not confirm settlements, so the same can happen without an error if the connection breaks right afterwards.
    pub async fn complete(self) -> Result<()> {
        self.settle(Settlement::Complete).await
    }

    /// Abandons the notification: the hub delivers it again.
    ///
    /// # Errors
    ///
    /// Same as [`complete`](Self::complete).
    pub async fn abandon(self) -> Result<()> {
        self.settle(Settlement::Abandon).await
    }

    /// Rejects the notification as invalid: the hub removes it.
    ///
    /// # Errors
    ///
    /// Same as [`complete`](Self::complete).
    pub async fn reject(self) -> Result<()> {
        self.settle(Settlement::Reject).await
    }

    async fn settle(mut self, settlement: Settlement) -> Result<()> {
        let lost = || AmqpError::new(AmqpErrorKind::LockLost);
        let (done, settled) = oneshot::channel();
        let delivery = self.delivery.take().ok_or_else(lost)?;
        let request = SettleRequest {
            delivery,
            settlement,
            done: Some(done),
        };
        self.requests.send(request).map_err(|_| lost())?;
        settled.await.unwrap_or_else(|_| Err(lost())).map_err(Error::from)
    }
}

impl<T> Drop for Notification<T> {
    fn drop(&mut self) {
        if let Some(delivery) = self.delivery.take() {
            let settlement = Settlement::Abandon;
            // If the link is closed, the hub has already released the notification.
            self.requests
                .send(SettleRequest {
                    delivery,
                    settlement,
                    done: None,
                })
                .ok();
        }
    }
}

/// A received message.
pub(super) struct ReceivedMessage {
    pub(super) delivery: DeliveryInfo,
    pub(super) message: Message<Body<Value>>,
    pub(super) requests: mpsc::UnboundedSender<SettleRequest>,
}

pub(super) async fn settle(link: &ReceivingLink, request: SettleRequest) {
    let settled = link.settle(request.delivery, request.settlement).await;
    if let Some(done) = request.done {
        // The caller may no longer wait for the settlement.
        done.send(settled).ok();
    }
}

pub(super) fn read<T: DeserializeOwned>(received: ReceivedMessage) -> Notification<T> {
    let ReceivedMessage {
        delivery,
        message,
        requests,
    } = received;
    let enqueued_time = message.message_annotations.as_ref().and_then(|annotations| {
        let key = OwnedKey::Symbol(Symbol::from("iothub-enqueuedtime"));
        match annotations.0.get(&key) {
            Some(Value::Timestamp(time)) => {
                let time =
                    OffsetDateTime::from_unix_timestamp_nanos(i128::from(time.milliseconds()) * 1_000_000);
                time.ok().map(DateTime::from)
            }
            _ => None,
        }
    });
    let body = match message.body {
        Body::Data(sections) => sections.into_iter().flat_map(|data| data.0.into_vec()).collect(),
        Body::Value(value) => match value.0 {
            Value::Binary(bytes) => bytes.into_vec(),
            Value::String(text) => text.into_bytes(),
            _ => Vec::new(),
        },
        Body::Sequence(_) | Body::Empty => Vec::new(),
    };
    let (items, problem) = parse(&body);
    Notification {
        items,
        problem,
        body,
        enqueued_time,
        delivery_count: message.header.map_or(0, |header| header.delivery_count),
        message_id: message
            .properties
            .and_then(|properties| properties.message_id)
            .map(|id| match id {
                fe2o3_amqp::types::messaging::MessageId::String(id) => id,
                other => format!("{other:?}"),
            }),
        delivery: Some(delivery),
        requests,
    }
}

/// Parses an array of items or a single item. Skips invalid items and returns the first error.
fn parse<T: DeserializeOwned>(body: &[u8]) -> (Vec<T>, Option<String>) {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let values = match serde_json::from_slice(body) {
        Ok(serde_json::Value::Array(values)) => values,
        Ok(value) => vec![value],
        Err(error) => return (Vec::new(), Some(format!("the body is not JSON: {error}"))),
    };
    let (mut items, mut problem) = (Vec::new(), None);
    for (at, value) in values.into_iter().enumerate() {
        match serde_json::from_value(value) {
            Ok(item) => items.push(item),
            Err(error) => {
                problem.get_or_insert_with(|| format!("item {at} is invalid: {error}"));
            }
        }
    }
    (items, problem)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::{FeedbackRecord, FeedbackRecordStatusCode};

    #[test]
    fn valid_items_of_a_batch_are_read() {
        let body = "\u{feff}[{\"originalMessageId\":\"m\",\"statusCode\":\"Later\",\"new\":1}, 7, {}]";
        let (records, problem) = parse::<FeedbackRecord>(body.as_bytes());
        assert_eq!(records.len(), 2);
        assert_eq!(records[0].original_message_id.as_deref(), Some("m"));
        let status = FeedbackRecordStatusCode::UnknownValue("Later".to_owned());
        assert_eq!(records[0].status_code, Some(status));
        assert!(problem.is_some_and(|problem| problem.starts_with("item 1 ")));

        let (files, problem) = parse::<FileNotification>(
            br#"{"deviceId":"d","blobSizeInBytes":5,"lastUpdatedTime":"2024-05-06T07:08:09+00:00"}"#,
        );
        assert_eq!((files.len(), problem), (1, None));
        assert_eq!(files[0].blob_size_in_bytes, Some(5));

        let (records, problem) = parse::<FeedbackRecord>(b"not JSON");
        assert!(records.is_empty() && problem.is_some());
    }
}
