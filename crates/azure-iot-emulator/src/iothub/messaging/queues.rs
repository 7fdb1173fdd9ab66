//! Access to the message queues of the store.

use crate::iothub::store::Store;
use crate::iothub::store::message::FeedbackRecord;
use crate::iothub::store::not_found::NotFound;
use crate::iothub::store::queue::{MessageQueue, RemovedMessage};
use crate::iothub::store::twin_key::TwinKey;
use crate::timestamp::Timestamp;

impl Store {
    /// Removes expired messages from the queue of a device or module, calls `change`, and updates the message count, the
    /// index of non-empty queues and the feedback. `change` appends the messages that it removes to its second
    /// argument.
    pub(crate) fn with_queue<T>(
        &mut self,
        key: TwinKey<'_>,
        now: Timestamp,
        change: impl FnOnce(&mut MessageQueue, &mut Vec<RemovedMessage>) -> T,
    ) -> Result<T, NotFound> {
        let TwinKey { device_id, module_id } = key;
        let identity = key.find_mut(self)?;
        let mut removed = identity.messages.expire(now);
        let result = change(&mut identity.messages, &mut removed);
        identity.message_count = u32::try_from(identity.messages.len()).unwrap_or(u32::MAX);
        let (generation, is_empty) = (identity.generation, identity.messages.is_empty());
        for (message, outcome) in &removed {
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
