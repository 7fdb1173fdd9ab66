//! The locks of an instance's graph.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard};
use serde_json::Value;

use crate::clock::Clock;
use crate::digitaltwins::store::graph::Graph;
use crate::digitaltwins::store::graph::indexes::IndexName;
use crate::digitaltwins::store::lagging::LaggingGraph;
use crate::digitaltwins::store::property_index::{IndexBuild, Pin, UnsortedEntries};
use crate::digitaltwins::store::slab::Slot;

/// The current graph, and the lagging graph of queries, behind locks.
///
/// # Lock order
/// `model_changes`, then `lagging`, then `graph`. The fields are private, and a thread can take the locks only
/// through its [`GraphAccess`]. Every guard borrows the access mutably, so taking a second lock while a guard is
/// alive does not compile. The guard of `model_changes`, [`ModelChange`], gives access to the graph in the same
/// way. `lagging` has no guard outside of this file.
#[derive(Debug, Default)]
pub(crate) struct SharedGraph {
    /// Serializes changes of models, because such a change locks the graph more than once. Twins can change in
    /// between.
    model_changes: Mutex<()>,
    /// The graph that queries read; `None` while they read the current graph.
    lagging: RwLock<Option<LaggingGraph>>,
    graph: RwLock<Graph>,
}

/// One thread's access to the locks of a [`SharedGraph`].
///
/// A second access in the same call chain would defeat the lock order: create one per request or job, and pass it on.
#[derive(Debug)]
pub(crate) struct GraphAccess<'a> {
    shared: &'a SharedGraph,
}

/// The progress of an index build. The pin protects the index from eviction.
#[derive(Debug)]
pub(crate) enum IndexProgress {
    InProgress(Pin),
    Done(Pin),
    /// All indexes are in use, and there is no room for another one.
    NoRoom,
}

/// A replaced graph, with its lagging graph. Dropping a large graph takes long, so the caller drops it after all
/// locks are released.
#[derive(Debug)]
#[must_use]
pub(crate) struct ReplacedGraph {
    _graph: Graph,
    _lagging: Option<LaggingGraph>,
}

impl SharedGraph {
    pub(crate) fn access(&self) -> GraphAccess<'_> {
        GraphAccess { shared: self }
    }
}

impl GraphAccess<'_> {
    pub(crate) fn read(&mut self) -> RwLockReadGuard<'_, Graph> {
        self.shared.graph.read()
    }

    pub(crate) fn write(&mut self) -> RwLockWriteGuard<'_, Graph> {
        self.shared.graph.write()
    }

    #[cfg(test)]
    pub(crate) fn try_write(&mut self) -> Option<RwLockWriteGuard<'_, Graph>> {
        self.shared.graph.try_write()
    }

    /// Waits until no other thread changes models, and returns the right to change them.
    pub(crate) fn change_models(&mut self) -> ModelChange<'_> {
        ModelChange {
            shared: self.shared,
            _lock: self.shared.model_changes.lock(),
        }
    }

    /// Makes queries see the graph with a delay of `lag`, starting from its current content.
    pub(crate) fn set_query_lag(&mut self, lag: Duration, clock: &Clock) {
        let mut lagging = self.shared.lagging.write();
        let mut graph = self.shared.graph.write();
        if lag.is_zero() {
            *lagging = None;
            graph.stop_history();
        } else if let Some(lagging) = &mut *lagging {
            lagging.lag = lag;
        } else {
            *lagging = Some(LaggingGraph::new(&graph, lag));
            graph.start_history(clock);
        }
    }

    pub(crate) fn query_lag(&mut self) -> Duration {
        let lagging = self.shared.lagging.read();
        lagging.as_ref().map_or(Duration::ZERO, |lagging| lagging.lag)
    }

    /// Applies the changes that are older than the lag to the lagging graph.
    pub(crate) fn catch_up(&mut self) {
        if self.shared.lagging.read().is_none() {
            return;
        }
        let mut lagging = self.shared.lagging.write();
        // The lag may have been disabled between the two locks.
        let Some(lagging) = &mut *lagging else { return };
        let changes = self.shared.graph.write().take_history(lagging.lag);
        for change in changes {
            lagging.apply(change);
        }
    }

    /// Reads the graph that queries use.
    pub(crate) fn read_for_query<T>(&mut self, read: impl FnOnce(&Graph) -> T) -> T {
        match &*self.shared.lagging.read() {
            Some(lagging) => read(&lagging.graph),
            None => read(&self.shared.graph.read()),
        }
    }

    /// Continues building an index of the graph that queries use.
    pub(crate) fn build_index(&mut self, index: &IndexName, chunk: Slot) -> IndexProgress {
        {
            // Held until the end, so that the entries are put back into the same graph.
            let lagging = self.shared.lagging.read();
            if lagging.is_none() {
                let build = self.shared.graph.write().build_index(index, chunk);
                return IndexProgress::of(build, |unsorted| {
                    let sorted = unsorted.sort();
                    self.shared.graph.write().put_index_back(index, sorted)
                });
            }
        }
        let mut lagging = self.shared.lagging.write();
        let Some(lagging) = &mut *lagging else {
            // The lag was disabled after the first lock was taken, which dropped the lagging graph and its indexes.
            return IndexProgress::NoRoom;
        };
        let build = lagging.graph.build_index(index, chunk);
        IndexProgress::of(build, |unsorted| {
            lagging.graph.put_index_back(index, unsorted.sort())
        })
    }
}

impl IndexProgress {
    fn of(build: IndexBuild, sort: impl FnOnce(UnsortedEntries) -> Pin) -> Self {
        match build {
            IndexBuild::InProgress(pin) => IndexProgress::InProgress(pin),
            IndexBuild::Collected(unsorted) => IndexProgress::Done(sort(unsorted)),
            IndexBuild::Done(pin) => IndexProgress::Done(pin),
            IndexBuild::NoRoom => IndexProgress::NoRoom,
        }
    }
}

/// The exclusive right to change models, with access to the graph.
#[derive(Debug)]
pub(crate) struct ModelChange<'a> {
    shared: &'a SharedGraph,
    _lock: MutexGuard<'a, ()>,
}

impl ModelChange<'_> {
    pub(crate) fn write(&mut self) -> RwLockWriteGuard<'_, Graph> {
        self.shared.graph.write()
    }

    /// Returns the document of a stored model.
    pub(crate) fn document(&self, id: &str) -> Option<Arc<Value>> {
        let graph = self.shared.graph.read();
        graph.models().get(id).map(|model| Arc::clone(&model.document))
    }

    /// Replaces the current graph, also for queries. `with_lock` is called while the graph is locked, to replace
    /// the other state of the instance at the same time.
    pub(crate) fn replace_graph(
        self,
        mut graph: Graph,
        clock: &Clock,
        with_lock: impl FnOnce(),
    ) -> ReplacedGraph {
        // Both locks are held together, so that a concurrent change of the lag happens either before or after.
        let mut lagging = self.shared.lagging.write();
        let mut current = self.shared.graph.write();
        graph.continue_recording_of(&current);
        let lagging_graph = lagging.as_ref().map(|old| LaggingGraph::new(&graph, old.lag));
        if lagging_graph.is_some() {
            graph.start_history(clock);
        }
        let replaced = ReplacedGraph {
            _graph: std::mem::replace(&mut *current, graph),
            _lagging: std::mem::replace(&mut *lagging, lagging_graph),
        };
        with_lock();
        replaced
    }
}
