//! Digital twins: get, create or replace, patch, delete.

use std::sync::Arc;

use http::StatusCode;
use serde_json::Value;

use crate::digitaltwins::call::{self, Call};
use crate::digitaltwins::errors::{self, ServiceResult};
use crate::digitaltwins::instance::Session;
use crate::digitaltwins::rules::lookup::{self, check_twin_id};
use crate::digitaltwins::rules::{patch, twin_check};
use crate::digitaltwins::store::twin::{Twin, TwinJson};
use crate::service::ServiceResponse;

pub(super) fn get(session: &mut Session<'_>, call: &Call<'_>, id: &str) -> ServiceResult<ServiceResponse> {
    check_twin_id(id)?;
    let twin = Arc::clone(lookup::twin(&session.graph.read(), id)?);
    Ok(response(&twin, call))
}

/// Creates a twin or replaces it completely. Its relationships stay.
pub(super) fn put(session: &mut Session<'_>, call: &Call<'_>, id: &str) -> ServiceResult<ServiceResponse> {
    let instance = session.instance;
    check_twin_id(id)?;
    let must_be_new = call.must_be_new()?;
    let Ok(Value::Object(body)) = call.limited_json_body(&instance.limits)? else {
        return Err(errors::invalid_payload());
    };
    let now = instance.now();
    let mut graph = session.graph.write();
    let before = graph.find_twin(id).cloned();
    if must_be_new && before.is_some() {
        return Err(errors::twin_exists(id));
    }
    let twin = twin_check::build_whole(&graph, &instance.limits, id, before.as_deref(), body, now)?;
    graph.put_twin(Arc::clone(&twin));
    instance.events.twin_put(before.as_deref(), &twin, call.origin());
    drop(graph);
    Ok(response(&twin, call))
}

pub(super) fn patch(session: &mut Session<'_>, call: &Call<'_>, id: &str) -> ServiceResult<ServiceResponse> {
    let limits = &session.instance.limits;
    check_twin_id(id)?;
    let operations = patch::parse(call.limited_body(limits)?, None)?;
    let etag = session.patch_twin(id, &operations, &call.if_match()?, call.origin())?;
    Ok(call::no_content().with_header("etag", &etag.to_string()))
}

pub(super) fn delete(session: &mut Session<'_>, call: &Call<'_>, id: &str) -> ServiceResult<ServiceResponse> {
    let instance = session.instance;
    check_twin_id(id)?;
    let if_match = call.if_match()?;
    let mut graph = session.graph.write();
    let (slot, node) = lookup::node(&graph, id)?;
    if_match.check(node.twin.etag)?;
    if !node.outgoing.is_empty() || !node.incoming.is_empty() {
        return Err(errors::relationships_not_deleted(id));
    }
    if let Some(twin) = graph.remove_twin(slot) {
        instance.events.twin_deleted(&twin, call.origin());
    }
    Ok(call::no_content())
}

fn response(twin: &Twin, call: &Call<'_>) -> ServiceResponse {
    let json = TwinJson {
        twin,
        with_update_times: call.version.has_update_times(),
    };
    ServiceResponse::json(StatusCode::OK, &json).with_header("etag", &twin.etag.to_string())
}
