//! One instance: what its requests and its background work share.

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
use crate::durable::Journal;

/// Everything behind a `DigitalTwins`. Jobs hold it as long as they run.
///
/// # Lock order
/// The locks of the graph come first, in the order that [`SharedGraph`] enforces. The locks of events, jobs and rates
/// come last, in any order: each is private to its type, whose methods return no guard and cannot reach the graph.
/// The lock of the blob directory is held while a job is looked up, and never while the graph is locked.
#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) clock: Clock,
    pub(crate) limits: Limits,
    graph: SharedGraph,
    pub(crate) events: EventRouting,
    pub(crate) jobs: JobTable,
    pub(crate) rates: RateLimiter,
    /// Where imports read their input and write their logs.
    pub(crate) blobs: BlobDirectory,
    /// Set when the handle is dropped; background work ends.
    stopping: AtomicBool,
    journal: OnceLock<Journal>,
}

/// The use of an instance by one request or job.
///
/// Create it where the request or the job begins, and pass it on as `&mut`: with a second one the compiler could not
/// check the lock order any more.
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

    /// Makes the work of jobs durable. Only the first call counts.
    pub(crate) fn set_journal(&self, journal: Journal) {
        // Jobs of a loaded state may have run already.
        self.journal.get_or_init(|| journal).wake();
    }

    /// Has the changes of background work written to the data file, if there is one. A job does not wait for that: it
    /// reports to nobody, and a request about it is answered after the write (see `Service::is_durable`).
    pub(crate) fn wake_journal(&self) {
        if let Some(journal) = self.journal.get() {
            journal.wake();
        }
    }
}
