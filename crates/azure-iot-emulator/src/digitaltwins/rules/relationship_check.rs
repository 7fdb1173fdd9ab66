//! Validation of relationships against the models of their ends.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::digitaltwins::errors::{self, ServiceResult};
use crate::digitaltwins::rules::limits::Limits;
use crate::digitaltwins::rules::lookup;
use crate::digitaltwins::rules::patch::{self, Operation};
use crate::digitaltwins::rules::value_check;
use crate::digitaltwins::store::etag::ETag;
use crate::digitaltwins::store::graph::Graph;
use crate::digitaltwins::store::interface::{Content, RelationshipType};
use crate::digitaltwins::store::model_store::ModelStore;
use crate::digitaltwins::store::relationship::{Node, Relationship};
use crate::digitaltwins::store::slab::Slot;
use crate::digitaltwins::store::twin::Twin;

/// The body of a request to create a relationship.
#[derive(Debug)]
pub(crate) struct NewRelationship {
    pub(crate) name: String,
    pub(crate) target: String,
    pub(crate) properties: Map<String, Value>,
    /// Whether a property may differ from its declaration in case, as in import files.
    pub(crate) ignores_case: bool,
}

impl NewRelationship {
    /// Parses a body. Source and id come from the URL and are ignored here.
    pub(crate) fn from_json(mut body: Map<String, Value>) -> Option<Self> {
        let Some(Value::String(name)) = body.shift_remove("$relationshipName") else {
            return None;
        };
        let Some(Value::String(target)) = body.shift_remove("$targetId") else {
            return None;
        };
        body.retain(|name, _| !matches!(name.as_str(), "$relationshipId" | "$sourceId" | "$etag"));
        Some(NewRelationship {
            name,
            target,
            properties: body,
            ignores_case: false,
        })
    }
}

/// Renames properties that differ from their declaration in case only.
fn with_declared_names(declaration: &RelationshipType, properties: Map<String, Value>) -> Map<String, Value> {
    let declared = |name: &str| {
        let mut names = declaration.properties.keys();
        names.find(|known| known.eq_ignore_ascii_case(name))
    };
    properties
        .into_iter()
        .map(|(name, value)| match declared(&name) {
            Some(known) if !declaration.properties.contains_key(name.as_str()) => (known.to_string(), value),
            _ => (name, value),
        })
        .collect()
}

/// Validates a relationship and returns its record, and the record that it replaces.
pub(crate) fn build(
    graph: &Graph,
    limits: &Limits,
    twin: &str,
    id: &str,
    new: NewRelationship,
    must_be_new: bool,
) -> ServiceResult<(Arc<Relationship>, Option<Arc<Relationship>>)> {
    let (source, source_node) = lookup::node(graph, twin)?;
    let before = graph
        .find_relationship(source, id)
        .map(|slot| graph.listed_relationship(slot));
    if must_be_new && before.is_some() {
        return Err(errors::relationship_exists(id));
    }
    let (target, target_node) = graph
        .find_node(&new.target)
        .ok_or_else(errors::target_not_found)?;
    if source == target {
        return Err(errors::self_relationship(twin));
    }
    let (name, declaration) =
        declared(graph.models(), &source_node.twin, &new.name).ok_or_else(errors::relationship_misaligned)?;
    if !may_target(graph.models(), declaration, &target_node.twin) {
        return Err(errors::relationship_misaligned());
    }
    check_room(
        graph,
        source_node,
        (target, target_node),
        before.map(|found| &**found),
        limits,
    )?;
    let properties = if new.ignores_case {
        with_declared_names(declaration, new.properties)
    } else {
        new.properties
    };
    let relationship = Relationship {
        id: Arc::from(id),
        name: Arc::clone(name),
        source,
        source_id: Arc::clone(&source_node.twin.id),
        target,
        target_id: Arc::clone(&target_node.twin.id),
        etag: ETag::fresh(),
        properties: checked_properties(declaration, properties, name, limits)?,
    };
    Ok((Arc::new(relationship), before.map(Arc::clone)))
}

/// Returns the record of a relationship after a patch of its properties.
#[expect(clippy::expect_used, reason = "a twin with relationships is never removed")]
pub(crate) fn patched(
    graph: &Graph,
    limits: &Limits,
    before: &Relationship,
    operations: &[Operation],
) -> ServiceResult<Relationship> {
    let mut properties = before.properties.as_deref().cloned().unwrap_or_default();
    for operation in operations {
        // The source, target and name of a relationship are immutable.
        let first = operation.segments.first();
        if first.is_some_and(|segment| segment.starts_with('$')) {
            return Err(errors::patch_path_read_only(&operation.path));
        }
        patch::apply(&mut properties, operation.clone())?;
    }
    let source = graph
        .twin(before.source)
        .expect("the source of a relationship is stored");
    let (_, declaration) =
        declared(graph.models(), source, &before.name).ok_or_else(errors::relationship_misaligned)?;
    Ok(Relationship {
        properties: checked_properties(declaration, properties, &before.name, limits)?,
        etag: ETag::fresh(),
        ..before.clone()
    })
}

/// Returns the declaration of a relationship in the model of its source, including inherited ones.
fn declared<'a>(
    models: &'a ModelStore,
    source: &Twin,
    name: &str,
) -> Option<(&'a Arc<str>, &'a RelationshipType)> {
    match models.interface(&source.model)?.content(name)? {
        (name, Content::Relationship(declaration)) => Some((name, declaration)),
        _ => None,
    }
}

fn may_target(models: &ModelStore, declaration: &RelationshipType, target: &Twin) -> bool {
    let Some(wanted) = &declaration.target else {
        return true;
    };
    *wanted == target.model
        || models
            .interface(&target.model)
            .is_some_and(|interface| interface.is_or_inherits(wanted))
}

/// Returns an error if a limit on relationships is reached. Replacing a relationship can only exceed the
/// limit of a new target.
fn check_room(
    graph: &Graph,
    source: &Node,
    (slot, target): (Slot, &Node),
    before: Option<&Relationship>,
    limits: &Limits,
) -> ServiceResult<()> {
    let refused = |what, limit| Err(errors::relationship_limit_reached(what, limit));
    let per_twin = limits.relationships_per_twin;
    if before.is_none() && graph.relationship_count() >= limits.relationships {
        return refused("instance", limits.relationships);
    }
    if before.is_none() && source.outgoing.len() >= per_twin {
        return refused("source twin", per_twin);
    }
    if before.is_none_or(|before| before.target != slot) && target.incoming.len() >= per_twin {
        return refused("target twin", per_twin);
    }
    Ok(())
}

/// Validates properties against their declaration.
fn checked_properties(
    declaration: &RelationshipType,
    properties: Map<String, Value>,
    relationship: &str,
    limits: &Limits,
) -> ServiceResult<Option<Box<Map<String, Value>>>> {
    let mut faults = Vec::new();
    for (name, value) in &properties {
        match declaration.properties.get(name.as_str()) {
            Some(schema) => {
                value_check::check(schema, value, (name, relationship), limits, &mut faults);
            }
            None => faults.push(format!("{name} does not appear on the DTDL for {relationship}.")),
        }
    }
    if faults.is_empty() {
        Ok((!properties.is_empty()).then(|| Box::new(properties)))
    } else {
        Err(errors::invalid_relationship_properties(faults))
    }
}
