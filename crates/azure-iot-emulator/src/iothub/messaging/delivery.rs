//! The service's side of messaging: enqueues messages for devices, and delivers feedback and file
//! notifications.
//!
//! AMQP and the REST operations share the queues.

use time::OffsetDateTime;

use crate::iothub::codes::Code;
use crate::iothub::errors::{HubError, Result};
use crate::iothub::hub::IotHub;
use crate::iothub::store::message::{CloudToDeviceMessage, Settlement};
use crate::iothub::store::notifications::{Notification, NotificationKind};
use crate::iothub::store::queue;
use crate::iothub::store::twin_key::TwinKey;

/// Maximum size of a message in bytes.
const MESSAGE_LIMIT: usize = 64 * 1024;

impl IotHub {
    /// Enqueues a message for a device or module.
    pub(crate) fn enqueue_message(
        &self,
        device_id: &str,
        module_id: Option<&str>,
        message: CloudToDeviceMessage,
    ) -> Result<()> {
        let size = message.size();
        if size > MESSAGE_LIMIT {
            let text = format!("The message has {size} bytes; the limit is {MESSAGE_LIMIT}.");
            return Err(HubError::new(Code::MESSAGE_TOO_LARGE, text));
        }
        let now = self.now();
        let key = TwinKey { device_id, module_id };
        let accepted = self.write(|store| store.with_queue(key, now, |queue, _| queue.push(message, now)))?;
        self.messaging().notify();
        if accepted {
            return Ok(());
        }
        let text = format!(
            "The queue of the device {device_id} is full ({} messages).",
            queue::DEPTH
        );
        Err(HubError::new(Code::DEVICE_MAXIMUM_QUEUE_DEPTH_EXCEEDED, text))
    }

    /// Removes all messages of a device's queue and returns their number.
    pub(crate) fn purge_messages(&self, device_id: &str) -> Result<usize> {
        let now = self.now();
        let purged = self.write(|store| {
            store.with_queue(TwinKey::device(device_id), now, |queue, removed| {
                let purged = queue.purge();
                let count = purged.len();
                removed.extend(purged);
                count
            })
        })?;
        self.messaging().notify();
        Ok(purged)
    }

    pub(crate) fn has_device(&self, device_id: &str) -> bool {
        self.read(|store| store.devices.contains_key(device_id))
    }

    /// Locks and returns a notification that is not locked.
    pub(crate) fn receive_notification(&self, kind: NotificationKind) -> Option<Notification> {
        self.tick_messages();
        let now = self.now();
        self.write(|store| store.messaging.notifications.receive(kind, now))
    }

    /// Settles the notification that is locked with `token`. Returns `false` if there is none.
    pub(crate) fn settle_notification(
        &self,
        kind: NotificationKind,
        token: &str,
        settlement: Settlement,
    ) -> bool {
        let now = self.now();
        let settled = self.write(|store| {
            let notifications = &mut store.messaging.notifications;
            notifications.settle(kind, token, settlement, now)
        });
        self.messaging().notify();
        settled
    }

    /// Unlocks a notification that never reached its receiver.
    pub(crate) fn unlock_notification(&self, kind: NotificationKind, token: &str) {
        self.write(|store| store.messaging.notifications.unlock(kind, token));
        self.messaging().notify();
    }

    /// Removes expired messages and closes overdue batches. Returns the time at which this method must be called again.
    pub(crate) fn tick_messages(&self) -> Option<OffsetDateTime> {
        let now = self.now();
        let interval = self.messaging().feedback_interval();
        self.write(|store| {
            let waiting: Vec<_> = store.messaging.waiting.iter().cloned().collect();
            let mut next = None;
            for (device_id, module_id) in waiting {
                let key = TwinKey {
                    device_id: &device_id,
                    module_id: module_id.as_deref(),
                };
                match store.with_queue(key, now, |queue, _| queue.next_expiry()) {
                    Ok(expiry) => next = [next, expiry].into_iter().flatten().min(),
                    // The identity and its queue were deleted.
                    Err(_) => {
                        store.messaging.waiting.remove(&(device_id, module_id));
                    }
                }
            }
            let notifications = &mut store.messaging.notifications;
            notifications.tick(interval, now);
            let deadline = notifications.next_deadline(interval);
            [next, deadline].into_iter().flatten().min()
        })
    }
}
