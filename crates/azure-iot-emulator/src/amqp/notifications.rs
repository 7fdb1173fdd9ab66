//! The nodes that send feedback and file notifications.

use std::collections::BTreeSet;

use fe2o3_amqp::Sender;
use fe2o3_amqp::link::SendError;
use fe2o3_amqp::link::delivery::DeliveryFut;
use fe2o3_amqp::types::definitions;
use fe2o3_amqp::types::messaging::{
    Data, Header, Message, MessageAnnotations, MessageId, Outcome, Properties,
};
use fe2o3_amqp::types::primitives::{Binary, Symbol, Timestamp, Value};
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt as _, StreamExt as _};
use time::OffsetDateTime;

use crate::amqp::errors;
use crate::amqp::faults::{AmqpFaultAction, Point};
use crate::amqp::peer::Peer;
use crate::iothub::{Notification, NotificationKind as Kind, Settlement};

/// Sends notifications over a link until it ends, then releases the locks of notifications without an outcome.
pub(crate) async fn serve(sender: Sender, kind: Kind, address: &str, peer: Peer) {
    let mut source = Source {
        sender,
        kind,
        unsent: None,
        outcomes: FuturesUnordered::new(),
        locked: BTreeSet::new(),
        peer,
    };
    let ended = source.run(address).await;
    // A receiver may settle notifications right before it detaches the link.
    while let Some(Some((token, outcome))) = source.outcomes.next().now_or_never() {
        if let Err(error) = source.settle(&token, outcome) {
            tracing::debug!(%error, "a notification has no outcome");
        }
    }
    for token in &source.locked {
        source.peer.node.hub.unlock_notification(kind, token);
    }
    match ended {
        Ended::Detached(reason) => tracing::debug!(%reason, "a receiver's link ended"),
        Ended::Close(error) => close(source.sender, error).await,
        Ended::Reset => source.peer.abort_handle.abort(),
    }
}

/// A link that sends notifications.
struct Source {
    sender: Sender,
    kind: Kind,
    /// The notification that waits for link credit.
    unsent: Option<Notification>,
    /// The outcomes of sent notifications, with their lock tokens.
    outcomes: FuturesUnordered<BoxFuture<'static, (String, Delivered)>>,
    /// The lock tokens of notifications without an outcome.
    locked: BTreeSet<String>,
    peer: Peer,
}

type Delivered = Result<Outcome, SendError>;

/// The reason why a link ended.
enum Ended {
    Detached(String),
    Close(definitions::Error),
    Reset,
}

impl Source {
    async fn run(&mut self, address: &str) -> Ended {
        let node = self.peer.node.clone();
        let mut changes = node.hub.messaging().subscribe();
        loop {
            changes.mark_unchanged();
            let next_expiry = node.hub.tick_messages();
            if let Err(ended) = self.receive(address) {
                return ended;
            }
            let expiry = async {
                match next_expiry {
                    Some(next) => node.clock.sleep_until(next).await,
                    None => std::future::pending().await,
                }
            };
            let unsent = self.unsent.as_ref();
            let message = unsent.map(|notification| message(self.kind, notification, &node.hub_name));
            tokio::select! {
                sent = send_or_detach(&mut self.sender, message) => match sent {
                    Ok(outcome) => self.sent(outcome),
                    Err(ended) => return ended,
                },
                Some((token, outcome)) = self.outcomes.next() => {
                    if let Err(error) = self.settle(&token, outcome) {
                        return Ended::Detached(error.to_string());
                    }
                }
                () = expiry => {}
                // Cannot fail, because the hub outlives this task.
                _ = changes.changed() => {}
                () = self.peer.access.lost(&node.clock) => return Ended::Close(self.peer.expired()),
            }
        }
    }

    /// Locks the next notification, unless one waits for credit, and applies the fault rules to it.
    fn receive(&mut self, address: &str) -> Result<(), Ended> {
        if self.unsent.is_some() {
            return Ok(());
        }
        let node = &self.peer.node;
        let Some(notification) = node.hub.receive_notification(self.kind) else {
            return Ok(());
        };
        self.locked.insert(notification.lock_token.clone());
        self.unsent = Some(notification);
        match node.faults.apply(Point::Message, address) {
            Some(AmqpFaultAction::Detach {
                condition,
                description,
            }) => Err(Ended::Close(errors::of_fault(&condition, description.as_deref()))),
            Some(AmqpFaultAction::Reset { .. }) => Err(Ended::Reset),
            _ => Ok(()),
        }
    }

    #[expect(clippy::expect_used, reason = "only the unsent notification is sent")]
    fn sent(&mut self, outcome: DeliveryFut<Delivered>) {
        let notification = self.unsent.take().expect("a notification was sent");
        let token = notification.lock_token;
        self.outcomes
            .push(Box::pin(async move { (token, outcome.await) }));
    }

    fn settle(&mut self, token: &str, outcome: Delivered) -> Result<(), SendError> {
        let settlement = match outcome? {
            Outcome::Accepted(_) => Settlement::Complete,
            Outcome::Rejected(_) => Settlement::Reject,
            Outcome::Released(_) | Outcome::Modified(_) => Settlement::Abandon,
        };
        self.locked.remove(token);
        let hub = &self.peer.node.hub;
        hub.settle_notification(self.kind, token, settlement);
        Ok(())
    }
}

/// Sends the message. Without a message, waits until the link is detached.
async fn send_or_detach(
    sender: &mut Sender,
    message: Option<Message<Data>>,
) -> Result<DeliveryFut<Delivered>, Ended> {
    let Some(message) = message else {
        return Err(Ended::Detached(sender.on_detach().await.to_string()));
    };
    let sent = sender.send_batchable(message).await;
    sent.map_err(|error| match error {
        SendError::MessageSizeExceeded(error) => Ended::Close(errors::of_size(&error)),
        error => Ended::Detached(error.to_string()),
    })
}

async fn close(sender: Sender, error: definitions::Error) {
    tracing::info!(condition = ?error.condition, "closed a receiver's link");
    if let Err(error) = sender.close_with_error(error).await {
        tracing::debug!(%error, "a receiver's link ended with an error");
    }
}

#[expect(clippy::expect_used, reason = "the hub generates lock tokens")]
fn message(kind: Kind, notification: &Notification, hub_name: &str) -> Message<Data> {
    let (content_type, to) = match kind {
        Kind::Feedback => (
            "application/vnd.microsoft.iothub.feedback.json",
            "/messages/serviceBound/feedback",
        ),
        Kind::File => (
            "application/vnd.microsoft.iothub.filenotification.json",
            "/messages/serviceBound/filenotifications",
        ),
    };
    let lock_token = uuid::Uuid::parse_str(&notification.lock_token).expect("a lock token is a UUID");
    Message::builder()
        .header(Header {
            delivery_count: notification.delivery_count,
            ..Header::default()
        })
        .message_annotations(
            MessageAnnotations::builder()
                .insert(
                    Symbol::from("iothub-enqueuedtime"),
                    Value::Timestamp(milliseconds(notification.enqueued)),
                )
                .insert(
                    Symbol::from("x-opt-lock-token"),
                    Value::Uuid((*lock_token.as_bytes()).into()),
                )
                .build(),
        )
        .properties(Properties {
            message_id: Some(MessageId::String(uuid::Uuid::new_v4().to_string())),
            // An official client requires the user id.
            user_id: Some(Binary::from(hub_name.as_bytes().to_vec())),
            to: Some(to.to_owned()),
            content_type: Some(Symbol::from(content_type)),
            content_encoding: Some(Symbol::from("utf-8")),
            ..Properties::default()
        })
        .body(Data(Binary::from(notification.body.to_string().into_bytes())))
        .build()
}

#[expect(clippy::expect_used, reason = "the range of the clock")]
fn milliseconds(time: OffsetDateTime) -> Timestamp {
    let milliseconds = time.unix_timestamp_nanos().div_euclid(1_000_000);
    Timestamp::from_milliseconds(i64::try_from(milliseconds).expect("the clock ends in the year 9999"))
}
