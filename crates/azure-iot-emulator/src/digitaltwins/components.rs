//! Components of a twin: get and patch.

use std::sync::Arc;

use http::StatusCode;

use crate::digitaltwins::call::{self, Call};
use crate::digitaltwins::errors::{self, ServiceResult};
use crate::digitaltwins::instance::Session;
use crate::digitaltwins::rules::lookup::{self, check_twin_id};
use crate::digitaltwins::rules::patch;
use crate::digitaltwins::store::twin::ComponentJson;
use crate::service::ServiceResponse;

pub(super) fn get(
    session: &mut Session<'_>,
    call: &Call<'_>,
    id: &str,
    component: &str,
) -> ServiceResult<ServiceResponse> {
    check_twin_id(id)?;
    let twin = Arc::clone(lookup::twin(&session.graph.read(), id)?);
    let component = twin
        .component(component)
        .ok_or_else(|| errors::component_not_found(id, component))?;
    let json = ComponentJson {
        component,
        with_update_times: call.version.has_update_times(),
    };
    Ok(ServiceResponse::json(StatusCode::OK, &json).with_header("etag", &twin.etag.to_string()))
}

/// Patches a component. Like the service, this patches the twin with the component prepended to each path, so an
/// unknown component is an invalid path rather than a missing resource.
pub(super) fn patch(
    session: &mut Session<'_>,
    call: &Call<'_>,
    id: &str,
    component: &str,
) -> ServiceResult<ServiceResponse> {
    let limits = &session.instance.limits;
    check_twin_id(id)?;
    let operations = patch::parse(call.limited_body(limits)?, Some(component))?;
    let etag = session.patch_twin(id, &operations, &call.if_match()?, call.origin())?;
    Ok(call::no_content().with_header("etag", &etag.to_string()))
}
