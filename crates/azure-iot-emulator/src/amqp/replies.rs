//! Replies to `$cbs` requests, and their links.

use std::sync::Arc;

use fe2o3_amqp::types::messaging::{AmqpValue, Message};
use fe2o3_amqp::types::primitives::Value;
use parking_lot::Mutex;
use tokio::sync::mpsc;

/// A reply to a `$cbs` request.
pub(crate) type Reply = Message<AmqpValue<Value>>;

/// The links for replies, by the address of the client's end. Clones share them.
///
/// Each link has its own task, so a request may be handled before the link for its reply is attached. The reply then waits
/// for the link.
#[derive(Debug, Clone, Default)]
pub(crate) struct Replies(Arc<Mutex<Links>>);

#[derive(Debug, Default)]
struct Links {
    open: Vec<Link>,
    waiting: Vec<Reply>,
}

/// The client's address, and the channel to the task of the link.
type Link = (String, mpsc::UnboundedSender<Reply>);

/// Maximum number of replies per connection that wait for a link.
const MAX_WAITING: usize = 16;

impl Replies {
    /// Adds a link and returns the channel of its replies, including waiting ones.
    #[expect(clippy::expect_used, reason = "the receiver is a local variable")]
    pub(crate) fn add_link(&self, address: String) -> mpsc::UnboundedReceiver<Reply> {
        let (sender, receiver) = mpsc::unbounded_channel();
        let mut links = self.0.lock();
        for reply in std::mem::take(&mut links.waiting) {
            sender.send(reply).expect("the receiver is open");
        }
        links.open.push((address, sender));
        receiver
    }

    /// Sends a reply over the link that the request names, otherwise over the link that was attached last. If no
    /// link is attached yet, the reply waits for the next one.
    pub(crate) fn send(&self, reply_to: Option<&str>, reply: Reply) {
        let mut links = self.0.lock();
        links.open.retain(|(_, link)| !link.is_closed());
        let named = links
            .open
            .iter()
            .rfind(|(address, _)| Some(address.as_str()) == reply_to);
        match named.or(links.open.last()) {
            Some((_, link)) => {
                if link.send(reply).is_err() {
                    tracing::info!("dropped a reply: its link has ended");
                }
            }
            None if links.waiting.len() < MAX_WAITING => links.waiting.push(reply),
            None => tracing::info!("dropped a reply: {MAX_WAITING} replies already wait for a link"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply() -> Reply {
        Message::builder().body(AmqpValue(Value::Null)).build()
    }

    #[test]
    fn a_reply_waits_for_its_link() {
        let replies = Replies::default();
        replies.send(Some("me"), reply());
        let mut link = replies.add_link("me".to_owned());
        assert!(link.try_recv().is_ok());
        replies.send(Some("me"), reply());
        assert!(link.try_recv().is_ok());
        assert!(link.try_recv().is_err());
    }

    #[test]
    fn replies_without_a_link_are_bounded() {
        let replies = Replies::default();
        for _ in 0..100 {
            replies.send(None, reply());
        }
        let mut link = replies.add_link(String::new());
        let mut count = 0;
        while link.try_recv().is_ok() {
            count += 1;
        }
        assert_eq!(count, MAX_WAITING);
    }
}
