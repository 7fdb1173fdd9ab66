//! The state that requests and jobs of one instance share.

mod changes;

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::clock::Clock;
use crate::digitaltwins::events::routing::EventRouting;
use crate::digitaltwins::jobs::blobs::BlobDirectory;
use crate::digitaltwins::jobs::table::JobTable;
use crate::digitaltwins::rules::limits::Limits;
use crate::digitaltwins::rules::rates::RateLimiter;
use crate::digitaltwins::store::shared_graph::{GraphAccess, SharedGraph};
use crate::digitaltwins::store::timestamp::Timestamp;
use crate::durable::journal::Journal;

/// The shared state of a `DigitalTwins`. Running jobs keep it alive.
///
/// # Lock order
/// The locks of the graph come first, in the order that [`SharedGraph`] enforces. The locks of events, jobs and rates
/// come last, in any order: each is private to its type, whose methods return no guard and cannot reach the graph.
/// The lock of the blob directory is held during a lookup of a job, and never taken while the graph is locked.
#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) clock: Clock,
    pub(crate) limits: Limits,
    graph: SharedGraph,
    pub(crate) events: EventRouting,
    pub(crate) jobs: JobTable,
    pub(crate) rates: RateLimiter,
    /// The storage of import jobs.
    pub(crate) blobs: BlobDirectory,
    /// Set when the `DigitalTwins` is dropped, to stop jobs.
    stopping: AtomicBool,
    journal: OnceLock<Journal>,
}

/// The access of one request or job to an instance.
///
/// Create one session per request or job and pass it on as `&mut`. With two sessions, the compiler could not check
/// the lock order.
#[derive(Debug)]
pub(crate) struct Session<'a> {
    pub(crate) instance: &'a Instance,
    pub(crate) graph: GraphAccess<'a>,
}

impl Instance {
    pub(crate) fn new(clock: Clock) -> Self {
        Instance {
            limits: Limits::default(),
            graph: SharedGraph::default(),
            events: EventRouting::new(clock.clone()),
            jobs: JobTable::default(),
            rates: RateLimiter::default(),
            blobs: BlobDirectory::default(),
            stopping: AtomicBool::new(false),
            journal: OnceLock::new(),
            clock,
        }
    }

    pub(crate) fn session(&self) -> Session<'_> {
        Session {
            instance: self,
            graph: self.graph.access(),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from(self.clock.now())
    }

    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// Makes the progress of jobs durable. Further calls have no effect.
    pub(crate) fn set_journal(&self, journal: Journal) {
        // Wakes the journal, because jobs of a loaded state may have made changes before it was set.
        self.journal.get_or_init(|| journal).wake();
    }

    /// Triggers a write of the changes that jobs made to the data file, if there is a data file. Jobs need not wait
    /// for the write: requests about a job wait for it (see `Service::is_durable`).
    pub(crate) fn wake_journal(&self) {
        if let Some(journal) = self.journal.get() {
            journal.wake();
        }
    }
}
