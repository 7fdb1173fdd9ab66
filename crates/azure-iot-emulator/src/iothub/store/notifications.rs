//! Notifications for the service side: batches of feedback, and file uploads.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::iothub::store::lock::Lock;
use crate::iothub::store::message::{FeedbackRecord, FileNotification, Settlement};
use crate::timestamp::Timestamp;

/// Number of records at which a batch is closed.
const BATCH_SIZE: usize = 64;
/// Default age of the first record at which a batch is closed.
pub(crate) const BATCH_INTERVAL: Duration = Duration::from_secs(15);
/// Lifetime of a notification.
const LIFETIME: Duration = Duration::from_secs(3600);
/// Lock duration of a notification.
const LOCK_DURATION: Duration = Duration::from_secs(60);
/// Number of deliveries after which an abandoned notification is dropped.
const MAX_DELIVERY_COUNT: u32 = 10;

/// The kind of a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotificationKind {
    Feedback,
    File,
}

/// A queued notification.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Entry {
    enqueued: Timestamp,
    expires: Timestamp,
    delivery_count: u32,
    lock: Option<Lock>,
    body: Value,
}

/// A notification locked by a receiver.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Notification {
    pub(crate) lock_token: String,
    pub(crate) enqueued: OffsetDateTime,
    pub(crate) delivery_count: u32,
    pub(crate) body: Value,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct Notifications {
    /// Records of the open batch, and the time of its first record.
    open: Vec<FeedbackRecord>,
    open_since: Option<Timestamp>,
    feedback: VecDeque<Entry>,
    files: VecDeque<Entry>,
}

impl Notifications {
    pub(crate) fn add_record(&mut self, record: FeedbackRecord, now: Timestamp) {
        self.open.push(record);
        self.open_since.get_or_insert(now);
        if self.open.len() >= BATCH_SIZE {
            self.close_batch(now);
        }
    }

    /// Closes the open batch, unless it is empty.
    pub(crate) fn close_batch(&mut self, now: Timestamp) {
        self.open_since = None;
        let records = std::mem::take(&mut self.open);
        if !records.is_empty() {
            push(&mut self.feedback, json!(records), now);
        }
    }

    pub(crate) fn add_file(&mut self, file: &FileNotification, now: Timestamp) {
        let body = json!({
            "deviceId": file.device_id,
            "blobUri": file.blob_uri,
            "blobName": file.blob_name,
            "lastUpdatedTime": now,
            "blobSizeInBytes": file.blob_size_in_bytes,
            "enqueuedTimeUtc": now,
        });
        push(&mut self.files, body, now);
    }

    /// Closes an overdue batch and removes expired notifications.
    pub(crate) fn tick(&mut self, interval: Duration, now: Timestamp) {
        if self
            .open_since
            .is_some_and(|since| since.saturating_add(interval) <= now)
        {
            self.close_batch(now);
        }
        for queue in [&mut self.feedback, &mut self.files] {
            queue.retain(|entry| now < entry.expires);
        }
    }

    /// Returns the next time at which a batch is due, a notification expires, or a lock ends.
    pub(crate) fn next_deadline(&self, interval: Duration) -> Option<OffsetDateTime> {
        let entries = self.feedback.iter().chain(&self.files);
        let of_entries = entries.map(|entry| entry.lock.as_ref().map_or(entry.expires, |lock| lock.until));
        let of_batch = self.open_since.map(|since| since.saturating_add(interval));
        of_entries.chain(of_batch).map(Timestamp::time).min()
    }

    fn queue(&mut self, kind: NotificationKind) -> &mut VecDeque<Entry> {
        match kind {
            NotificationKind::Feedback => &mut self.feedback,
            NotificationKind::File => &mut self.files,
        }
    }

    /// Locks and returns the first notification that is not locked.
    pub(crate) fn receive(&mut self, kind: NotificationKind, now: Timestamp) -> Option<Notification> {
        let mut entries = self.queue(kind).iter_mut();
        let entry = entries.find(|entry| Lock::is_free(entry.lock.as_ref(), now))?;
        let lock = Lock::new(now, LOCK_DURATION);
        let notification = Notification {
            lock_token: lock.token.clone(),
            enqueued: entry.enqueued.time(),
            delivery_count: entry.delivery_count,
            body: entry.body.clone(),
        };
        entry.lock = Some(lock);
        Some(notification)
    }

    /// Unlocks a notification that never reached its receiver, without counting a delivery.
    pub(crate) fn unlock(&mut self, kind: NotificationKind, token: &str) {
        let mut entries = self.queue(kind).iter_mut();
        let held = |entry: &&mut Entry| entry.lock.as_ref().is_some_and(|lock| lock.token == token);
        if let Some(entry) = entries.find(held) {
            entry.lock = None;
        }
    }

    /// Settles the notification that is locked with `token`. Returns `false` if there is none.
    pub(crate) fn settle(
        &mut self,
        kind: NotificationKind,
        token: &str,
        settlement: Settlement,
        now: Timestamp,
    ) -> bool {
        let queue = self.queue(kind);
        let held = |entry: &Entry| Lock::is_held_by(entry.lock.as_ref(), token, now);
        let Some(at) = queue.iter().position(held) else {
            return false;
        };
        if settlement == Settlement::Abandon {
            let entry = &mut queue[at];
            entry.delivery_count += 1;
            entry.lock = None;
            if entry.delivery_count < MAX_DELIVERY_COUNT {
                return true;
            }
        }
        queue.remove(at);
        true
    }
}

fn push(queue: &mut VecDeque<Entry>, body: Value, now: Timestamp) {
    queue.push_back(Entry {
        enqueued: now,
        expires: now.saturating_add(LIFETIME),
        delivery_count: 0,
        lock: None,
        body,
    });
}
