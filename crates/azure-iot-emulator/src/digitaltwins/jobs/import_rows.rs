//! Twins and relationships of an import, one row each.

use serde_json::{Map, Value};

use crate::digitaltwins::errors::ServiceError;
use crate::digitaltwins::instance::Instance;
use crate::digitaltwins::jobs::import::{End, Failure, Section};
use crate::digitaltwins::relationships::NewRelationship;
use crate::digitaltwins::rules::limits::is_valid_id;
use crate::digitaltwins::store::graph::Graph;
use crate::digitaltwins::store::timestamp::Timestamp;

/// Stores what the row of a file tells of.
pub(crate) fn take_row(
    instance: &Instance,
    graph: &mut Graph,
    section: Section,
    line: u64,
    row: Map<String, Value>,
    now: Timestamp,
) -> Result<(), End> {
    let refused = |error: ServiceError| Failure::refused(section, Some(line), &error);
    if section == Section::Twins {
        let missing = "Twin must have property $dtId.";
        let id = name_in(&row, "$dtId", instance, section, line, missing)?;
        let before = graph.find(&id).and_then(|slot| graph.twin(slot)).cloned();
        let twin = instance
            .build_twin(graph, &id, before.as_deref(), row, now)
            .map_err(refused)?;
        graph.put_twin(twin);
    } else {
        let (source, id, new) = relationship(row, instance, line)?;
        let (built, _) = instance
            .build_relationship(graph, &source, &id, new, false)
            .map_err(refused)?;
        graph.put_relationship(built);
    }
    Ok(())
}

/// An id that a row must have and that may be one.
fn name_in(
    row: &Map<String, Value>,
    name: &str,
    instance: &Instance,
    section: Section,
    line: u64,
    missing: &str,
) -> Result<String, End> {
    match row.get(name).and_then(Value::as_str) {
        Some(id) if is_valid_id(id, &instance.limits) => Ok(id.to_owned()),
        Some(id) => {
            let text = format!("The value '{id}' of {name} is not a valid id.");
            Err(Failure::format(Some(section), line, &text))
        }
        None => Err(Failure::format(Some(section), line, missing)),
    }
}

fn relationship(
    mut row: Map<String, Value>,
    instance: &Instance,
    line: u64,
) -> Result<(String, String, NewRelationship), End> {
    let section = Section::Relationships;
    let source = name_in(
        &row,
        "$dtId",
        instance,
        section,
        line,
        "Relationship must have property $dtId representing the ID of the source twin.",
    )?;
    let missing = "Relationship must have property $relationshipId.";
    let id = name_in(&row, "$relationshipId", instance, section, line, missing)?;
    row.shift_remove("$dtId");
    let new = NewRelationship::from_json(row).ok_or_else(|| {
        let text = "Relationship must have properties $relationshipName and $targetId.";
        Failure::format(Some(section), line, text)
    })?;
    Ok((source, id, new))
}
