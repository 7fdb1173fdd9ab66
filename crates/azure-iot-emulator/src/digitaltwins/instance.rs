//! One instance: what its requests and its background work share.

use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use parking_lot::{Mutex, RwLock};

use crate::clock::Clock;
use crate::digitaltwins::events::Routing;
use crate::digitaltwins::jobs::{BlobDirectory, Jobs};
use crate::digitaltwins::rules::limits::Limits;
use crate::digitaltwins::rules::rates::Rates;
use crate::digitaltwins::store::graph::{Graph, IndexName};
use crate::digitaltwins::store::lagging::{History, Lagging};
use crate::digitaltwins::store::property_index::{Building, Pin, Unsorted};
use crate::digitaltwins::store::slab::Slot;
use crate::durable::Journal;

/// Everything behind [`DigitalTwins`](super::DigitalTwins). Jobs hold it as long as they run.
#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) clock: Clock,
    pub(crate) limits: Limits,
    pub(crate) graph: RwLock<Graph>,
    /// Held by whatever changes models, which looks at the graph more than once.
    pub(crate) model_changes: Mutex<()>,
    /// Taken after the graph's lock, never before it.
    pub(crate) routing: Mutex<Routing>,
    /// What queries see while they lag. Taken before the graph's lock, never after it.
    pub(crate) lagging: RwLock<Option<Lagging>>,
    pub(crate) rates: Mutex<Rates>,
    /// Taken after the graph's lock, never before it.
    pub(crate) jobs: Mutex<Jobs>,
    /// Where imports read and write.
    pub(crate) blobs: Mutex<Option<BlobDirectory>>,
    /// Nobody is left to ask; background work ends.
    pub(crate) stopping: AtomicBool,
    pub(crate) journal: OnceLock<Journal>,
}

impl Instance {
    pub(crate) fn new(clock: Clock) -> Self {
        Instance {
            clock,
            limits: Limits::default(),
            graph: RwLock::default(),
            model_changes: Mutex::default(),
            routing: Mutex::default(),
            lagging: RwLock::default(),
            rates: Mutex::default(),
            jobs: Mutex::default(),
            blobs: Mutex::default(),
            stopping: AtomicBool::new(false),
            journal: OnceLock::new(),
        }
    }

    /// Lets queries see the graph as it was so long ago; at first as it is now.
    pub(crate) fn set_query_lag(&self, lag: Duration) {
        let mut lagging = self.lagging.write();
        let mut graph = self.graph.write();
        if lag.is_zero() {
            (*lagging, graph.history) = (None, None);
        } else if let Some(lagging) = &mut *lagging {
            lagging.lag = lag;
        } else {
            *lagging = Some(Lagging::new(&graph, lag));
            graph.history = Some(History::new(self.clock.clone()));
        }
    }

    pub(crate) fn query_lag(&self) -> Duration {
        self.lagging
            .read()
            .as_ref()
            .map_or(Duration::ZERO, |lagging| lagging.lag)
    }

    /// Brings the graph that queries see up to the time that it should show.
    pub(crate) fn catch_up(&self) {
        if self.lagging.read().is_none() {
            return;
        }
        let mut lagging = self.lagging.write();
        let Some(lagging) = &mut *lagging else { return };
        let changes = self
            .graph
            .write()
            .history
            .as_mut()
            .map(|history| history.take(lagging.lag));
        for change in changes.unwrap_or_default() {
            lagging.apply(change);
        }
    }

    /// Reads what queries see.
    pub(crate) fn queried<T>(&self, read: impl FnOnce(&Graph) -> T) -> T {
        match &*self.lagging.read() {
            Some(lagging) => read(&lagging.graph),
            None => read(&self.graph.read()),
        }
    }

    /// Goes on to make an index of what queries see.
    pub(crate) fn build_index(&self, index: &IndexName, chunk: Slot) -> Indexing {
        {
            // Held to the end, so that the entries go back to the graph from which they come.
            let lagging = self.lagging.read();
            if lagging.is_none() {
                let building = self.graph.write().build_index(index, chunk);
                return Indexing::new(building, |unsorted| {
                    let sorted = unsorted.sort();
                    self.graph.write().put_index_back(index, sorted)
                });
            }
        }
        let mut lagging = self.lagging.write();
        let Some(lagging) = &mut *lagging else {
            // The graph is gone just now, and the index with it.
            return Indexing::NoRoom;
        };
        let building = lagging.graph.build_index(index, chunk);
        Indexing::new(building, |unsorted| {
            lagging.graph.put_index_back(index, unsorted.sort())
        })
    }
}

/// How far an index is, which nobody takes away from the one who holds the pin.
#[derive(Debug)]
pub(crate) enum Indexing {
    Goes(Pin),
    Done(Pin),
    /// All indexes that there may be are in use.
    NoRoom,
}

impl Indexing {
    fn new(building: Building, put_back: impl FnOnce(Unsorted) -> Pin) -> Self {
        match building {
            Building::Goes(pin) => Indexing::Goes(pin),
            Building::Collected(unsorted) => Indexing::Done(put_back(unsorted)),
            Building::Done(pin) => Indexing::Done(pin),
            Building::NoRoom => Indexing::NoRoom,
        }
    }
}
