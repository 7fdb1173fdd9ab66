//! The set of running jobs, and the signal for new ones.

use std::collections::BTreeSet;

use parking_lot::Mutex;
use tokio::sync::watch;

/// The jobs claimed by a worker. Ids of scheduled jobs and of transfers never collide, because transfers
/// have UUIDs.
#[derive(Debug)]
pub(crate) struct Runner {
    running: Mutex<BTreeSet<String>>,
    changes: watch::Sender<u64>,
}

impl Default for Runner {
    fn default() -> Self {
        Self {
            running: Mutex::default(),
            changes: watch::Sender::new(0),
        }
    }
}

impl Runner {
    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Wakes the worker.
    pub(crate) fn notify(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Claims a job; returns `false` if it is already running.
    pub(crate) fn claim(&self, id: &str) -> bool {
        self.running.lock().insert(id.to_owned())
    }

    pub(crate) fn release(&self, id: &str) {
        self.running.lock().remove(id);
    }
}
