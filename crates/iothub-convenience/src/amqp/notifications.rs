//! Feedback and file notifications as streams.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use azure_protocol_runtime::DateTime;
use fe2o3_amqp::Receiver;
use fe2o3_amqp::link::RecvError;
use fe2o3_amqp::link::delivery::DeliveryInfo;
use fe2o3_amqp::types::messaging::annotations::OwnedKey;
use fe2o3_amqp::types::messaging::{Body, Message};
use fe2o3_amqp::types::primitives::{Symbol, Value};
use futures::Stream;
use serde::de::DeserializeOwned;
use time::OffsetDateTime;
use tokio::sync::{mpsc, oneshot};

use crate::amqp::convert;
use crate::amqp::error::{AmqpError, AmqpErrorKind};
use crate::amqp::messaging::Messaging;
use crate::error::{Error, Result};
use crate::model::model;

/// After a link has lasted this long, failures are counted anew.
const GOOD_LINK: Duration = Duration::from_secs(60);

model! {
    /// A file that a device has uploaded.
    pub struct FileNotification as "file notification" {
        /// The device that uploaded it.
        pub device_id: Option<String> = "deviceId",
        /// Its URI.
        pub blob_uri: Option<String> = "blobUri",
        /// Its name in the container.
        pub blob_name: Option<String> = "blobName",
        /// When it was last written.
        pub last_updated_time: Option<DateTime> = "lastUpdatedTime",
        /// Its size.
        pub blob_size_in_bytes: Option<u64> = "blobSizeInBytes",
        /// When the hub queued the notification.
        pub enqueued_time_utc: Option<DateTime> = "enqueuedTimeUtc",
    }
}

/// How a receiver settles a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Settlement {
    Complete,
    Abandon,
    Reject,
}

/// A command for the task that has the link.
struct Command {
    delivery: DeliveryInfo,
    settlement: Settlement,
    done: Option<oneshot::Sender<Result<(), AmqpError>>>,
}

/// A notification from the hub, to be settled.
///
/// [`complete`](Self::complete) removes it from the hub. Dropping it without settling it
/// [abandons](Self::abandon) it.
#[non_exhaustive]
pub struct Notification<T> {
    /// The records or files.
    pub items: Vec<T>,
    /// Why `items` does not have everything in `body`, if parts of it cannot be read.
    pub problem: Option<String>,
    /// The body as the hub sent it.
    pub body: Vec<u8>,
    /// When the hub queued it.
    pub enqueued_time: Option<DateTime>,
    /// How often it was delivered and abandoned before.
    pub delivery_count: u32,
    /// The id of the message that brought it.
    pub message_id: Option<String>,
    delivery: Option<DeliveryInfo>,
    commands: mpsc::UnboundedSender<Command>,
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
    /// Completes it: the hub removes it.
    ///
    /// # Errors
    ///
    /// [`AmqpErrorKind::LockLost`] if the link over which it came is gone: it will be delivered again. The hub does not
    /// confirm, so a connection that breaks right after this has the same effect without an error.
    pub async fn complete(self) -> Result<()> {
        self.settle(Settlement::Complete).await
    }

    /// Abandons it: the hub delivers it again.
    ///
    /// # Errors
    ///
    /// As [`complete`](Self::complete).
    pub async fn abandon(self) -> Result<()> {
        self.settle(Settlement::Abandon).await
    }

    /// Rejects it as one that cannot be processed: the hub removes it.
    ///
    /// # Errors
    ///
    /// As [`complete`](Self::complete).
    pub async fn reject(self) -> Result<()> {
        self.settle(Settlement::Reject).await
    }

    async fn settle(mut self, settlement: Settlement) -> Result<()> {
        let lost = || AmqpError::new(AmqpErrorKind::LockLost);
        let (done, settled) = oneshot::channel();
        let delivery = self.delivery.take().ok_or_else(lost)?;
        let command = Command {
            delivery,
            settlement,
            done: Some(done),
        };
        self.commands.send(command).map_err(|_| lost())?;
        settled.await.unwrap_or_else(|_| Err(lost())).map_err(Error::from)
    }
}

impl<T> Drop for Notification<T> {
    fn drop(&mut self) {
        if let Some(delivery) = self.delivery.take() {
            let settlement = Settlement::Abandon;
            // If the link is closed, the hub delivers it again anyway.
            self.commands
                .send(Command {
                    delivery,
                    settlement,
                    done: None,
                })
                .ok();
        }
    }
}

/// A stream of notifications. See
/// [`feedback_messages`](crate::IotHubRegistryManager::feedback_messages).
///
/// Dropping it closes its link; notifications that are not settled are delivered again.
#[must_use = "a stream receives nothing until it is polled"]
pub struct NotificationStream<T> {
    state: State,
    items: PhantomData<fn() -> T>,
}

enum State {
    /// Not polled yet.
    New(Link),
    Running(mpsc::UnboundedReceiver<Result<Raw, AmqpError>>),
}

impl<T> fmt::Debug for NotificationStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NotificationStream").finish_non_exhaustive()
    }
}

/// A message before its body is looked at.
struct Raw {
    delivery: DeliveryInfo,
    message: Message<Body<Value>>,
    commands: mpsc::UnboundedSender<Command>,
}

/// Where notifications come from.
#[derive(Clone)]
pub(crate) struct Link {
    pub(crate) messaging: Messaging,
    pub(crate) address: &'static str,
    /// The public method.
    pub(crate) operation: &'static str,
    /// The caller's timeout of an attempt.
    pub(crate) limit: Option<Duration>,
}

impl<T> NotificationStream<T> {
    pub(crate) fn new(link: Link) -> Self {
        Self {
            state: State::New(link),
            items: PhantomData,
        }
    }
}

impl<T: DeserializeOwned> Stream for NotificationStream<T> {
    type Item = Result<Notification<T>>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let State::New(link) = &self.state {
            let (sender, receiver) = mpsc::unbounded_channel();
            tokio::spawn(receive(link.clone(), sender));
            self.state = State::Running(receiver);
        }
        match &mut self.state {
            State::New(..) => Poll::Pending,
            State::Running(receiver) => receiver
                .poll_recv(context)
                .map(|item| item.map(|item| Ok(read(item?)))),
        }
    }
}

type Items = mpsc::UnboundedSender<Result<Raw, AmqpError>>;

/// Keeps a link attached until the stream is dropped.
async fn receive(link: Link, items: Items) {
    let mut failures = 0;
    loop {
        let started = Instant::now();
        let ended = tokio::select! {
            ended = receive_once(&link, &items) => ended,
            () = items.closed() => return,
        };
        let Err(error) = ended else { return };
        let (messaging, operation) = (&link.messaging, link.operation);
        let error = error.with_target(messaging.target()).with_operation(operation);
        if started.elapsed() >= GOOD_LINK {
            failures = 0;
        }
        failures += 1;
        let pause = messaging.pause_after(failures).filter(|_| error.may_retry());
        if let Some(pause) = pause {
            tracing::info!(
                operation,
                attempts = failures,
                code = error.code(),
                "{operation} is retried: {error}"
            );
            tokio::time::sleep(pause).await;
            continue;
        }
        // A caller who polls again after this error gets another round of attempts, if they can succeed.
        let ends = !error.may_retry();
        let error = error.with_attempts(failures);
        tracing::warn!(operation, code = error.code(), "call failed: {error}");
        if items.send(Err(error)).is_err() || ends {
            return;
        }
        failures = 0;
    }
}

/// Receives until the link is closed, or, without an error, until the stream is dropped.
async fn receive_once(link: &Link, items: &Items) -> Result<(), AmqpError> {
    let connection = link.messaging.connection(link.limit).await?;
    let attached = connection.attach_receiver(link.address, link.limit).await;
    let mut receiver = attached.inspect_err(|error| {
        if error.breaks_connection() {
            connection.give_up();
        }
    })?;
    let (commands, mut requests) = mpsc::unbounded_channel();
    loop {
        tokio::select! {
            received = receiver.recv::<Body<Value>>() => match received {
                Ok(received) => {
                    let (delivery, message) = received.into_parts();
                    let raw = Raw { delivery, message, commands: commands.clone() };
                    // Not more than the link's credit, so it needs no other limit.
                    if items.send(Ok(raw)).is_err() {
                        break;
                    }
                }
                Err(RecvError::MessageDecode(error)) => {
                    tracing::warn!(%error, "a notification cannot be decoded and is rejected");
                    if let Err(error) = receiver.reject(error.info, None).await {
                        tracing::debug!(%error, "a notification was not rejected");
                    }
                }
                Err(error) => return Err(convert::of_recv(error)),
            },
            Some(command) = requests.recv() => settle(&receiver, command).await,
            () = items.closed() => break,
        }
    }
    // Commands sent before the stream was dropped are still carried out.
    while let Ok(command) = requests.try_recv() {
        settle(&receiver, command).await;
    }
    if let Err(error) = receiver.close().await {
        tracing::debug!(%error, "the link for notifications ended with an error");
    }
    Ok(())
}

async fn settle(receiver: &Receiver, command: Command) {
    let delivery = command.delivery;
    let settled = match command.settlement {
        Settlement::Complete => receiver.accept(delivery).await,
        Settlement::Abandon => receiver.release(delivery).await,
        Settlement::Reject => receiver.reject(delivery, None).await,
    };
    let settled = settled.map_err(|error| AmqpError::new(AmqpErrorKind::LockLost).with_source(error));
    if let Some(done) = command.done {
        // The caller may have stopped waiting.
        done.send(settled).ok();
    }
}

fn read<T: DeserializeOwned>(raw: Raw) -> Notification<T> {
    let Raw {
        delivery,
        message,
        commands,
    } = raw;
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
        commands,
    }
}

/// Reads an array of items, or a single one. Items that cannot be read are left out.
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
                problem.get_or_insert_with(|| format!("item {at} cannot be read: {error}"));
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
    fn batches_are_read_as_far_as_they_can_be() {
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

        let (records, problem) = parse::<FeedbackRecord>(b"no JSON");
        assert!(records.is_empty() && problem.is_some());
    }
}
