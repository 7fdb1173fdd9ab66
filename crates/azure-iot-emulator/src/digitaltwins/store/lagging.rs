//! The lagging graph: a copy that receives changes with a delay, as queries of the real service lag behind writes.
//!
//! The copy shares the records of the current graph, so it needs memory only for slots and indexes.

use std::time::Duration;

use crate::digitaltwins::store::graph::Graph;
use crate::digitaltwins::store::history::GraphChange;

/// The graph that queries read while they lag.
#[derive(Debug)]
pub(crate) struct LaggingGraph {
    pub(crate) lag: Duration,
    pub(crate) graph: Graph,
}

impl LaggingGraph {
    /// Copies `graph`, for queries that lag by `lag`.
    pub(crate) fn new(graph: &Graph, lag: Duration) -> Self {
        let mut copy = Graph::with_models(graph.models().clone());
        copy.copy_twins_and_relationships(graph);
        LaggingGraph { lag, graph: copy }
    }

    #[expect(
        clippy::expect_used,
        reason = "the copy has received every earlier change, so it has the records that this change refers to"
    )]
    pub(crate) fn apply(&mut self, change: GraphChange) {
        let graph = &mut self.graph;
        match change {
            GraphChange::TwinStored(twin) => graph.put_twin(twin),
            GraphChange::TwinRemoved(id) => {
                let slot = graph.find(&id).expect("a removed twin was stored before");
                graph.remove_twin(slot);
            }
            GraphChange::RelationshipStored(relationship) => graph.copy_relationship(&relationship),
            GraphChange::RelationshipRemoved(relationship) => {
                let slot = graph
                    .find(&relationship.source_id)
                    .and_then(|source| graph.find_relationship(source, &relationship.id))
                    .expect("a removed relationship was stored before");
                graph.remove_relationship(slot);
            }
            GraphChange::ModelsChanged(models) => graph.replace_models(*models),
        }
    }
}
