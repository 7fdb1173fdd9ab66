//! Cloud-to-device messages and what services hear of them.
//!
//! The queues are part of the store, behind the same lock as identities, so that a message and its device never
//! disagree. AMQP and the REST operations are two ways to the same queues.

mod manage;
mod message;
mod notifications;
mod queue;
mod rest;

use std::collections::BTreeSet;
use std::time::Duration;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use tokio::sync::watch;

use self::message::FeedbackRecord;
pub use self::message::{
    Acknowledgement, CloudToDeviceMessage, FileNotification, ReceivedMessage, Settlement,
};
use self::notifications::Notifications;
pub(crate) use self::notifications::{Kind, Notification};
use self::queue::Gone;
pub(crate) use self::queue::Queue;
use super::IotHub;
use super::codes::Code;
use super::device_error::DeviceError;
use super::errors::{HubError, Result};
use super::store::Store;
use super::timestamp::Timestamp;
use super::twins::TwinKey;

/// The largest message, in bytes.
pub(crate) const MESSAGE_LIMIT: usize = 64 * 1024;

/// The part of the store that is no device's own.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct MessagingState {
    notifications: Notifications,
    /// Devices and modules with waiting messages; some may be gone.
    waiting: BTreeSet<(String, Option<String>)>,
}

/// What messaging needs beside the store.
#[derive(Debug)]
pub(crate) struct Messaging {
    interval: Mutex<Duration>,
    changes: watch::Sender<u64>,
}

impl Default for Messaging {
    fn default() -> Self {
        Self {
            interval: Mutex::new(notifications::BATCH_INTERVAL),
            changes: watch::Sender::new(0),
        }
    }
}

impl Messaging {
    fn interval(&self) -> Duration {
        *self.interval.lock()
    }

    /// Changes whenever there may be something new to deliver.
    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    pub(super) fn changed(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }
}

impl Store {
    /// Lets `change` work on a queue, and keeps the count and the feedback in step.
    fn with_queue<T>(
        &mut self,
        key: TwinKey<'_>,
        now: Timestamp,
        change: impl FnOnce(&mut Queue, &mut Vec<Gone>) -> T,
    ) -> Result<T> {
        let TwinKey { device_id, module_id } = key;
        let identity = key.find_mut(self)?;
        let mut gone = identity.messages.expire(now);
        let result = change(&mut identity.messages, &mut gone);
        identity.message_count = u32::try_from(identity.messages.len()).unwrap_or(u32::MAX);
        let (generation, is_empty) = (identity.generation, identity.messages.is_empty());
        for (message, outcome) in &gone {
            if let Some(record) = FeedbackRecord::of(message, *outcome, device_id, generation, now) {
                self.messaging.notifications.add_record(record, now);
            }
        }
        let key = (device_id.to_owned(), module_id.map(str::to_owned));
        if is_empty {
            self.messaging.waiting.remove(&key);
        } else {
            self.messaging.waiting.insert(key);
        }
        Ok(result)
    }
}

/// The device side of cloud-to-device messages, for simulated devices.
impl IotHub {
    /// Gives a waiting message to a device or module, which has a minute to settle it.
    ///
    /// # Errors
    /// If there is no such device or module.
    pub fn receive_message(
        &self,
        device_id: &str,
        module_id: Option<&str>,
    ) -> std::result::Result<Option<ReceivedMessage>, DeviceError> {
        let now = self.now();
        let mut store = self.store.write();
        store
            .with_queue(TwinKey { device_id, module_id }, now, |queue, _| {
                queue.receive(now)
            })
            .map_err(DeviceError::from)
    }

    /// Settles a message that a device or module has received.
    ///
    /// # Errors
    /// If there is no such device or module, or the lock is lost.
    pub fn settle_message(
        &self,
        device_id: &str,
        module_id: Option<&str>,
        lock_token: &str,
        settlement: Settlement,
    ) -> std::result::Result<(), DeviceError> {
        let now = self.now();
        let settled = self
            .store
            .write()
            .with_queue(TwinKey { device_id, module_id }, now, |queue, gone| {
                let settled = queue.settle(lock_token, settlement, now);
                gone.extend(settled.clone().flatten());
                settled.is_some()
            });
        self.messaging.changed();
        match settled {
            Ok(true) => Ok(()),
            Ok(false) => Err(DeviceError::LockLost {
                lock_token: lock_token.to_owned(),
            }),
            Err(error) => Err(error.into()),
        }
    }

    /// How old a feedback record may get before its batch is delivered; 15 seconds as in the service, unless set.
    pub fn set_feedback_interval(&self, interval: Duration) {
        *self.messaging.interval.lock() = interval;
        self.messaging.changed();
    }

    /// Delivers the feedback there is, without waiting for more.
    pub fn flush_feedback(&self) {
        let now = self.now();
        self.store.write().messaging.notifications.close_batch(now);
        self.messaging.changed();
    }

    /// Tells services that a device has uploaded a file.
    ///
    /// # Errors
    /// If there is no such device.
    pub fn notify_file_upload(&self, file: &FileNotification) -> std::result::Result<(), DeviceError> {
        let now = self.now();
        let mut store = self.store.write();
        store.device(&file.device_id)?;
        store.messaging.notifications.add_file(file, now);
        drop(store);
        self.messaging.changed();
        Ok(())
    }
}

/// The service side.
impl IotHub {
    /// Takes a message for a device or module.
    pub(crate) fn enqueue_message(
        &self,
        device_id: &str,
        module_id: Option<&str>,
        message: CloudToDeviceMessage,
    ) -> Result<()> {
        let size = message.size();
        if size > MESSAGE_LIMIT {
            let text = format!("The message has {size} bytes, more than {MESSAGE_LIMIT}.");
            return Err(HubError::new(Code::MESSAGE_TOO_LARGE, text));
        }
        let now = self.now();
        let taken = self
            .store
            .write()
            .with_queue(TwinKey { device_id, module_id }, now, |queue, _| {
                queue.push(message, now)
            })?;
        self.messaging.changed();
        if taken {
            return Ok(());
        }
        let text = format!(
            "The queue of the device {device_id} is full ({} messages).",
            queue::DEPTH
        );
        Err(HubError::new(Code::DEVICE_MAXIMUM_QUEUE_DEPTH_EXCEEDED, text))
    }

    /// Removes all waiting messages of a device; how many there were.
    fn purge_messages(&self, device_id: &str) -> Result<usize> {
        let now = self.now();
        let purged = self.store.write().with_queue(
            TwinKey {
                device_id,
                module_id: None,
            },
            now,
            |queue, gone| {
                let purged = queue.purge();
                let count = purged.len();
                gone.extend(purged);
                count
            },
        )?;
        self.messaging.changed();
        Ok(purged)
    }

    pub(crate) fn has_device(&self, device_id: &str) -> bool {
        self.store.read().devices.contains_key(device_id)
    }

    pub(crate) fn messaging(&self) -> &Messaging {
        &self.messaging
    }

    /// Gives out a notification that nobody holds.
    pub(crate) fn receive_notification(&self, kind: Kind) -> Option<Notification> {
        self.tick_messages();
        let now = self.now();
        self.store.write().messaging.notifications.receive(kind, now)
    }

    /// Whether `token` held a notification.
    pub(crate) fn settle_notification(&self, kind: Kind, token: &str, settlement: Settlement) -> bool {
        let now = self.now();
        let notifications = &mut self.store.write().messaging.notifications;
        let settled = notifications.settle(kind, token, settlement, now);
        self.messaging.changed();
        settled
    }

    /// Gives back a notification that never reached its receiver.
    pub(crate) fn unlock_notification(&self, kind: Kind, token: &str) {
        self.store.write().messaging.notifications.unlock(kind, token);
        self.messaging.changed();
    }

    /// Does what time has made due: expired messages, batches to be closed. The next time there is something to do.
    pub(crate) fn tick_messages(&self) -> Option<OffsetDateTime> {
        let now = self.now();
        let interval = self.messaging.interval();
        let mut store = self.store.write();
        let waiting: Vec<_> = store.messaging.waiting.iter().cloned().collect();
        let mut next = None;
        for (device_id, module_id) in waiting {
            let key = TwinKey {
                device_id: &device_id,
                module_id: module_id.as_deref(),
            };
            match store.with_queue(key, now, |queue, _| queue.next_expiry()) {
                Ok(expiry) => next = [next, expiry].into_iter().flatten().min(),
                // The identity is gone, and its messages with it.
                Err(_) => {
                    store.messaging.waiting.remove(&(device_id, module_id));
                }
            }
        }
        let notifications = &mut store.messaging.notifications;
        notifications.tick(interval, now);
        let deadline = notifications.next_deadline(interval);
        [next, deadline].into_iter().flatten().min()
    }
}
