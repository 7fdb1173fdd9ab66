//! The thread that writes the data file, and the handle with which requests wait for its writes.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::thread::JoinHandle;

use parking_lot::{Condvar, Mutex, RwLock};
use serde_json::{Map, Value};
use tokio::sync::oneshot;

use crate::durable::error::DataFileError;
use crate::durable::file::DataFile;
use crate::durable::state_change::StateChange;
use crate::service::StatefulService;

/// The error if the state could not be written to disk. The log has the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotDurable;

/// The changes of a request, before they are written.
#[derive(Debug)]
pub(crate) struct PendingCommit(Option<oneshot::Receiver<()>>);

impl PendingCommit {
    /// Waits until the changes, and all previous ones, are on disk.
    pub(crate) async fn durable(self) -> Result<(), NotDurable> {
        let written = self.0.ok_or(NotDurable)?;
        written.await.map_err(|_| NotDurable)
    }
}

/// The handle through which services write their changes to the data file. Clones write to the same file.
#[derive(Debug, Clone)]
pub(crate) struct Journal {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// Number of failed writes whose changes were undone. Locked for reading while a request makes changes and asks
    /// for a write, and for writing while changes are taken or undone. Therefore a request fails if and only if its
    /// changes are undone.
    undone: RwLock<u64>,
    requests: Mutex<WriteRequests>,
    requested: Condvar,
}

/// Requests for a write.
#[derive(Debug, Default)]
struct WriteRequests {
    /// Requests that wait for the next write. Dropping a sender fails its request.
    waiting: Vec<oneshot::Sender<()>>,
    /// Whether a write was requested by a caller that does not wait for it.
    is_woken: bool,
    /// Whether the last write failed. Then only a waiting request causes another attempt, because a job could cause
    /// an endless series of attempts.
    has_failed: bool,
    /// Whether no more requests are accepted.
    stop: bool,
}

/// The writing thread. Dropping it writes pending changes and ends the thread.
pub(crate) struct Writer {
    journal: Journal,
    thread: Option<JoinHandle<()>>,
}

impl Journal {
    /// Replaces the data file with the current state, and starts writing the changes of `services`. `others` are the states
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
                undone: RwLock::new(0),
                requests: Mutex::default(),
                requested: Condvar::new(),
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

    /// Runs a request that makes changes, and asks for a write at its end. If changes are undone while the request is
    /// suspended, the returned commit fails.
    pub(crate) async fn track<F: Future>(&self, request: F) -> (F::Output, PendingCommit) {
        let mut request = pin!(request);
        let mut first = None;
        poll_fn(|context| {
            let undone = self.shared.undone.read();
            let first = *first.get_or_insert(*undone);
            request.as_mut().poll(context).map(|result| {
                let commit = (first == *undone).then(|| self.request_write()).flatten();
                (result, PendingCommit(commit))
            })
        })
        .await
    }

    /// Asks for a write. Returns `None` if the writer has ended.
    fn request_write(&self) -> Option<oneshot::Receiver<()>> {
        let mut requests = self.shared.requests.lock();
        if requests.stop {
            return None;
        }
        let (written, is_written) = oneshot::channel();
        requests.waiting.push(written);
        self.shared.requested.notify_one();
        Some(is_written)
    }

    /// Wakes the writer without waiting for the write.
    pub(crate) fn wake(&self) {
        let mut requests = self.shared.requests.lock();
        if !requests.has_failed {
            requests.is_woken = true;
            self.shared.requested.notify_one();
        }
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

/// Fails all waiting requests when the thread ends, even by a panic.
struct EndOfWrites(Arc<Shared>);

impl Drop for EndOfWrites {
    fn drop(&mut self) {
        let mut requests = self.0.requests.lock();
        requests.stop = true;
        requests.waiting.clear();
        drop(requests);
        if std::thread::panicking() {
            tracing::error!("the thread that writes the data file has panicked; all further changes fail");
        }
    }
}

type Changes = BTreeMap<&'static str, Vec<StateChange>>;

impl Worker {
    fn run(&mut self) {
        let _end = EndOfWrites(self.shared.clone());
        loop {
            let stop = self.wait_for_request();
            if !self.write_or_undo(false) || stop {
                return;
            }
            // Compaction begins after the requests are released, because their changes are already in the journal.
            if !self.incomplete && self.file.needs_compaction() && !self.write_or_undo(true) {
                return;
            }
        }
    }

    /// Returns whether the writer must stop after the next write.
    fn wait_for_request(&self) -> bool {
        let mut requests = self.shared.requests.lock();
        while requests.waiting.is_empty() && !requests.is_woken && !requests.stop {
            self.shared.requested.wait(&mut requests);
        }
        requests.is_woken = false;
        requests.stop
    }

    /// Writes all changes, and releases or fails their requests. Returns false if changes could not be undone.
    fn write_or_undo(&mut self, is_compaction: bool) -> bool {
        let new = if is_compaction || self.incomplete {
            match self.file.write_new_files(&self.services, &self.others) {
                Err(error) if is_compaction => {
                    // No changes were taken, so none need to be undone.
                    tracing::warn!(%error, "could not compact the data file; the journal continues");
                    return true;
                }
                new => Some(new),
            }
        } else {
            None
        };
        let (waiting, changes) = self.take();
        let written = match new {
            Some(new) => new.and_then(|new| self.file.adopt(new, &changes)),
            None if changes.is_empty() => Ok(()),
            None => self.file.append(&changes),
        };
        self.incomplete = written.is_err();
        self.shared.requests.lock().has_failed = written.is_err();
        let Err(error) = written else {
            for waiting in waiting {
                // Sending fails if the request was dropped, which needs no handling.
                let _ = waiting.send(());
            }
            return true;
        };
        tracing::error!(%error, "could not write the state; its last changes are undone");
        if let Err(error) = self.undo() {
            tracing::error!(%error, "could not undo changes; all further changes fail");
            return false;
        }
        // The requests fail only now, when their changes are no longer visible.
        drop(waiting);
        true
    }

    /// Takes the changes since the last call, together with exactly the requests that made them.
    fn take(&self) -> (Vec<oneshot::Sender<()>>, Changes) {
        let _undone = self.shared.undone.write();
        let waiting = std::mem::take(&mut self.shared.requests.lock().waiting);
        let changes = self
            .services
            .iter()
            .map(|service| (service.name(), service.take_changes()))
            .filter(|(_, changes)| !changes.is_empty());
        (waiting, changes.collect())
    }

    /// Resets the services to the state on disk. Changes that were made since the failed write are lost, too, so
    /// their requests fail.
    fn undo(&mut self) -> Result<(), UndoError> {
        let state = self.file.read_state()?;
        let mut undone = self.shared.undone.write();
        *undone += 1;
        for service in &self.services {
            service.load(state.get(service.name()).unwrap_or(&Value::Null))?;
        }
        self.shared.requests.lock().waiting.clear();
        Ok(())
    }
}

/// The error if the state on disk could not be read or loaded.
#[derive(Debug, thiserror::Error)]
enum UndoError {
    #[error(transparent)]
    File(#[from] DataFileError),
    #[error(transparent)]
    State(#[from] crate::error::StateError),
}
