//! Devices as their models describe them: properties and commands.

use azure_iot_emulator::MethodScript;
use iothub_convenience::{DirectMethod, DirectMethodOutcome, PlugAndPlayPatch, ResponseExt as _};
use serde_json::json;

use super::{equal, holds, refused, register};
use crate::{Failure, environment::Environment};

/// A writable property becomes a desired one, under optimistic concurrency.
///
/// # Errors
///
/// Where something is not as it should be.
pub async fn writable_properties(environment: &Environment) -> Result<(), Failure> {
    let hub = &environment.hub;
    let id = &environment.device_id("plug-and-play");
    register(hub, id).await?;
    let read = hub.get_digital_twin(id).await?;
    let unchanged = read.precondition()?;
    equal("the id", &read.into_model()?["$dtId"], &json!(id))?;
    let patch = PlugAndPlayPatch::new().add("/targetTemperature", 21.5)?;
    hub.update_digital_twin(id, &patch, &unchanged).await?;
    let twin = hub.get_twin(id).await?.into_model()?;
    equal(
        "the desired property",
        twin.properties.desired.get("targetTemperature"),
        Some(&json!(21.5)),
    )?;
    let stale = hub.update_digital_twin(id, &patch, &unchanged).await;
    holds(
        "a stale patch fails",
        refused("a stale patch", stale)?.is_precondition_failed(),
    )
}

/// Commands of a device that is not connected have that outcome.
///
/// # Errors
///
/// Where something is not as it should be.
pub async fn commands_of_absent_devices(environment: &Environment) -> Result<(), Failure> {
    let hub = &environment.hub;
    let id = &environment.device_id("commands-offline");
    register(hub, id).await?;
    let command = DirectMethod::new("getMaxMin");
    for outcome in [
        hub.invoke_command(id, &command).await?,
        hub.invoke_component_command(id, "thermostat1", &command).await?,
    ] {
        equal("the outcome", outcome, DirectMethodOutcome::Offline)?;
    }
    Ok(())
}

/// Commands of the device and of a component reach it as methods.
///
/// # Errors
///
/// Where something is not as it should be.
pub async fn commands(environment: &Environment) -> Result<(), Failure> {
    let hub = &environment.hub;
    let devices = environment.devices()?;
    let id = &environment.device_id("commands");
    register(hub, id).await?;
    devices.set_connected(id, None, true)?;
    devices.on_method(id, None, "getMaxMin", MethodScript::Echo { status: 200 })?;
    let max = MethodScript::reply(200, json!({"max": 30}));
    devices.on_method(id, None, "thermostat1*getMaxMin", max)?;
    let command = DirectMethod::new("getMaxMin").with_payload("now");
    let outcome = hub.invoke_command(id, &command).await?;
    let answer = outcome.answer().ok_or("no answer")?;
    equal("the payload", answer.payload.as_ref(), Some(&json!("now")))?;
    let outcome = hub.invoke_component_command(id, "thermostat1", &command).await?;
    let answer = outcome.answer().ok_or("no answer")?;
    equal(
        "the payload of the component",
        answer.payload.as_ref(),
        Some(&json!({"max": 30})),
    )
}
