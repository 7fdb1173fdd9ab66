//! The graph of an instance behind its locks.

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

/// The graph that requests change, and the one that queries see while they lag.
///
/// # Lock order
/// `model_changes`, then `lagging`, then `graph`. The fields are private to this file, and a thread reaches the locks
/// through its [`GraphAccess`] only: every guard borrows the access mutably, so the compiler refuses to take a lock
/// while the thread holds a guard of it or of a later one. `model_changes` is the exception that the order needs: its
/// guard, [`ModelChange`], leads on to the graph in the same way. `lagging` has no guard outside of this file.
#[derive(Debug, Default)]
pub(crate) struct SharedGraph {
    /// Held by whoever changes models. A change looks at the graph more than once, and twins are served in between.
    model_changes: Mutex<()>,
    /// The graph that queries see; `None` while they see the current one.
    lagging: RwLock<Option<LaggingGraph>>,
    graph: RwLock<Graph>,
}

/// One thread's way to the locks of a [`SharedGraph`].
///
/// A second access in the same call chain would defeat the lock order: create one where a request or a job begins, and
/// pass it on.
#[derive(Debug)]
pub(crate) struct GraphAccess<'a> {
    shared: &'a SharedGraph,
}

/// How far an index is. Nobody evicts it while the pin is held.
#[derive(Debug)]
pub(crate) enum IndexProgress {
    InProgress(Pin),
    Done(Pin),
    /// All indexes that there may be are in use.
    NoRoom,
}

/// A graph that another one has replaced, with the lagging one beside it. Dropping it takes long if it is large, so that
/// is left to the caller, who holds no lock by then.
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

    /// Waits until nobody else changes models.
    pub(crate) fn change_models(&mut self) -> ModelChange<'_> {
        ModelChange {
            shared: self.shared,
            _lock: self.shared.model_changes.lock(),
        }
    }

    /// Lets queries see the graph as it was `lag` ago; right after the call they see it as it is now.
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

    /// Brings the graph that queries see up to the time that it should show.
    pub(crate) fn catch_up(&mut self) {
        if self.shared.lagging.read().is_none() {
            return;
        }
        let mut lagging = self.shared.lagging.write();
        // The lag may have been switched off between the two locks.
        let Some(lagging) = &mut *lagging else { return };
        let changes = self.shared.graph.write().take_history(lagging.lag);
        for change in changes {
            lagging.apply(change);
        }
    }

    /// Reads the graph that queries see.
    pub(crate) fn read_for_query<T>(&mut self, read: impl FnOnce(&Graph) -> T) -> T {
        match &*self.shared.lagging.read() {
            Some(lagging) => read(&lagging.graph),
            None => read(&self.shared.graph.read()),
        }
    }

    /// Continues to build an index of the graph that queries see.
    pub(crate) fn build_index(&mut self, index: &IndexName, chunk: Slot) -> IndexProgress {
        {
            // Held to the end, so that the entries return to the graph that they come from.
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
            // The lag was switched off between the two locks, and the lagging graph is gone with its indexes.
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

/// The exclusive right to change models, and the way on to the graph.
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

    /// Puts another graph in place of the current one, for queries at once. `with_lock` is called before the graph is
    /// unlocked, to replace what belongs to it.
    pub(crate) fn replace_graph(
        self,
        mut graph: Graph,
        clock: &Clock,
        with_lock: impl FnOnce(),
    ) -> ReplacedGraph {
        // Locked together, so that a lag that is set meanwhile counts either before or after.
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
