//! Telemetry of twins and components: checked, acknowledged, sent along the event routes, not stored.

use serde_json::Value;

use crate::digitaltwins::call::{self, Call};
use crate::digitaltwins::errors::{self, Answer};
use crate::digitaltwins::events::Telemetry;
use crate::digitaltwins::instance::Instance;
use crate::digitaltwins::store::timestamp::is_iso_8601;
use crate::service::ServiceResponse;

/// Takes the telemetry of a twin, or of one of its components. What it says is not compared with the model.
pub(super) fn send(
    service: &Instance,
    call: &Call<'_>,
    id: &str,
    component: Option<&str>,
) -> Answer<ServiceResponse> {
    service.check_twin_id(id)?;
    let Ok(payload @ Value::Object(_)) = call.limited_json_body(&service.limits)? else {
        return Err(errors::telemetry_invalid("The telemetry must be a JSON object."));
    };
    let message_id = call.header("message-id").filter(|id| !id.trim().is_empty());
    let message_id = message_id.ok_or_else(errors::message_id_missing)?;
    if let Some(time) = call.header("telemetry-source-time")
        && !is_iso_8601(time)
    {
        let text = format!("The Telemetry-Source-Time {time} is not an ISO 8601 date and time.");
        return Err(errors::telemetry_invalid(text));
    }
    let twin = service.twin(id)?;
    if let Some(component) = component
        && twin.component(component).is_none()
    {
        return Err(errors::component_not_found(id, component));
    }
    let telemetry = Telemetry {
        twin: &twin,
        component,
        message_id,
        source_time: call.header("telemetry-source-time"),
        payload,
    };
    service.telemetry_sent(&service.graph.read(), telemetry, call.origin());
    Ok(call::no_content())
}
