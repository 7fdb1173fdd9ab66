//! The signal for new deliveries, and the feedback interval.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::watch;

use crate::iothub::store::notifications::BATCH_INTERVAL;

#[derive(Debug)]
pub(crate) struct MessagingSignal {
    feedback_interval: Mutex<Duration>,
    changes: watch::Sender<u64>,
}

impl Default for MessagingSignal {
    fn default() -> Self {
        Self {
            feedback_interval: Mutex::new(BATCH_INTERVAL),
            changes: watch::Sender::new(0),
        }
    }
}

impl MessagingSignal {
    pub(crate) fn feedback_interval(&self) -> Duration {
        *self.feedback_interval.lock()
    }

    pub(crate) fn set_feedback_interval(&self, interval: Duration) {
        *self.feedback_interval.lock() = interval;
        self.notify();
    }

    /// Returns a receiver whose value changes when there may be new deliveries.
    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    pub(crate) fn notify(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }
}
