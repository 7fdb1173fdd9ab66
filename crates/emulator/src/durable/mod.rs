//! State that survives the program: a data file with everything, and a journal of what has changed since.
//!
//! A request that may change something is answered once its change is on the disk. One thread writes for all: while it
//! waits for the disk, requests gather, and the next write is for all of them.
//!
//! | File | What |
//! |---|---|
//! | `FILE` | the whole state, replaced as a whole: written beside it, flushed, renamed |
//! | `FILE.journal` | a line per write: what has changed since; emptied when `FILE` is replaced |

mod changes;
mod file;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::thread::JoinHandle;

use parking_lot::{Condvar, Mutex};
use serde_json::{Map, Value};
use tokio::sync::watch;

pub use self::changes::StateChange;
pub(crate) use self::file::DataFile;
use crate::service::Service;

/// The state could not be written; the log says why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotDurable;

/// Writes the changes of services. Clones write to the same file.
#[derive(Clone)]
pub(crate) struct Journal {
    shared: Arc<Shared>,
}

struct Shared {
    wishes: Mutex<Wishes>,
    wished: Condvar,
    progress: watch::Sender<Progress>,
}

#[derive(Default)]
struct Wishes {
    /// The number of the last wish.
    last: u64,
    /// Services that may have changed.
    services: BTreeSet<&'static str>,
    stop: bool,
}

#[derive(Debug, Clone, Copy, Default)]
struct Progress {
    /// Wishes up to this one are dealt with.
    done: u64,
    /// The wishes of the last write that failed: those after the first number, up to the second.
    failed: (u64, u64),
}

/// The thread that writes. Dropping it writes what is left and ends it.
pub(crate) struct Writer {
    journal: Journal,
    thread: Option<JoinHandle<()>>,
}

impl Journal {
    /// Starts to write the changes of `services`. `states` is what the file has, of them and of others.
    pub(crate) fn start(
        file: DataFile,
        services: Vec<Arc<dyn Service>>,
        mut states: Map<String, Value>,
    ) -> std::io::Result<(Self, Writer)> {
        let journal = Self {
            shared: Arc::new(Shared {
                wishes: Mutex::default(),
                wished: Condvar::new(),
                progress: watch::Sender::new(Progress::default()),
            }),
        };
        let mut known = BTreeMap::new();
        for service in &services {
            service.record_changes();
            let state = states.shift_remove(service.name());
            if service.take_changes().is_none() {
                known.insert(service.name(), state.unwrap_or_default());
            }
        }
        let mut work = Work {
            shared: journal.shared.clone(),
            file,
            services,
            known,
            others: states,
            incomplete: false,
        };
        let thread = std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || work.run())?;
        let writer = Writer {
            journal: journal.clone(),
            thread: Some(thread),
        };
        Ok((journal, writer))
    }

    /// Waits until all that this service has changed so far is on the disk.
    pub(crate) async fn commit(&self, service: &'static str) -> Result<(), NotDurable> {
        let number = {
            let mut wishes = self.shared.wishes.lock();
            if wishes.stop {
                return Err(NotDurable);
            }
            wishes.last += 1;
            wishes.services.insert(service);
            wishes.last
        };
        let mut progress = self.shared.progress.subscribe();
        self.shared.wished.notify_one();
        // It can't fail: the sender is held right here.
        let progress = progress.wait_for(|progress| progress.done >= number).await;
        match progress {
            Ok(progress) if !(progress.failed.0 < number && number <= progress.failed.1) => Ok(()),
            _ => Err(NotDurable),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.journal.shared.wishes.lock().stop = true;
        self.journal.shared.wished.notify_one();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that writes the data file has panicked");
        }
    }
}

struct Work {
    shared: Arc<Shared>,
    file: DataFile,
    services: Vec<Arc<dyn Service>>,
    /// The last dump of those services that don't note their changes.
    known: BTreeMap<&'static str, Value>,
    /// State of services that are not there this time.
    others: Map<String, Value>,
    /// A write has failed, so the journal lacks something that only the whole state makes up for.
    incomplete: bool,
}

impl Work {
    fn run(&mut self) {
        let mut done = 0;
        loop {
            let (number, touched, stop) = {
                let mut wishes = self.shared.wishes.lock();
                while wishes.last == done && !wishes.stop {
                    self.shared.wished.wait(&mut wishes);
                }
                let all = wishes
                    .stop
                    .then(|| self.services.iter().map(|service| service.name()).collect());
                let touched = std::mem::take(&mut wishes.services);
                (wishes.last, all.unwrap_or(touched), wishes.stop)
            };
            let failed = match self.write(&touched) {
                Ok(()) => None,
                Err(error) => {
                    tracing::error!(%error, "the state can't be written");
                    self.incomplete = true;
                    Some((done, number))
                }
            };
            done = number;
            self.shared.progress.send_modify(|progress| {
                progress.done = number;
                progress.failed = failed.unwrap_or(progress.failed);
            });
            if stop {
                return;
            }
        }
    }

    fn write(&mut self, touched: &BTreeSet<&'static str>) -> std::io::Result<()> {
        let mut all = BTreeMap::new();
        for service in &self.services {
            let name = service.name();
            let changes = match service.take_changes() {
                Some(changes) => changes,
                None if touched.contains(name) || touched.contains("management") => {
                    let dump = service.dump();
                    let known = self.known.insert(name, dump.clone()).unwrap_or_default();
                    changes::between(&known, &dump)
                }
                None => Vec::new(),
            };
            if !changes.is_empty() {
                all.insert(name, changes);
            }
        }
        if self.incomplete {
            return self.write_whole();
        }
        if all.is_empty() {
            return Ok(());
        }
        self.file.append(&all)?;
        if self.file.wants_whole() {
            // What counts is in the journal already.
            if let Err(error) = self.write_whole() {
                tracing::warn!(%error, "the data file can't be replaced, the journal goes on");
            }
        }
        Ok(())
    }

    fn write_whole(&mut self) -> std::io::Result<()> {
        let mut states = self.others.clone();
        for service in &self.services {
            states.insert(service.name().to_owned(), service.dump());
        }
        self.file.replace(&states)?;
        self.incomplete = false;
        Ok(())
    }
}
