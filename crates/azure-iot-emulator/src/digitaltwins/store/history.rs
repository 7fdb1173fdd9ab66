//! The changes of a graph that lagging queries do not see yet.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::digitaltwins::store::model_store::ModelStore;
use crate::digitaltwins::store::relationship::Relationship;
use crate::digitaltwins::store::twin::Twin;

/// A change of a graph in terms that hold in a copy of it: ids, not slots.
#[derive(Debug, Clone)]
pub(crate) enum GraphChange {
    TwinStored(Arc<Twin>),
    TwinRemoved(Arc<str>),
    RelationshipStored(Arc<Relationship>),
    RelationshipRemoved(Arc<Relationship>),
    ModelsChanged(Box<ModelStore>),
}

/// Recent changes, each with the time that had passed on the clock. Passed time grows even if the clock is set back,
/// so no change ever waits behind a time that is yet to come.
#[derive(Debug)]
pub(crate) struct History {
    clock: Clock,
    changes: VecDeque<(Duration, GraphChange)>,
}

impl History {
    pub(crate) fn new(clock: Clock) -> Self {
        History {
            clock,
            changes: VecDeque::new(),
        }
    }

    pub(crate) fn push(&mut self, change: GraphChange) {
        self.changes.push_back((self.clock.elapsed(), change));
    }

    /// Takes out the changes that are at least as old as `lag`, oldest first.
    pub(crate) fn take(&mut self, lag: Duration) -> Vec<GraphChange> {
        // A lag longer than the time that has passed hides every change.
        let Some(until) = self.clock.elapsed().checked_sub(lag) else {
            return Vec::new();
        };
        let count = self.changes.iter().take_while(|(at, _)| *at <= until).count();
        self.changes.drain(..count).map(|(_, change)| change).collect()
    }
}
