//! Relationships: get, create or replace, patch, delete. Lists are in `relationship_lists`.

use std::sync::Arc;

use http::StatusCode;
use serde_json::{Map, Value};

use crate::digitaltwins::call::{self, Call};
use crate::digitaltwins::errors::{self, Answer};
use crate::digitaltwins::events::Origin;
use crate::digitaltwins::instance::Instance;
use crate::digitaltwins::rules::limits::{Limits, is_valid_id};
use crate::digitaltwins::rules::patch;
use crate::digitaltwins::rules::precondition::{ETag, IfMatch};
use crate::digitaltwins::rules::value_check;
use crate::digitaltwins::store::graph::{Graph, Node, Relationship};
use crate::digitaltwins::store::interface::{Content, RelationshipType};
use crate::digitaltwins::store::model_store::ModelStore;
use crate::digitaltwins::store::slab::Slot;
use crate::digitaltwins::store::twin::Twin;
use crate::service::ServiceResponse;

/// What a caller gives to create a relationship.
#[derive(Debug)]
pub(crate) struct NewRelationship {
    pub(crate) name: String,
    pub(crate) target: String,
    pub(crate) properties: Map<String, Value>,
}

impl NewRelationship {
    /// Source and id in the body do not count: the URL has them.
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
        })
    }
}

impl Instance {
    pub(super) fn check_relationship_ids(&self, twin: &str, id: &str) -> Answer<()> {
        self.check_twin_id(twin)?;
        if is_valid_id(id, &self.limits) {
            Ok(())
        } else {
            Err(errors::invalid_id("relationship", id))
        }
    }

    pub(super) fn relationship(&self, twin: &str, id: &str) -> Answer<Arc<Relationship>> {
        let graph = self.graph.read();
        let (_, relationship) = find(&graph, twin, id)?;
        Ok(Arc::clone(relationship))
    }

    pub(super) fn put_relationship(
        &self,
        twin: &str,
        id: &str,
        new: NewRelationship,
        must_be_new: bool,
        origin: Origin<'_>,
    ) -> Answer<Arc<Relationship>> {
        let mut graph = self.graph.write();
        let (relationship, before) = self.build_relationship(&graph, twin, id, new, must_be_new)?;
        graph.put_relationship(Arc::clone(&relationship));
        self.relationship_put(&graph, before.as_deref(), &relationship, origin);
        Ok(relationship)
    }

    /// A relationship that may be stored, and the one that it replaces.
    pub(super) fn build_relationship(
        &self,
        graph: &Graph,
        twin: &str,
        id: &str,
        new: NewRelationship,
        must_be_new: bool,
    ) -> Answer<(Arc<Relationship>, Option<Arc<Relationship>>)> {
        let (source, source_node) = node(graph, twin).ok_or_else(|| errors::twin_not_found(twin))?;
        let before = graph
            .find_relationship(source, id)
            .and_then(|slot| graph.relationship(slot));
        if must_be_new && before.is_some() {
            return Err(errors::relationship_exists(twin, id));
        }
        let (target, target_node) = node(graph, &new.target).ok_or_else(errors::target_not_found)?;
        if source == target {
            return Err(errors::self_relationship(twin));
        }
        let (name, declaration) = declared(&graph.models, &source_node.twin, &new.name)
            .ok_or_else(errors::relationship_misaligned)?;
        if !may_target(&graph.models, declaration, &target_node.twin) {
            return Err(errors::relationship_misaligned());
        }
        check_room(
            graph,
            source_node,
            (target, target_node),
            before.map(|found| &**found),
            &self.limits,
        )?;
        let relationship = Relationship {
            id: Arc::from(id),
            name: Arc::clone(name),
            source,
            source_id: Arc::clone(&source_node.twin.id),
            target,
            target_id: Arc::clone(&target_node.twin.id),
            etag: ETag::fresh(),
            properties: checked(declaration, new.properties, name, &self.limits)?,
        };
        Ok((Arc::new(relationship), before.map(Arc::clone)))
    }

    pub(super) fn patch_relationship(
        &self,
        twin: &str,
        id: &str,
        operations: Vec<patch::Operation>,
        if_match: &IfMatch,
        origin: Origin<'_>,
    ) -> Answer<ETag> {
        let mut graph = self.graph.write();
        let (_, before) = find(&graph, twin, id)?;
        if_match.check(before.etag)?;
        let mut properties = before.properties.as_deref().cloned().unwrap_or_default();
        for operation in &operations {
            // Ends and name are fixed: delete the relationship and create another one instead.
            if operation
                .segments
                .first()
                .is_some_and(|segment| segment.starts_with('$'))
            {
                return Err(errors::patch_path_read_only(&operation.path));
            }
            patch::apply(&mut properties, operation.clone())?;
        }
        let source = graph
            .twin(before.source)
            .ok_or_else(|| errors::twin_not_found(twin))?;
        let (_, declaration) =
            declared(&graph.models, source, &before.name).ok_or_else(errors::relationship_misaligned)?;
        let relationship = Relationship {
            properties: checked(declaration, properties, &before.name, &self.limits)?,
            etag: ETag::fresh(),
            ..Relationship::clone(before)
        };
        let (etag, relationship) = (relationship.etag, Arc::new(relationship));
        graph.put_relationship(Arc::clone(&relationship));
        self.relationship_patched(&graph, &relationship, &operations, origin);
        Ok(etag)
    }

    pub(super) fn delete_relationship(
        &self,
        twin: &str,
        id: &str,
        if_match: &IfMatch,
        origin: Origin<'_>,
    ) -> Answer<()> {
        let mut graph = self.graph.write();
        let (slot, relationship) = find(&graph, twin, id)?;
        if_match.check(relationship.etag)?;
        if let Some(relationship) = graph.remove_relationship(slot) {
            self.relationship_deleted(&relationship, origin);
        }
        Ok(())
    }
}

pub(super) fn node<'a>(graph: &'a Graph, twin: &str) -> Option<(Slot, &'a Node)> {
    let slot = graph.find(twin)?;
    Some((slot, graph.node(slot)?))
}

fn find<'a>(graph: &'a Graph, twin: &str, id: &str) -> Answer<(Slot, &'a Arc<Relationship>)> {
    let source = graph.find(twin).ok_or_else(|| errors::twin_not_found(twin))?;
    graph
        .find_relationship(source, id)
        .and_then(|slot| Some((slot, graph.relationship(slot)?)))
        .ok_or_else(|| errors::relationship_not_found(twin, id))
}

/// The declaration of a relationship in the model of its source; inherited ones count.
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

/// Refuses what would be one relationship too many; one that replaces another counts where that one did not.
fn check_room(
    graph: &Graph,
    source: &Node,
    (slot, target): (Slot, &Node),
    before: Option<&Relationship>,
    limits: &Limits,
) -> Answer<()> {
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

/// The properties, if the declaration has them and their values fit.
fn checked(
    declaration: &RelationshipType,
    properties: Map<String, Value>,
    relationship: &str,
    limits: &Limits,
) -> Answer<Option<Box<Map<String, Value>>>> {
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

pub(super) fn get(service: &Instance, _call: &Call<'_>, twin: &str, id: &str) -> Answer<ServiceResponse> {
    service.check_relationship_ids(twin, id)?;
    let relationship = service.relationship(twin, id)?;
    Ok(answer(&relationship))
}

pub(super) fn put(service: &Instance, call: &Call<'_>, twin: &str, id: &str) -> Answer<ServiceResponse> {
    service.check_relationship_ids(twin, id)?;
    let must_be_new = call.must_be_new()?;
    let Ok(Value::Object(body)) = call.limited_json_body(&service.limits)? else {
        return Err(errors::relationship_body_unreadable());
    };
    let new = NewRelationship::from_json(body).ok_or_else(errors::relationship_body_unreadable)?;
    let relationship = service.put_relationship(twin, id, new, must_be_new, call.origin())?;
    Ok(answer(&relationship))
}

pub(super) fn patch(service: &Instance, call: &Call<'_>, twin: &str, id: &str) -> Answer<ServiceResponse> {
    service.check_relationship_ids(twin, id)?;
    let operations = patch::parse(call.limited_body(&service.limits)?, None)?;
    let etag = service.patch_relationship(twin, id, operations, &call.if_match()?, call.origin())?;
    Ok(call::no_content().with_header("etag", &etag.to_string()))
}

pub(super) fn delete(service: &Instance, call: &Call<'_>, twin: &str, id: &str) -> Answer<ServiceResponse> {
    service.check_relationship_ids(twin, id)?;
    service.delete_relationship(twin, id, &call.if_match()?, call.origin())?;
    Ok(call::no_content())
}

fn answer(relationship: &Relationship) -> ServiceResponse {
    ServiceResponse::json(StatusCode::OK, relationship).with_header("etag", &relationship.etag.to_string())
}
