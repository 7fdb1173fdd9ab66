//! Plug and Play: properties and commands.

use azure_iot_emulator::MethodScript;
use iothub_convenience::{DirectMethod, DirectMethodOutcome, PlugAndPlayPatch, ResponseExt as _};
use serde_json::json;

use super::{ensure, ensure_equal, expect_error, register};
use crate::{Failure, environment::Environment};

/// Checks that a writable property becomes a desired property, and that a stale ETag is refused.
///
/// # Errors
///
/// If the service behaves differently.
pub async fn writable_properties(environment: &Environment) -> Result<(), Failure> {
    let hub = &environment.hub;
    let id = &environment.device_id("plug-and-play");
    register(hub, id).await?;
    let read = hub.get_digital_twin(id).await?;
    let unchanged = read.precondition()?;
    ensure_equal("the id", &read.into_model()?["$dtId"], &json!(id))?;
    let patch = PlugAndPlayPatch::new().add("/targetTemperature", 21.5)?;
    hub.update_digital_twin(id, &patch, &unchanged).await?;
    let twin = hub.get_twin(id).await?.into_model()?;
    ensure_equal(
        "the desired property",
        twin.properties.desired.get("targetTemperature"),
        Some(&json!(21.5)),
    )?;
    let stale = hub.update_digital_twin(id, &patch, &unchanged).await;
    ensure(
        "a stale patch fails",
        expect_error("a stale patch", stale)?.is_precondition_failed(),
    )
}

/// Checks that commands of a disconnected device have the outcome `Offline`.
///
/// # Errors
///
/// If the service behaves differently.
pub async fn commands_of_absent_devices(environment: &Environment) -> Result<(), Failure> {
    let hub = &environment.hub;
    let id = &environment.device_id("commands-offline");
    register(hub, id).await?;
    let command = DirectMethod::new("getMaxMin");
    for outcome in [
        hub.invoke_command(id, &command).await?,
        hub.invoke_component_command(id, "thermostat1", &command).await?,
    ] {
        ensure_equal("the outcome", outcome, DirectMethodOutcome::Offline)?;
    }
    Ok(())
}

/// Checks that commands of a device and of a component reach the device as methods.
///
/// # Errors
///
/// If the service behaves differently.
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
    let response = outcome.response().ok_or("no response")?;
    ensure_equal("the payload", response.payload.as_ref(), Some(&json!("now")))?;
    let outcome = hub.invoke_component_command(id, "thermostat1", &command).await?;
    let response = outcome.response().ok_or("no response")?;
    ensure_equal(
        "the payload of the component",
        response.payload.as_ref(),
        Some(&json!({"max": 30})),
    )
}
