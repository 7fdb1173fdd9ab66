//! Lookups of the resource that a request addresses, with the errors for invalid and unknown ids.

use std::sync::Arc;

use crate::digitaltwins::errors::{self, ServiceResult};
use crate::digitaltwins::store::graph::Graph;
use crate::digitaltwins::store::relationship::{Node, Relationship};
use crate::digitaltwins::store::slab::Slot;
use crate::digitaltwins::store::twin::Twin;

/// Returns whether an id is valid for a twin or relationship. The invalid ids are those that a URL path cannot
/// address: `.` and `..` are relative segments, and an encoded `/` is not decoded.
pub(crate) fn is_valid_id(id: &str) -> bool {
    !matches!(id, "" | "." | "..") && !id.contains('/')
}

pub(crate) fn check_twin_id(id: &str) -> ServiceResult<()> {
    check_id("twin", id)
}

pub(crate) fn check_relationship_ids(twin: &str, id: &str) -> ServiceResult<()> {
    check_twin_id(twin)?;
    check_id("relationship", id)
}

fn check_id(kind: &str, id: &str) -> ServiceResult<()> {
    if is_valid_id(id) {
        Ok(())
    } else {
        Err(errors::invalid_id(kind, id))
    }
}

pub(crate) fn twin<'g>(graph: &'g Graph, id: &str) -> ServiceResult<&'g Arc<Twin>> {
    graph.find_twin(id).ok_or_else(|| errors::twin_not_found(id))
}

pub(crate) fn node<'g>(graph: &'g Graph, twin: &str) -> ServiceResult<(Slot, &'g Node)> {
    graph.find_node(twin).ok_or_else(|| errors::twin_not_found(twin))
}

pub(crate) fn relationship<'g>(
    graph: &'g Graph,
    twin: &str,
    id: &str,
) -> ServiceResult<(Slot, &'g Arc<Relationship>)> {
    let (source, _) = node(graph, twin)?;
    graph
        .find_relationship(source, id)
        .map(|slot| (slot, graph.listed_relationship(slot)))
        .ok_or_else(|| errors::relationship_not_found(twin, id))
}
