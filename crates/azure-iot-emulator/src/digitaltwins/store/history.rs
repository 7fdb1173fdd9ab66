//! Changes to a graph that lagging queries do not see yet.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::digitaltwins::store::model_store::ModelStore;
use crate::digitaltwins::store::relationship::Relationship;
use crate::digitaltwins::store::twin::Twin;

/// A change to a graph. It has ids instead of slots, so that it can be applied to a copy of the graph.
#[derive(Debug, Clone)]
pub(crate) enum GraphChange {
    TwinStored(Arc<Twin>),
    TwinRemoved(Arc<str>),
    RelationshipStored(Arc<Relationship>),
    RelationshipRemoved(Arc<Relationship>),
    ModelsChanged(Box<ModelStore>),
}

/// Recent changes, each with the clock's elapsed time. Elapsed time is monotonic even if the clock is set back, so the
/// changes are in order.
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

    /// Removes and returns the changes that are at least `lag` old, oldest first.
    pub(crate) fn take(&mut self, lag: Duration) -> Vec<GraphChange> {
        // A lag longer than the elapsed time hides every change.
        let Some(until) = self.clock.elapsed().checked_sub(lag) else {
            return Vec::new();
        };
        let count = self.changes.iter().take_while(|(at, _)| *at <= until).count();
        self.changes.drain(..count).map(|(_, change)| change).collect()
    }
}
