//! The queue of cloud-to-device messages of one device or module.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::iothub::store::lock::Lock;
use crate::iothub::store::message::{CloudToDeviceMessage, Outcome, ReceivedMessage, Settlement};
use crate::timestamp::Timestamp;

/// Maximum number of messages in a queue, including locked ones.
pub(crate) const DEPTH: usize = 50;
/// Lifetime of a message without an expiry time.
const DEFAULT_LIFETIME: Duration = Duration::from_secs(3600);
/// Maximum lifetime of a message.
const MAX_LIFETIME: Duration = Duration::from_secs(2 * 24 * 3600);
/// Lock duration of a message, after which it is delivered again.
const LOCK_DURATION: Duration = Duration::from_secs(60);
/// Number of deliveries after which an abandoned message is dead-lettered.
const MAX_DELIVERY_COUNT: u32 = 10;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Entry {
    sequence_number: u64,
    enqueued: Timestamp,
    expires: Timestamp,
    delivery_count: u32,
    lock: Option<Lock>,
    message: CloudToDeviceMessage,
}

/// A queue of messages. The derived serialization defines the format of dumped state.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct MessageQueue {
    last_sequence_number: u64,
    entries: VecDeque<Entry>,
}

/// A removed message, and its outcome.
pub(crate) type RemovedMessage = (CloudToDeviceMessage, Outcome);

impl MessageQueue {
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Enqueues a message; returns `false` if the queue is full.
    pub(crate) fn push(&mut self, message: CloudToDeviceMessage, now: Timestamp) -> bool {
        if self.entries.len() >= DEPTH {
            return false;
        }
        self.last_sequence_number += 1;
        let expires = match message.absolute_expiry {
            Some(expiry) => Timestamp::from(expiry).min(now.saturating_add(MAX_LIFETIME)),
            None => now.saturating_add(DEFAULT_LIFETIME),
        };
        self.entries.push_back(Entry {
            sequence_number: self.last_sequence_number,
            enqueued: now,
            expires,
            delivery_count: 0,
            lock: None,
            message,
        });
        true
    }

    /// Locks and returns the first message that is not locked.
    pub(crate) fn receive(&mut self, now: Timestamp) -> Option<ReceivedMessage> {
        let entry = self
            .entries
            .iter_mut()
            .find(|entry| Lock::is_free(entry.lock.as_ref(), now))?;
        let lock = Lock::new(now, LOCK_DURATION);
        let received = ReceivedMessage {
            lock_token: lock.token.clone(),
            sequence_number: entry.sequence_number,
            delivery_count: entry.delivery_count,
            enqueued_time: entry.enqueued.time(),
            expiry_time: entry.expires.time(),
            message: entry.message.clone(),
        };
        entry.lock = Some(lock);
        Some(received)
    }

    /// Settles the message that is locked with `token`. Returns `None` if there is none, and `Some(None)` if the
    /// message returns to the queue.
    pub(crate) fn settle(
        &mut self,
        token: &str,
        settlement: Settlement,
        now: Timestamp,
    ) -> Option<Option<RemovedMessage>> {
        let locked = |entry: &Entry| Lock::is_held_by(entry.lock.as_ref(), token, now);
        let at = self.entries.iter().position(locked)?;
        let entry = self.entries.get_mut(at)?;
        let outcome = match settlement {
            Settlement::Complete => Outcome::Success,
            Settlement::Reject => Outcome::Rejected,
            Settlement::Abandon => {
                entry.delivery_count += 1;
                entry.lock = None;
                if entry.delivery_count < MAX_DELIVERY_COUNT {
                    return Some(None);
                }
                Outcome::DeliveryCountExceeded
            }
        };
        let entry = self.entries.remove(at)?;
        Some(Some((entry.message, outcome)))
    }

    /// Removes expired messages.
    pub(crate) fn expire(&mut self, now: Timestamp) -> Vec<RemovedMessage> {
        let mut gone = Vec::new();
        let mut kept = VecDeque::with_capacity(self.entries.len());
        for entry in self.entries.drain(..) {
            if entry.expires <= now {
                gone.push((entry.message, Outcome::Expired));
            } else {
                kept.push_back(entry);
            }
        }
        self.entries = kept;
        gone
    }

    pub(crate) fn purge(&mut self) -> Vec<RemovedMessage> {
        let entries = self.entries.drain(..);
        entries.map(|entry| (entry.message, Outcome::Purged)).collect()
    }

    /// Returns the time at which the next message expires.
    pub(crate) fn next_expiry(&self) -> Option<OffsetDateTime> {
        self.entries.iter().map(|entry| entry.expires.time()).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from(datetime!(2030-01-01 00:00 UTC)).saturating_add(Duration::from_secs(seconds))
    }

    fn message(id: &str) -> CloudToDeviceMessage {
        CloudToDeviceMessage {
            message_id: Some(id.to_owned()),
            ..CloudToDeviceMessage::default()
        }
    }

    /// HUB-C2D-6.
    #[test]
    fn queue_holds_fifty_messages() {
        let mut queue = MessageQueue::default();
        assert!((0..DEPTH).all(|n| queue.push(message(&n.to_string()), at(0))));
        assert!(!queue.push(message("one too many"), at(0)));
        // A locked message counts toward the length of the queue; a completed message does not.
        let locked = queue.receive(at(1)).unwrap();
        assert!(!queue.push(message("still one too many"), at(1)));
        assert!(
            queue
                .settle(&locked.lock_token, Settlement::Complete, at(1))
                .flatten()
                .is_some()
        );
        assert!(queue.push(message("fits"), at(1)));
    }

    /// HUB-C2D-8, HUB-C2D-9.
    #[test]
    fn lock_lasts_one_minute_and_only_abandoning_counts_as_delivery() {
        let mut queue = MessageQueue::default();
        queue.push(message("m"), at(0));
        let first = queue.receive(at(0)).unwrap();
        assert_eq!(queue.receive(at(59)), None);
        let again = queue.receive(at(60)).unwrap();
        assert_eq!(
            (again.sequence_number, again.delivery_count),
            (first.sequence_number, 0)
        );
        assert_eq!(
            queue.settle(&first.lock_token, Settlement::Complete, at(61)),
            None,
            "the lock is lost"
        );
        let mut token = again.lock_token;
        for count in 1..MAX_DELIVERY_COUNT {
            assert_eq!(queue.settle(&token, Settlement::Abandon, at(61)), Some(None));
            let next = queue.receive(at(61)).unwrap();
            assert_eq!(next.delivery_count, count);
            token = next.lock_token;
        }
        let (_, outcome) = queue
            .settle(&token, Settlement::Abandon, at(61))
            .flatten()
            .unwrap();
        assert_eq!(outcome, Outcome::DeliveryCountExceeded);
        assert!(queue.is_empty());
    }

    /// HUB-C2D-7.
    #[test]
    fn messages_expire_after_an_hour_or_at_their_time_within_two_days() {
        let mut queue = MessageQueue::default();
        queue.push(message("default"), at(0));
        let expiring = |id: &str, seconds| CloudToDeviceMessage {
            absolute_expiry: Some(at(seconds).time()),
            ..message(id)
        };
        queue.push(expiring("early", 10), at(0));
        queue.push(expiring("capped", 1_000_000), at(0));
        let expired = |queue: &mut MessageQueue, now| -> Vec<_> {
            let gone = queue.expire(now).into_iter();
            gone.filter_map(|(message, outcome)| {
                assert_eq!(outcome, Outcome::Expired);
                message.message_id
            })
            .collect()
        };
        assert_eq!(queue.next_expiry(), Some(at(10).time()));
        assert_eq!(expired(&mut queue, at(9)), [""; 0]);
        assert_eq!(expired(&mut queue, at(10)), ["early"]);
        assert_eq!(expired(&mut queue, at(3600)), ["default"]);
        assert_eq!(expired(&mut queue, at(172_799)), [""; 0]);
        assert_eq!(expired(&mut queue, at(172_800)), ["capped"]);
    }
}
