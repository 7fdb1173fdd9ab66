//! State that survives the program: a data file with everything, and a journal of what has changed since.
//!
//! A request that may change something is answered once its change is on the disk. One thread writes for all: while it
//! waits for the disk, requests gather, and the next write is for all of them.
//!
//! | File | What |
//! |---|---|
//! | `FILE` | the whole state, replaced as a whole: written beside it, flushed, renamed |
//! | `FILE.journal` | a line per write: what has changed since; emptied when `FILE` is replaced |
//!
//! # Why the files always load
//!
//! Services go on while the thread writes, so it matters which moment a file shows.
//!
//! - **A line** takes a service from one moment to the next. [`Service::take_changes`] is one step: the service notes
//!   the keys of what it changes, in the same critical section as the change; the taker gets the present values of
//!   these keys in one critical section too. So lines up to any one of them give a state that the service once had,
//!   and nothing is half done in it. A line that was cut short is left out; nobody was told of it.
//! - **A whole state** with the sequence number `n` is that of a moment after line `n` was taken, because the same
//!   thread first takes, then writes the whole. It is one moment of each service as well ([`Service::write_state`]),
//!   so it loads; if the program is killed right then, it may show what nobody was answered for yet, but only wholly.
//! - **The next line** after a whole state has every key changed since line `n` was taken, and so some that the whole
//!   state already has. Values in lines are absolute, not differences: to set them again changes nothing, and a key
//!   that was changed twice, before and after the whole state, has the later value. What is gone in the whole state
//!   is taken away once more, which does nothing. So whole state and line give the moment at which the line was taken.
//! - **Lines up to `n`** that stay, because the program was killed between the renaming and the emptying, are
//!   passed over by their number.
//! - **A replacement that fails** leaves a whole file, the one before or the new one, and the journal goes on.
//! - **A line that can't be written** is lost, so the next write is a whole state, until one succeeds; what waits for
//!   these writes is answered with an error.
//!
//! Services don't refer to each other, so it does no harm that their moments differ.
//!
//! # What waits for what
//!
//! - A request waits for the write that begins after its change, and so for the one that may be under way.
//! - When the journal has outgrown the file, the file is replaced once those who waited for the line are told. Who comes
//!   meanwhile waits until that is over, because there is one thread; reads go on, and changes are made, too, but for
//!   the moments in which a service is looked at. A service holds no lock while its state is written to the disk.
//! - Only after a line that was lost do requests wait for a whole state to succeed or fail.
//! - If the thread panics, those who wait are told that their change is not durable, and so is everybody after them.
//! - The end waits for what is left to be written, not for a replacement of the file, which the next start does.

mod changes;
mod file;
#[cfg(test)]
mod tests;
mod tracked;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread::JoinHandle;

use parking_lot::{Condvar, Mutex};
use serde_json::{Map, Value};
use tokio::sync::watch;

pub use self::changes::StateChange;
pub(crate) use self::file::DataFile;
pub(crate) use self::tracked::Tracked;
use crate::service::Service;

/// The state could not be written; the log says why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotDurable;

/// Writes the changes of services. Clones write to the same file.
#[derive(Debug, Clone)]
pub(crate) struct Journal {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    wishes: Mutex<Wishes>,
    wished: Condvar,
    progress: watch::Sender<Progress>,
}

#[derive(Debug, Default)]
struct Wishes {
    /// The number of the last wish.
    last: u64,
    stop: bool,
}

#[derive(Debug, Clone, Copy, Default)]
struct Progress {
    /// Wishes up to this one are dealt with.
    done: u64,
    /// Wishes up to this one are on the disk: the last one of the last write that succeeded. Those of failed writes
    /// before it are in it.
    durable: u64,
}

/// The thread that writes. Dropping it writes what is left and ends it.
pub(crate) struct Writer {
    journal: Journal,
    thread: Option<JoinHandle<()>>,
}

impl Journal {
    /// Brings the data file up to date, and from then on writes the changes of `services` to it. `others` is what the
    /// file has of services that are not there.
    pub(crate) fn start(
        mut file: DataFile,
        services: Vec<Arc<dyn Service>>,
        others: Map<String, Value>,
    ) -> std::io::Result<(Self, Writer)> {
        // Before the whole state is written: jobs may be running already, and what they do meanwhile must be noted.
        for service in &services {
            service.record_changes();
        }
        file.replace(&services, &others)?;
        let journal = Self {
            shared: Arc::new(Shared {
                wishes: Mutex::default(),
                wished: Condvar::new(),
                progress: watch::Sender::new(Progress::default()),
            }),
        };
        let mut work = Work {
            shared: journal.shared.clone(),
            file,
            services,
            others,
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

    /// Waits until all that services have changed so far is on the disk.
    pub(crate) async fn commit(&self) -> Result<(), NotDurable> {
        let mut progress = self.shared.progress.subscribe();
        let number = self.wish().ok_or(NotDurable)?;
        // It can't fail: the sender is held right here.
        let progress = progress.wait_for(|progress| progress.done >= number).await;
        match progress {
            Ok(progress) if progress.durable >= number => Ok(()),
            _ => Err(NotDurable),
        }
    }

    /// Has all that services have changed so far written soon, without waiting for it.
    pub(crate) fn poke(&self) {
        self.wish();
    }

    /// The number of a new wish; `None` if no more are fulfilled.
    fn wish(&self) -> Option<u64> {
        let mut wishes = self.shared.wishes.lock();
        if wishes.stop {
            return None;
        }
        wishes.last += 1;
        self.shared.wished.notify_one();
        Some(wishes.last)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.journal.shared.wishes.lock().stop = true;
        self.journal.shared.wished.notify_one();
        if let Some(thread) = self.thread.take() {
            // If it has panicked, the log says so already.
            drop(thread.join());
        }
    }
}

struct Work {
    shared: Arc<Shared>,
    file: DataFile,
    services: Vec<Arc<dyn Service>>,
    /// State of services that are not there this time.
    others: Map<String, Value>,
    /// A write has failed, so the journal lacks something that only the whole state makes up for.
    incomplete: bool,
}

/// However the thread ends, nobody waits for it any more.
struct End(Arc<Shared>);

impl Drop for End {
    fn drop(&mut self) {
        let mut wishes = self.0.wishes.lock();
        wishes.stop = true;
        // No number is given out after this one; those that no write got to are not durable.
        let last = wishes.last;
        self.0.progress.send_modify(|progress| progress.done = last);
        drop(wishes);
        if std::thread::panicking() {
            tracing::error!(
                "the thread that writes the data file has panicked: changes are refused from now on"
            );
        }
    }
}

impl Work {
    fn run(&mut self) {
        let _end = End(self.shared.clone());
        let mut done = 0;
        loop {
            let (number, stop) = {
                let mut wishes = self.shared.wishes.lock();
                while wishes.last == done && !wishes.stop {
                    self.shared.wished.wait(&mut wishes);
                }
                (wishes.last, wishes.stop)
            };
            let written = self.write();
            if let Err(error) = &written {
                tracing::error!(%error, "the state can't be written");
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
            // After the answer: what was asked for is in the journal, and the next start replaces the file anyway.
            if written.is_ok()
                && self.file.wants_whole()
                && let Err(error) = self.write_whole()
            {
                tracing::warn!(%error, "the data file can't be replaced, the journal goes on");
            }
        }
    }

    /// Writes what has changed: a line, or everything if lines don't do any more.
    fn write(&mut self) -> std::io::Result<()> {
        let changes: BTreeMap<_, _> = self
            .services
            .iter()
            .map(|service| (service.name(), service.take_changes()))
            .filter(|(_, changes)| !changes.is_empty())
            .collect();
        if self.incomplete {
            self.write_whole()
        } else if changes.is_empty() {
            Ok(())
        } else {
            self.file.append(&changes)
        }
    }

    fn write_whole(&mut self) -> std::io::Result<()> {
        self.file.replace(&self.services, &self.others)?;
        self.incomplete = false;
        Ok(())
    }
}
