//! The nodes from which services receive feedback and news of uploaded files.

use std::collections::BTreeSet;

use fe2o3_amqp::Sender;
use fe2o3_amqp::link::SendError;
use fe2o3_amqp::types::definitions;
use fe2o3_amqp::types::messaging::{
    Data, Header, Message, MessageAnnotations, MessageId, Outcome, Properties,
};
use fe2o3_amqp::types::primitives::{Binary, Symbol, Timestamp, Value};
use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use time::OffsetDateTime;

use super::connection::Peer;
use super::errors;
use super::faults::{AmqpFaultAction, Point};
use crate::iothub::{Notification, NotificationKind as Kind, Settlement};

pub(crate) async fn serve(sender: Sender, kind: Kind, address: &str, peer: Peer) {
    let mut source = Source {
        sender,
        kind,
        unsent: None,
        outcomes: FuturesUnordered::new(),
        held: BTreeSet::new(),
        peer,
    };
    let ended = source.run(address).await;
    for token in &source.held {
        source.peer.node.hub.unlock_notification(kind, token);
    }
    match ended {
        Ended::Detached(reason) => tracing::debug!(%reason, "a receiver's link ended"),
        Ended::Close(error) => close(source.sender, error).await,
        Ended::Reset => source.peer.cut.now(),
    }
}

/// A link over which notifications go.
struct Source {
    sender: Sender,
    kind: Kind,
    /// What waits for credit.
    unsent: Option<Notification>,
    /// What the client makes of the notifications it has, by their tokens.
    outcomes: FuturesUnordered<BoxFuture<'static, (String, Result<Outcome, SendError>)>>,
    /// The tokens of all that the client has or waits for.
    held: BTreeSet<String>,
    peer: Peer,
}

/// Why a link ends.
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
            let next = node.hub.tick_messages();
            if self.unsent.is_none()
                && let Some(notification) = node.hub.receive_notification(self.kind)
            {
                self.held.insert(notification.lock_token.clone());
                self.unsent = Some(notification);
                match node.faults.judge(Point::Message, address) {
                    Some(AmqpFaultAction::Detach {
                        condition,
                        description,
                    }) => {
                        return Ended::Close(errors::of_fault(&condition, description.as_deref()));
                    }
                    Some(AmqpFaultAction::Reset { .. }) => return Ended::Reset,
                    _ => {}
                }
            }
            let due = async {
                match next {
                    Some(next) => node.clock.sleep_until(next).await,
                    None => std::future::pending().await,
                }
            };
            let unsent = self.unsent.as_ref();
            let message = unsent.map(|notification| message(self.kind, notification, &node.hub_name));
            let sender = &mut self.sender;
            let sending = async move {
                match message {
                    Some(message) => sender
                        .send_batchable(message)
                        .await
                        .map_err(|error| error.to_string()),
                    None => Err(sender.on_detach().await.to_string()),
                }
            };
            tokio::select! {
                sent = sending => match sent {
                    Ok(outcome) => {
                        if let Some(notification) = self.unsent.take() {
                            let token = notification.lock_token;
                            self.outcomes.push(Box::pin(async move { (token, outcome.await) }));
                        }
                    }
                    Err(reason) => return Ended::Detached(reason),
                },
                Some((token, outcome)) = self.outcomes.next() => {
                    let settlement = match outcome {
                        Ok(Outcome::Accepted(_)) => Settlement::Complete,
                        Ok(Outcome::Rejected(_)) => Settlement::Reject,
                        Ok(Outcome::Released(_) | Outcome::Modified(_)) => Settlement::Abandon,
                        Err(error) => return Ended::Detached(error.to_string()),
                    };
                    self.held.remove(&token);
                    node.hub.settle_notification(self.kind, &token, settlement);
                }
                () = due => {}
                // The hub outlives this, so there is always a sender.
                _ = changes.changed() => {}
                () = self.peer.access.lost(&node.clock) => return Ended::Close(self.peer.expired()),
            }
        }
    }
}

async fn close(sender: Sender, error: definitions::Error) {
    tracing::info!(condition = ?error.condition, "a receiver's link is closed");
    if let Err(error) = sender.close_with_error(error).await {
        tracing::debug!(%error, "a receiver's link ended with an error");
    }
}

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
    let lock_token = uuid::Uuid::parse_str(&notification.lock_token).unwrap_or_default();
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
            // One official client takes the sender's name from here and fails without.
            user_id: Some(Binary::from(hub_name.as_bytes().to_vec())),
            to: Some(to.to_owned()),
            content_type: Some(Symbol::from(content_type)),
            content_encoding: Some(Symbol::from("utf-8")),
            ..Properties::default()
        })
        .body(Data(Binary::from(notification.body.to_string().into_bytes())))
        .build()
}

fn milliseconds(time: OffsetDateTime) -> Timestamp {
    let milliseconds = time.unix_timestamp_nanos().div_euclid(1_000_000);
    Timestamp::from_milliseconds(i64::try_from(milliseconds).unwrap_or_default())
}
