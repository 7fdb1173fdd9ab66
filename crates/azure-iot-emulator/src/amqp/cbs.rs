//! The `$cbs` node: tokens come in as messages, and answers go out over another link.

use std::sync::Arc;

use fe2o3_amqp::types::messaging::{AmqpValue, ApplicationProperties, Body, Message, MessageId, Properties};
use fe2o3_amqp::types::primitives::{SimpleValue, Value};
use fe2o3_amqp::{Receiver, Sender};
use parking_lot::Mutex;
use tokio::sync::mpsc;

use super::connection::Peer;
use super::faults::{AmqpFaultAction, Point};

/// An answer on its way to the link that carries it.
type Answer = Message<AmqpValue<Value>>;

/// The links that carry answers, by the address that the client gave its end. Clones share them.
///
/// Requests and answers go over links with tasks of their own, so that a token may be looked at before the link for
/// its answer is known, although the client has attached both. Such an answer waits for the link.
#[derive(Debug, Clone, Default)]
pub(crate) struct Replies(Arc<Mutex<Links>>);

#[derive(Debug, Default)]
struct Links {
    open: Vec<Link>,
    waiting: Vec<Answer>,
}

/// The client's address, and the way to the task that has the link.
type Link = (String, mpsc::UnboundedSender<Answer>);

/// How many answers may wait on a connection for a link that never comes.
const MAX_WAITING: usize = 16;

impl Replies {
    fn add(&self, address: String) -> mpsc::UnboundedReceiver<Answer> {
        let (sender, receiver) = mpsc::unbounded_channel();
        let mut links = self.0.lock();
        for answer in std::mem::take(&mut links.waiting) {
            // The receiver is here, so it cannot be gone.
            let _ = sender.send(answer);
        }
        links.open.push((address, sender));
        receiver
    }

    /// Hands an answer to the link that the request names, or to the last there is, or to the next to come.
    fn send(&self, reply_to: Option<&str>, answer: Answer) {
        let mut links = self.0.lock();
        links.open.retain(|(_, link)| !link.is_closed());
        let named = links
            .open
            .iter()
            .rfind(|(address, _)| Some(address.as_str()) == reply_to);
        match named.or(links.open.last()) {
            Some((_, link)) => {
                if link.send(answer).is_err() {
                    tracing::info!("the link for the answer to a token is gone");
                }
            }
            None if links.waiting.len() < MAX_WAITING => links.waiting.push(answer),
            None => tracing::info!("there is no link for the answers to so many tokens"),
        }
    }
}

pub(crate) async fn serve_requests(mut receiver: Receiver, peer: Peer) {
    loop {
        let delivery = match receiver.recv::<Body<Value>>().await {
            Ok(delivery) => delivery,
            Err(error) => return tracing::debug!(%error, "the link for tokens ended"),
        };
        if let Err(error) = receiver.accept(&delivery).await {
            return tracing::debug!(%error, "the link for tokens ended");
        }
        let request = delivery.into_message();
        let properties = request.properties.clone().unwrap_or_default();
        let (status, description) = put_token(&request, &peer);
        tracing::info!(status, "put-token");
        // Some clients insist on the very type of their message id.
        let answer = answer(properties.message_id, status, description);
        peer.replies.send(properties.reply_to.as_deref(), answer);
    }
}

fn put_token(request: &Message<Body<Value>>, peer: &Peer) -> (i32, &'static str) {
    if let Some(AmqpFaultAction::TokenStatus { status }) = peer.node.faults.judge(Point::Token, "$cbs") {
        return (status.into(), "A fault rule");
    }
    let property = |name: &str| request.application_properties.as_ref()?.0.get(name);
    let is_put = matches!(property("operation"), Some(SimpleValue::String(text)) if text == "put-token");
    let has_type = matches!(property("type"), Some(SimpleValue::String(_)));
    let (true, true, Body::Value(AmqpValue(Value::String(token)))) = (is_put, has_type, &request.body) else {
        return (400, "put-token, a type and a token are expected");
    };
    match peer.node.check_token(token) {
        Ok(access) => {
            peer.access.set(access);
            (200, "OK")
        }
        Err(error) => {
            tracing::info!(%error, "a token is refused");
            (401, "Unauthorized")
        }
    }
}

fn answer(correlation_id: Option<MessageId>, status: i32, description: &str) -> Answer {
    Message::builder()
        .properties(Properties {
            correlation_id,
            ..Properties::default()
        })
        .application_properties(
            ApplicationProperties::builder()
                .insert("status-code", SimpleValue::Int(status))
                .insert("status-description", SimpleValue::String(description.to_owned()))
                .build(),
        )
        .body(AmqpValue(Value::Null))
        .build()
}

pub(crate) async fn serve_replies(mut sender: Sender, address: String, peer: Peer) {
    let mut answers = peer.replies.add(address);
    loop {
        let answer = tokio::select! {
            answer = answers.recv() => answer,
            reason = sender.on_detach() => return tracing::debug!(%reason, "the link for answers ended"),
        };
        let Some(answer) = answer else { return };
        // What the client makes of it does not matter, so its outcome is not waited for.
        if let Err(error) = sender.send_batchable(answer).await {
            return tracing::debug!(%error, "the link for answers ended");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_waits_for_the_link_that_the_client_attached_with_its_request() {
        let replies = Replies::default();
        replies.send(Some("me"), answer(None, 200, "OK"));
        let mut link = replies.add("me".to_owned());
        assert!(link.try_recv().is_ok());
        replies.send(Some("me"), answer(None, 401, "Unauthorized"));
        assert!(link.try_recv().is_ok());
        assert!(link.try_recv().is_err());
    }

    #[test]
    fn answers_that_nobody_fetches_do_not_pile_up() {
        let replies = Replies::default();
        for _ in 0..100 {
            replies.send(None, answer(None, 200, "OK"));
        }
        let mut link = replies.add(String::new());
        let mut count = 0;
        while link.try_recv().is_ok() {
            count += 1;
        }
        assert_eq!(count, MAX_WAITING);
    }
}
