//! Locks of received messages and notifications.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::timestamp::Timestamp;

/// A receiver's lock on one entry of a queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Lock {
    pub(crate) token: String,
    pub(crate) until: Timestamp,
}

impl Lock {
    pub(crate) fn new(now: Timestamp, duration: Duration) -> Self {
        Self {
            token: Uuid::new_v4().to_string(),
            until: now.saturating_add(duration),
        }
    }

    fn is_valid(&self, now: Timestamp) -> bool {
        now < self.until
    }

    /// Returns whether the entry is locked with `token`.
    pub(crate) fn is_held_by(lock: Option<&Self>, token: &str, now: Timestamp) -> bool {
        lock.is_some_and(|lock| lock.token == token && lock.is_valid(now))
    }

    /// Returns whether the entry can be delivered: it has no lock, or its lock has expired.
    pub(crate) fn is_free(lock: Option<&Self>, now: Timestamp) -> bool {
        lock.is_none_or(|lock| !lock.is_valid(now))
    }
}
