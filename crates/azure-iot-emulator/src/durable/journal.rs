//! The thread that writes the data file, and the handle to wait for its writes.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread::JoinHandle;

use parking_lot::{Condvar, Mutex};
use serde_json::{Map, Value};
use tokio::sync::watch;

use crate::durable::file::DataFile;
use crate::service::StatefulService;

/// The state could not be written to disk; the log has the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotDurable;

/// Writes the changes of services to the data file. Clones write to the same file.
#[derive(Debug, Clone)]
pub(crate) struct Journal {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    requests: Mutex<WriteRequests>,
    requested: Condvar,
    progress: watch::Sender<Progress>,
}

/// Requests for a write, numbered from 1.
#[derive(Debug, Default)]
struct WriteRequests {
    last: u64,
    /// Whether no more requests are accepted.
    stop: bool,
}

#[derive(Debug, Clone, Copy, Default)]
struct Progress {
    /// Number of the last request that was written or has failed.
    done: u64,
    /// Number of the last request of the last successful write, which includes the changes of earlier failed writes.
    durable: u64,
}

/// The writing thread. Dropping it writes pending changes and ends the thread.
pub(crate) struct Writer {
    journal: Journal,
    thread: Option<JoinHandle<()>>,
}

impl Journal {
    /// Replaces the data file by the current state, and starts writing the changes of `services`. `others` are the states
    /// of disabled services in the file.
    pub(crate) fn start(
        mut file: DataFile,
        services: Vec<Arc<dyn StatefulService>>,
        others: Map<String, Value>,
    ) -> std::io::Result<(Self, Writer)> {
        // Recording starts before the snapshot, because running jobs may change the state during it.
        for service in &services {
            service.record_changes();
        }
        file.replace(&services, &others)?;
        let journal = Self {
            shared: Arc::new(Shared {
                requests: Mutex::default(),
                requested: Condvar::new(),
                progress: watch::Sender::new(Progress::default()),
            }),
        };
        let mut worker = Worker {
            shared: journal.shared.clone(),
            file,
            services,
            others,
            incomplete: false,
        };
        let thread = std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || worker.run())?;
        let writer = Writer {
            journal: journal.clone(),
            thread: Some(thread),
        };
        Ok((journal, writer))
    }

    /// Waits until all previous changes are on disk.
    #[expect(clippy::expect_used, reason = "`self` holds the sender")]
    pub(crate) async fn commit(&self) -> Result<(), NotDurable> {
        let mut progress = self.shared.progress.subscribe();
        let number = self.request_write().ok_or(NotDurable)?;
        let progress = progress.wait_for(|progress| progress.done >= number).await;
        let progress = progress.expect("the sender lives as long as the journal");
        if progress.durable >= number {
            Ok(())
        } else {
            Err(NotDurable)
        }
    }

    /// Wakes the writer without waiting for the write.
    pub(crate) fn wake(&self) {
        self.request_write();
    }

    /// Requests a write and returns its number; `None` if the writer has ended.
    fn request_write(&self) -> Option<u64> {
        let mut requests = self.shared.requests.lock();
        if requests.stop {
            return None;
        }
        requests.last += 1;
        self.shared.requested.notify_one();
        Some(requests.last)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.journal.shared.requests.lock().stop = true;
        self.journal.shared.requested.notify_one();
        if let Some(thread) = self.thread.take() {
            // A panic was logged by `EndOfWrites`.
            drop(thread.join());
        }
    }
}

struct Worker {
    shared: Arc<Shared>,
    file: DataFile,
    services: Vec<Arc<dyn StatefulService>>,
    /// States of disabled services.
    others: Map<String, Value>,
    /// Whether a write has failed. The journal then lacks a change, so only a snapshot can be written.
    incomplete: bool,
}

/// Releases all waiting requests when the thread ends, even by a panic.
struct EndOfWrites(Arc<Shared>);

impl Drop for EndOfWrites {
    fn drop(&mut self) {
        let mut requests = self.0.requests.lock();
        requests.stop = true;
        // No more numbers are assigned. Requests that were not written have failed.
        let last = requests.last;
        self.0.progress.send_modify(|progress| progress.done = last);
        drop(requests);
        if std::thread::panicking() {
            tracing::error!("the thread that writes the data file has panicked; all further changes fail");
        }
    }
}

impl Worker {
    fn run(&mut self) {
        let _end = EndOfWrites(self.shared.clone());
        let mut done = 0;
        loop {
            let (number, stop) = {
                let mut requests = self.shared.requests.lock();
                while requests.last == done && !requests.stop {
                    self.shared.requested.wait(&mut requests);
                }
                (requests.last, requests.stop)
            };
            let written = self.write();
            if let Err(error) = &written {
                tracing::error!(%error, "could not write the state");
                self.incomplete = true;
            }
            done = number;
            self.shared.progress.send_modify(|progress| {
                progress.done = number;
                if written.is_ok() {
                    progress.durable = number;
                }
            });
            if stop {
                return;
            }
            // Compaction runs after the requests are released, because their changes are already in the journal.
            if written.is_ok()
                && self.file.needs_compaction()
                && let Err(error) = self.write_snapshot()
            {
                tracing::warn!(%error, "could not compact the data file; the journal continues");
            }
        }
    }

    /// Appends the changes to the journal, or writes a snapshot if the journal lacks a change.
    fn write(&mut self) -> std::io::Result<()> {
        let changes: BTreeMap<_, _> = self
            .services
            .iter()
            .map(|service| (service.name(), service.take_changes()))
            .filter(|(_, changes)| !changes.is_empty())
            .collect();
        if self.incomplete {
            self.write_snapshot()
        } else if changes.is_empty() {
            Ok(())
        } else {
            self.file.append(&changes)
        }
    }

    fn write_snapshot(&mut self) -> std::io::Result<()> {
        self.file.replace(&self.services, &self.others)?;
        self.incomplete = false;
        Ok(())
    }
}
