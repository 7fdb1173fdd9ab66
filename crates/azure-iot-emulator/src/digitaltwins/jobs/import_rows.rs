//! Storage of the rows of an import: twins and relationships.

use crate::digitaltwins::errors::ServiceError;
use crate::digitaltwins::jobs::import_file::Row;
use crate::digitaltwins::jobs::section::{End, Failure, Section};
use crate::digitaltwins::rules::limits::Limits;
use crate::digitaltwins::rules::{relationship_check, twin_check};
use crate::digitaltwins::store::graph::Graph;
use crate::digitaltwins::store::timestamp::Timestamp;

/// Stores the twin or relationship of a row. Ignores rows of other sections, which are not stored
/// one by one.
pub(super) fn store_row(
    graph: &mut Graph,
    limits: &Limits,
    line: u64,
    row: Row,
    now: Timestamp,
) -> Result<(), End> {
    let refused = |section| move |error: ServiceError| Failure::refused(section, Some(line), &error);
    match row {
        Row::Header | Row::Model(_) => {}
        Row::Twin { id, body } => {
            let before = graph.find_twin(&id).map(|twin| &**twin);
            let twin = twin_check::build_whole(graph, limits, &id, before, body, now)
                .map_err(refused(Section::Twins))?;
            graph.put_twin(twin);
        }
        Row::Relationship { source, id, new } => {
            let (built, _) = relationship_check::build(graph, limits, &source, &id, new, false)
                .map_err(refused(Section::Relationships))?;
            graph.put_relationship(built);
        }
    }
    Ok(())
}
