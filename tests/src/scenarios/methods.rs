//! Direct methods.

use azure_iot_emulator::MethodScript;
use iothub_convenience::{DirectMethod, DirectMethodOutcome, SymmetricKey};
use serde_json::json;

use super::{equal, register};
use crate::{Failure, environment::Environment};

/// A device that is not there and one that is not connected are told apart.
///
/// # Errors
///
/// Where something is not as it should be.
pub async fn absent_devices(environment: &Environment) -> Result<(), Failure> {
    let hub = &environment.hub;
    let id = &environment.device_id("offline");
    let method = DirectMethod::new("reboot");
    equal(
        "the outcome without a device",
        hub.invoke_device_method(id, &method).await?,
        DirectMethodOutcome::NotFound,
    )?;
    register(hub, id).await?;
    equal(
        "the outcome of an offline device",
        hub.invoke_device_method(id, &method).await?,
        DirectMethodOutcome::Offline,
    )?;
    hub.create_module_with_sas(id, "m", SymmetricKey::generate()?, None)
        .await?;
    equal(
        "the outcome of an offline module",
        hub.invoke_device_module_method(id, "m", &method).await?,
        DirectMethodOutcome::Offline,
    )
}

/// A device and its module answer with status and payload.
///
/// # Errors
///
/// Where something is not as it should be.
pub async fn answers(environment: &Environment) -> Result<(), Failure> {
    let hub = &environment.hub;
    let devices = environment.devices()?;
    let id = &environment.device_id("answering");
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
        let answer = outcome.answer().ok_or("no answer")?;
        equal("the status", answer.status, 207)?;
        equal("the payload", answer.payload.as_ref(), Some(&payload))?;
    }
    Ok(())
}
