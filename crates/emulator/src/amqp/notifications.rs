//! The nodes from which services receive feedback and news of uploaded files.

use fe2o3_amqp::Sender;
use fe2o3_amqp::types::definitions;
use fe2o3_amqp::types::messaging::{
    Data, Header, Message, MessageAnnotations, MessageId, Outcome, Properties,
};
use fe2o3_amqp::types::primitives::{Binary, Symbol, Timestamp, Value};
use time::OffsetDateTime;

use super::connection::Peer;
use super::errors;
use super::faults::{AmqpFaultAction, Point};
use crate::iothub::{Kind, Notification, Settlement};

pub(crate) async fn serve(mut sender: Sender, kind: Kind, address: &str, peer: Peer) {
    let clock = peer.node.clock.clone();
    let hub = peer.node.hub.clone();
    let mut changes = hub.messaging().subscribe();
    loop {
        changes.mark_unchanged();
        let next = hub.tick_messages();
        let Some(notification) = hub.receive_notification(kind) else {
            let due = async {
                match next {
                    Some(next) => clock.sleep_until(next).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = due => {}
                // The hub outlives this, so there is always a sender.
                _ = changes.changed() => {}
                reason = sender.on_detach() => return tracing::debug!(%reason, "a receiver's link ended"),
                () = peer.access.lost(&clock) => return close(sender, peer.expired()).await,
            }
            continue;
        };
        let token = notification.lock_token.clone();
        match peer.node.faults.judge(Point::Message, address) {
            Some(AmqpFaultAction::Detach {
                condition,
                description,
            }) => {
                hub.unlock_notification(kind, &token);
                return close(sender, errors::of_fault(&condition, description.as_deref())).await;
            }
            Some(AmqpFaultAction::Reset { .. }) => {
                hub.unlock_notification(kind, &token);
                return peer.cut.now();
            }
            _ => {}
        }
        let message = message(kind, &notification, &peer.node.hub_name);
        let outcome = tokio::select! {
            outcome = sender.send(message) => outcome,
            () = peer.access.lost(&clock) => {
                hub.unlock_notification(kind, &token);
                return close(sender, peer.expired()).await;
            }
        };
        let settlement = match outcome {
            Ok(Outcome::Accepted(_)) => Settlement::Complete,
            Ok(Outcome::Rejected(_)) => Settlement::Reject,
            Ok(Outcome::Released(_) | Outcome::Modified(_)) => Settlement::Abandon,
            Err(error) => {
                hub.unlock_notification(kind, &token);
                return tracing::debug!(%error, "a receiver's link ended");
            }
        };
        hub.settle_notification(kind, &token, settlement);
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
