//! Direct methods.

use azure_iot_emulator::MethodScript;
use iothub_convenience::{DirectMethod, DirectMethodOutcome, SymmetricKey};
use serde_json::json;

use super::{ensure_equal, register};
use crate::{Failure, environment::Environment};

/// Checks that a missing device and a disconnected device have different outcomes.
///
/// # Errors
///
/// If the service behaves differently.
pub async fn methods_of_absent_devices(environment: &Environment) -> Result<(), Failure> {
    let hub = &environment.hub;
    let id = &environment.device_id("offline");
    let method = DirectMethod::new("reboot");
    ensure_equal(
        "the outcome without a device",
        hub.invoke_device_method(id, &method).await?,
        DirectMethodOutcome::NotFound,
    )?;
    register(hub, id).await?;
    ensure_equal(
        "the outcome of an offline device",
        hub.invoke_device_method(id, &method).await?,
        DirectMethodOutcome::Offline,
    )?;
    hub.create_module_with_sas(id, "m", SymmetricKey::generate()?, None)
        .await?;
    ensure_equal(
        "the outcome of an offline module",
        hub.invoke_device_module_method(id, "m", &method).await?,
        DirectMethodOutcome::Offline,
    )
}

/// Checks that a device and its module respond with status and payload.
///
/// # Errors
///
/// If the service behaves differently.
pub async fn method_responses(environment: &Environment) -> Result<(), Failure> {
    let hub = &environment.hub;
    let devices = environment.devices()?;
    let id = &environment.device_id("responding");
    register(hub, id).await?;
    hub.create_module_with_sas(id, "m", SymmetricKey::generate()?, None)
        .await?;
    for module in [None, Some("m")] {
        devices.set_connected(id, module, true)?;
        devices.on_method(id, module, "echo", MethodScript::Echo { status: 207 })?;
    }
    let payload = json!({"floor": 4});
    let method = DirectMethod::new("echo").with_payload(&payload);
    for outcome in [
        hub.invoke_device_method(id, &method).await?,
        hub.invoke_device_module_method(id, "m", &method).await?,
    ] {
        let response = outcome.response().ok_or("no response")?;
        ensure_equal("the status", response.status, 207)?;
        ensure_equal("the payload", response.payload.as_ref(), Some(&payload))?;
    }
    Ok(())
}
