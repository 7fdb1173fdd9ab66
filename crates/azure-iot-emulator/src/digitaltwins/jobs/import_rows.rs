//! The rows of an import: twins and relationships.

use serde_json::{Map, Value};

use crate::digitaltwins::errors::ServiceError;
use crate::digitaltwins::jobs::section::{End, Failure, Section};
use crate::digitaltwins::rules::limits::Limits;
use crate::digitaltwins::rules::lookup::is_valid_id;
use crate::digitaltwins::rules::relationship_check::{self, NewRelationship};
use crate::digitaltwins::rules::twin_check;
use crate::digitaltwins::store::graph::Graph;
use crate::digitaltwins::store::timestamp::Timestamp;

/// Stores the twin or relationship of a row.
pub(super) fn store_row(
    graph: &mut Graph,
    limits: &Limits,
    section: Section,
    line: u64,
    row: Map<String, Value>,
    now: Timestamp,
) -> Result<(), End> {
    let refused = |error: ServiceError| Failure::refused(section, Some(line), &error);
    if section == Section::Twins {
        let missing = "Twin must have property $dtId.";
        let id = id_in(&row, "$dtId", limits, section, line, missing)?;
        let before = graph.find_twin(&id).map(|twin| &**twin);
        let twin = twin_check::build_whole(graph, limits, &id, before, row, now).map_err(refused)?;
        graph.put_twin(twin);
    } else {
        let (source, id, new) = relationship(row, limits, line)?;
        let (built, _) =
            relationship_check::build(graph, limits, &source, &id, new, false).map_err(refused)?;
        graph.put_relationship(built);
    }
    Ok(())
}

/// Returns the required id `name` of a row.
fn id_in(
    row: &Map<String, Value>,
    name: &str,
    limits: &Limits,
    section: Section,
    line: u64,
    missing: &str,
) -> Result<String, End> {
    match row.get(name).and_then(Value::as_str) {
        Some(id) if is_valid_id(id, limits) => Ok(id.to_owned()),
        Some(id) => {
            let text = format!("The value '{id}' of {name} is not a valid id.");
            Err(Failure::format(Some(section), line, &text))
        }
        None => Err(Failure::format(Some(section), line, missing)),
    }
}

fn relationship(
    mut row: Map<String, Value>,
    limits: &Limits,
    line: u64,
) -> Result<(String, String, NewRelationship), End> {
    let section = Section::Relationships;
    let source = id_in(
        &row,
        "$dtId",
        limits,
        section,
        line,
        "Relationship must have property $dtId representing the ID of the source twin.",
    )?;
    let missing = "Relationship must have property $relationshipId.";
    let id = id_in(&row, "$relationshipId", limits, section, line, missing)?;
    row.shift_remove("$dtId");
    let new = NewRelationship::from_json(row).ok_or_else(|| {
        let text = "Relationship must have properties $relationshipName and $targetId.";
        Failure::format(Some(section), line, text)
    })?;
    Ok((source, id, new))
}
