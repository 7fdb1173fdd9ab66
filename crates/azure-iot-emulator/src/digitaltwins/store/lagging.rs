//! Queries that see the graph as it was a while ago, as those of the service do.
//!
//! While there is a lag a second graph follows the first. It shares the twins and relationships, so that it costs
//! their places and indexes only.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::digitaltwins::store::graph::{Graph, Relationship};
use crate::digitaltwins::store::model_store::ModelStore;
use crate::digitaltwins::store::twin::Twin;

/// Something that happened to a graph, in terms that hold in another one.
#[derive(Debug, Clone)]
pub(crate) enum Change {
    Twin(Arc<Twin>),
    TwinGone(Arc<str>),
    Relationship(Arc<Relationship>),
    RelationshipGone(Arc<Relationship>),
    Models(Box<ModelStore>),
}

/// What happened lately, with how far the clock had gone then. That grows even if the clock is set back, so what comes
/// later never waits behind a time that is yet to come.
#[derive(Debug)]
pub(crate) struct History {
    clock: Clock,
    changes: VecDeque<(Duration, Change)>,
}

impl History {
    pub(crate) fn new(clock: Clock) -> Self {
        History {
            clock,
            changes: VecDeque::new(),
        }
    }

    pub(crate) fn note(&mut self, change: Change) {
        self.changes.push_back((self.clock.gone(), change));
    }

    /// Takes out what is as old as the lag.
    pub(crate) fn take(&mut self, lag: Duration) -> Vec<Change> {
        // A lag that is longer than the clock has gone hides all that was noted.
        let Some(until) = self.clock.gone().checked_sub(lag) else {
            return Vec::new();
        };
        let count = self.changes.iter().take_while(|(at, _)| *at <= until).count();
        self.changes.drain(..count).map(|(_, change)| change).collect()
    }
}

/// The graph that queries see while they lag.
#[derive(Debug)]
pub(crate) struct Lagging {
    pub(crate) lag: Duration,
    pub(crate) graph: Graph,
}

impl Lagging {
    pub(crate) fn new(graph: &Graph, lag: Duration) -> Self {
        let mut copy = Graph::default();
        copy.models = graph.models.clone();
        for twin in (0..graph.twin_end()).filter_map(|slot| graph.twin(slot)) {
            copy.put_twin(Arc::clone(twin));
        }
        for slot in 0..graph.relationship_end() {
            if let Some(relationship) = graph.relationship(slot) {
                put_relationship(&mut copy, relationship);
            }
        }
        Lagging { lag, graph: copy }
    }

    pub(crate) fn apply(&mut self, change: Change) {
        let graph = &mut self.graph;
        match change {
            Change::Twin(twin) => graph.put_twin(twin),
            Change::TwinGone(id) => {
                if let Some(slot) = graph.find(&id) {
                    graph.remove_twin(slot);
                }
            }
            Change::Relationship(relationship) => put_relationship(graph, &relationship),
            Change::RelationshipGone(relationship) => {
                let slot = graph
                    .find(&relationship.source_id)
                    .and_then(|source| graph.find_relationship(source, &relationship.id));
                if let Some(slot) = slot {
                    graph.remove_relationship(slot);
                }
            }
            Change::Models(models) => graph.models = *models,
        }
    }
}

/// Stores a relationship between the twins that have its ends' ids here.
pub(crate) fn put_relationship(graph: &mut Graph, relationship: &Relationship) {
    let ends = (
        graph.find(&relationship.source_id),
        graph.find(&relationship.target_id),
    );
    if let (Some(source), Some(target)) = ends {
        graph.put_relationship(Arc::new(Relationship {
            source,
            target,
            ..relationship.clone()
        }));
    }
}
