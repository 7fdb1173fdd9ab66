//! Telemetry of twins and components, which is sent to event routes and not stored.

use serde_json::Value;

use crate::digitaltwins::call::{self, Call};
use crate::digitaltwins::errors::{self, ServiceResult};
use crate::digitaltwins::events::notify::Telemetry;
use crate::digitaltwins::instance::Session;
use crate::digitaltwins::rules::lookup::{self, check_twin_id};
use crate::digitaltwins::store::timestamp::telemetry_source_time;
use crate::service::ServiceResponse;

/// Accepts telemetry of a twin or component, without validating it against the model.
pub(super) fn send(
    session: &mut Session<'_>,
    call: &Call<'_>,
    id: &str,
    component: Option<&str>,
) -> ServiceResult<ServiceResponse> {
    let instance = session.instance;
    check_twin_id(id)?;
    let Ok(payload @ Value::Object(_)) = call.limited_json_body(&instance.limits)? else {
        return Err(errors::telemetry_invalid("The telemetry must be a JSON object."));
    };
    let message_id = call.header("message-id").filter(|id| !id.trim().is_empty());
    let message_id = message_id.ok_or_else(errors::message_id_missing)?;
    let source_time = call
        .header("telemetry-source-time")
        .map(source_time)
        .transpose()?;
    let graph = session.graph.read();
    let twin = lookup::twin(&graph, id)?;
    if let Some(component) = component
        && twin.component(component).is_none()
    {
        return Err(errors::component_not_found(id, component));
    }
    let telemetry = Telemetry {
        twin,
        component,
        message_id,
        source_time,
        payload,
    };
    instance.events.telemetry_sent(&graph, telemetry, call.origin());
    Ok(call::no_content())
}

fn source_time(text: &str) -> ServiceResult<String> {
    telemetry_source_time(text).ok_or_else(|| {
        let text = format!("The Telemetry-Source-Time {text} is not an ISO 8601 date and time.");
        errors::telemetry_invalid(text)
    })
}
