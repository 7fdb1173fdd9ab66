//! What waits for the services behind a hub: feedback in batches, and news of uploaded files.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::super::timestamp::Timestamp;
use super::message::{FeedbackRecord, FileNotification, Settlement};
use super::queue::{Lock, later};

/// A batch is closed when it has this many records …
const BATCH_SIZE: usize = 64;
/// … or when its first record is this old, unless told otherwise.
pub(crate) const BATCH_INTERVAL: Duration = Duration::from_secs(15);
/// How long a notification waits.
const LIFETIME: Duration = Duration::from_secs(3600);
/// How long a receiver may hold one.
const LOCK_DURATION: Duration = Duration::from_secs(60);
/// How often one may be abandoned.
const MAX_DELIVERY_COUNT: u32 = 10;

/// The two kinds of notifications.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Feedback,
    File,
}

/// One message for a service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Entry {
    enqueued: Timestamp,
    expires: Timestamp,
    delivery_count: u32,
    lock: Option<Lock>,
    body: Value,
}

/// A notification that a receiver holds.
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
    /// Records that are in no batch yet, and when the first of them came.
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

    /// Makes a batch of the records there are.
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

    /// Does what time has made due.
    pub(crate) fn tick(&mut self, interval: Duration, now: Timestamp) {
        if self.open_since.is_some_and(|since| later(since, interval) <= now) {
            self.close_batch(now);
        }
        for queue in [&mut self.feedback, &mut self.files] {
            queue.retain(|entry| now < entry.expires);
        }
    }

    /// When there is something to do or to give out again.
    pub(crate) fn next_deadline(&self, interval: Duration) -> Option<OffsetDateTime> {
        let entries = self.feedback.iter().chain(&self.files);
        let of_entries = entries.map(|entry| entry.lock.as_ref().map_or(entry.expires, |lock| lock.until));
        let of_batch = self.open_since.map(|since| later(since, interval));
        of_entries.chain(of_batch).map(Timestamp::time).min()
    }

    fn queue(&mut self, kind: Kind) -> &mut VecDeque<Entry> {
        match kind {
            Kind::Feedback => &mut self.feedback,
            Kind::File => &mut self.files,
        }
    }

    /// Gives out the first one that nobody holds.
    pub(crate) fn receive(&mut self, kind: Kind, now: Timestamp) -> Option<Notification> {
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

    /// Gives a notification back that never reached its receiver.
    pub(crate) fn unlock(&mut self, kind: Kind, token: &str) {
        let mut entries = self.queue(kind).iter_mut();
        let held = |entry: &&mut Entry| entry.lock.as_ref().is_some_and(|lock| lock.token == token);
        if let Some(entry) = entries.find(held) {
            entry.lock = None;
        }
    }

    /// Settles what `token` holds, if it holds anything.
    pub(crate) fn settle(&mut self, kind: Kind, token: &str, settlement: Settlement, now: Timestamp) -> bool {
        let queue = self.queue(kind);
        let held = |entry: &Entry| Lock::is_held_by(entry.lock.as_ref(), token, now);
        let Some(at) = queue.iter().position(held) else {
            return false;
        };
        if let Some(entry) = queue.get_mut(at)
            && settlement == Settlement::Abandon
        {
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
        expires: later(now, LIFETIME),
        delivery_count: 0,
        lock: None,
        body,
    });
}
