//! Telemetry of twins and components: checked, acknowledged, not stored.

use serde_json::Value;

use super::DigitalTwins;
use super::call::{self, Call};
use super::errors::{self, Answer};
use super::timestamp::is_iso_8601;
use crate::ServiceResponse;

/// Takes the telemetry of a twin, or of one of its components. What it says is not compared with the model.
pub(super) fn send(
    service: &DigitalTwins,
    call: &Call<'_>,
    id: &str,
    component: Option<&str>,
) -> Answer<ServiceResponse> {
    service.check_twin_id(id)?;
    if !matches!(call.limited_json_body(&service.limits)?, Ok(Value::Object(_))) {
        return Err(errors::telemetry_invalid("The telemetry must be a JSON object."));
    }
    if call.header("message-id").is_none_or(|id| id.trim().is_empty()) {
        return Err(errors::message_id_missing());
    }
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
    Ok(call::no_content())
}
