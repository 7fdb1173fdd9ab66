//! Streams of feedback and file notifications.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use azure_service_core::{Composite, ServiceClient};
use futures::Stream;
use serde::de::DeserializeOwned;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;

use crate::amqp::error::AmqpError;
use crate::amqp::messaging::Messaging;
use crate::amqp::notification::{Notification, ReceivedMessage, read, settle};
use crate::amqp::receiving::ReceivingLink;
use crate::error::{Error, Result};

/// The duration after which a link counts as stable, which resets the number of failures.
const STABLE_LINK: Duration = Duration::from_secs(60);

/// A stream of notifications. See
/// [`feedback_messages`](crate::IotHubRegistryManager::feedback_messages).
///
/// Dropping the stream closes its link in the background; the hub delivers unsettled notifications again. Call
/// [`close`](Self::close) before the process ends, or settlements may be lost.
#[must_use = "a stream receives nothing until it is polled"]
pub struct NotificationStream<T> {
    state: State,
    items: PhantomData<fn() -> T>,
}

enum State {
    /// Not polled yet.
    New(Box<Link>),
    Running(Box<Running>),
}

/// The consumer's end of a receiving task.
struct Running {
    items: mpsc::UnboundedReceiver<Result<ReceivedMessage, AmqpError>>,
    task: JoinHandle<()>,
    /// The span of the stream.
    composite: Composite<iothub_protocol::Client>,
}

impl<T> fmt::Debug for NotificationStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NotificationStream").finish_non_exhaustive()
    }
}

/// The source of notifications.
#[derive(Clone)]
pub(crate) struct Link {
    pub(crate) messaging: Messaging,
    pub(crate) core: ServiceClient<iothub_protocol::Client>,
    pub(crate) address: &'static str,
    /// The public method that returned the stream.
    pub(crate) operation: &'static str,
}

impl<T> NotificationStream<T> {
    pub(crate) fn new(link: Link) -> Self {
        Self {
            state: State::New(Box::new(link)),
            items: PhantomData,
        }
    }

    /// Closes the link and waits until all settlements have been sent.
    ///
    /// Settlements are sent in the background, so call this before the process or the runtime ends.
    pub async fn close(self) {
        let State::Running(running) = self.state else {
            return;
        };
        let Running {
            items,
            task,
            composite,
        } = *running;
        drop(items);
        if let Err(error) = task.await {
            tracing::debug!(%error, "the task of a notification stream ended with an error");
        }
        drop(composite);
    }
}

impl<T: DeserializeOwned> Stream for NotificationStream<T> {
    type Item = Result<Notification<T>>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let State::New(link) = &self.state {
            let (sender, items) = mpsc::unbounded_channel();
            self.state = State::Running(Box::new(Running {
                items,
                composite: link.core.begin(link.operation),
                task: tokio::spawn(receive(Link::clone(link), sender)),
            }));
        }
        let State::Running(running) = &mut self.state else {
            return Poll::Pending;
        };
        let item = ready!(running.items.poll_recv(context));
        Poll::Ready(item.map(|item| match item {
            Ok(received) => Ok(read(received)),
            Err(error) => {
                let error = Error::from(error);
                running.composite.failed(error.as_ref());
                Err(error)
            }
        }))
    }
}

type Items = mpsc::UnboundedSender<Result<ReceivedMessage, AmqpError>>;

/// How a link ended, if the end does not count as a failed attempt.
enum LinkEnd {
    /// The stream was dropped.
    StreamDropped,
    /// The link failed after it had become stable.
    Stable(AmqpError),
}

/// Receives over a link until the stream is dropped. Attaches the link again after failures.
async fn receive(link: Link, items: Items) {
    let Link {
        messaging,
        core,
        operation,
        ..
    } = &link;
    // Locked while an attempt runs, and unlocked during the pause between two attempts.
    let attempting = Mutex::new(());
    let dropped_in_a_pause = async || {
        items.closed().await;
        // A running attempt notices that the stream was dropped: it sends the remaining settlements, ends and releases
        // the lock.
        drop(attempting.lock().await);
    };
    loop {
        let retry = core.call_options().retry.as_ref();
        let receiving = messaging.attempt(operation, retry, None, || {
            Box::pin(async {
                let _attempt = attempting.lock().await;
                receive_once(&link, &items).await
            })
        });
        let received = tokio::select! {
            biased;
            received = receiving => received,
            () = dropped_in_a_pause() => return,
        };
        let ended = match received {
            Ok((LinkEnd::StreamDropped, _)) => return,
            Ok((LinkEnd::Stable(error), _)) => {
                tracing::info!(operation, code = error.code(), "{operation} is retried: {error}");
                false
            }
            // After a temporary error, the stream starts a new round of attempts.
            Err(error) => !error.may_retry() | items.send(Err(error)).is_err(),
        };
        if ended {
            return;
        }
    }
}

/// Attaches the link and receives until it fails or the stream is dropped.
async fn receive_once(link: &Link, items: &Items) -> Result<LinkEnd, AmqpError> {
    let attached = tokio::select! {
        attached = attach(link) => attached,
        () = items.closed() => return Ok(LinkEnd::StreamDropped),
    };
    let mut receiving = attached?;
    let started = Instant::now();
    match forward(&mut receiving, items).await {
        Ok(()) => {
            receiving.close().await;
            Ok(LinkEnd::StreamDropped)
        }
        Err(error) if error.may_retry() && started.elapsed() >= STABLE_LINK => Ok(LinkEnd::Stable(error)),
        Err(error) => Err(error),
    }
}

async fn attach(link: &Link) -> Result<ReceivingLink, AmqpError> {
    let limit = link.core.call_options().attempt_timeout;
    let connection = link.messaging.connection(limit).await?;
    let attached = connection.attach_receiver(link.address, limit).await;
    attached.inspect_err(|error| {
        if error.breaks_connection() {
            connection.mark_broken();
        }
    })
}

/// Forwards messages to the stream and settles them until the stream is dropped. Returns an error if the link fails.
async fn forward(link: &mut ReceivingLink, items: &Items) -> Result<(), AmqpError> {
    let (requests, mut settlements) = mpsc::unbounded_channel();
    loop {
        tokio::select! {
            received = link.receive() => {
                let (delivery, message) = received?.into_parts();
                let received = ReceivedMessage { delivery, message, requests: requests.clone() };
                // The channel is unbounded, but the credit of the link limits the messages in it.
                if items.send(Ok(received)).is_err() {
                    break;
                }
            }
            Some(request) = settlements.recv() => settle(link, request).await,
            () = items.closed() => break,
        }
    }
    // Sends the settlements requested before the stream was dropped.
    while let Ok(request) = settlements.try_recv() {
        settle(link, request).await;
    }
    Ok(())
}
