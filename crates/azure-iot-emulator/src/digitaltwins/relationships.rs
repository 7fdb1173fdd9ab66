//! Relationships: get, create or replace, patch, delete. Lists are in `relationship_lists`.

use std::sync::Arc;

use http::StatusCode;
use serde_json::Value;

use crate::digitaltwins::call::{self, Call};
use crate::digitaltwins::errors::{self, ServiceResult};
use crate::digitaltwins::instance::Session;
use crate::digitaltwins::rules::lookup::{self, check_relationship_ids};
use crate::digitaltwins::rules::patch;
use crate::digitaltwins::rules::relationship_check::{self, NewRelationship};
use crate::digitaltwins::store::relationship::Relationship;
use crate::service::ServiceResponse;

pub(super) fn get(session: &mut Session<'_>, twin: &str, id: &str) -> ServiceResult<ServiceResponse> {
    check_relationship_ids(twin, id)?;
    let graph = session.graph.read();
    let (_, relationship) = lookup::relationship(&graph, twin, id)?;
    let relationship = Arc::clone(relationship);
    // The lock is not needed for serialization.
    drop(graph);
    Ok(response(&relationship))
}

pub(super) fn put(
    session: &mut Session<'_>,
    call: &Call<'_>,
    twin: &str,
    id: &str,
) -> ServiceResult<ServiceResponse> {
    let instance = session.instance;
    check_relationship_ids(twin, id)?;
    let must_be_new = call.must_be_new()?;
    let Ok(Value::Object(body)) = call.limited_json_body(&instance.limits)? else {
        return Err(errors::relationship_body_unreadable());
    };
    let new = NewRelationship::from_json(body).ok_or_else(errors::relationship_body_unreadable)?;
    let mut graph = session.graph.write();
    let (relationship, before) =
        relationship_check::build(&graph, &instance.limits, twin, id, new, must_be_new)?;
    graph.put_relationship(Arc::clone(&relationship));
    instance
        .events
        .relationship_put(&graph, before.as_deref(), &relationship, call.origin());
    drop(graph);
    Ok(response(&relationship))
}

pub(super) fn patch(
    session: &mut Session<'_>,
    call: &Call<'_>,
    twin: &str,
    id: &str,
) -> ServiceResult<ServiceResponse> {
    let instance = session.instance;
    check_relationship_ids(twin, id)?;
    let operations = patch::parse(call.limited_body(&instance.limits)?, None)?;
    let if_match = call.if_match()?;
    let mut graph = session.graph.write();
    let (_, before) = lookup::relationship(&graph, twin, id)?;
    if_match.check(before.etag)?;
    let relationship = relationship_check::patched(&graph, &instance.limits, before, &operations)?;
    let (etag, relationship) = (relationship.etag, Arc::new(relationship));
    graph.put_relationship(Arc::clone(&relationship));
    instance
        .events
        .relationship_patched(&graph, &relationship, &operations, call.origin());
    Ok(call::no_content().with_header("etag", &etag.to_string()))
}

pub(super) fn delete(
    session: &mut Session<'_>,
    call: &Call<'_>,
    twin: &str,
    id: &str,
) -> ServiceResult<ServiceResponse> {
    let instance = session.instance;
    check_relationship_ids(twin, id)?;
    let if_match = call.if_match()?;
    let mut graph = session.graph.write();
    let (slot, relationship) = lookup::relationship(&graph, twin, id)?;
    if_match.check(relationship.etag)?;
    if let Some(relationship) = graph.remove_relationship(slot) {
        instance.events.relationship_deleted(&relationship, call.origin());
    }
    Ok(call::no_content())
}

fn response(relationship: &Relationship) -> ServiceResponse {
    ServiceResponse::json(StatusCode::OK, relationship).with_header("etag", &relationship.etag.to_string())
}
