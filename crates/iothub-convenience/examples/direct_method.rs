//! Calls a method of a device and distinguishes its outcomes.
//!
//! ```sh
//! cargo run -p iothub-convenience --example direct_method
//! ```
#![allow(clippy::print_stdout, reason = "an example prints its results")]

mod common;

use std::time::Duration;

use azure_iot_emulator::MethodScript;
use common::{Failure, Hub};
use iothub_convenience::{DeviceStatus, DirectMethod, DirectMethodOutcome, SymmetricKey};
use serde_json::json;

const DEVICE: &str = "elevator-3";

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let hub = Hub::open().await?;
    hub.delete([DEVICE.to_owned()]).await?;

    let method = DirectMethod::new("goToFloor")
        .with_payload(json!({"floor": 4}))
        .with_response_timeout(Duration::from_secs(10));
    call(&hub, &method).await?;

    let keys = SymmetricKey::generate()?;
    hub.client
        .create_device_with_sas(DEVICE, keys, DeviceStatus::Enabled, None)
        .await?;
    call(&hub, &method).await?;

    // The emulator can act as the device; a real device would have to be connected at this point.
    if let Some(devices) = hub.emulator.as_ref().and_then(|emulator| emulator.iothub()) {
        devices.set_connected(DEVICE, None, true)?;
        devices.on_method(
            DEVICE,
            None,
            "goToFloor",
            MethodScript::reply(200, json!({"seconds": 12})),
        )?;
        call(&hub, &method).await?;
    }
    hub.delete([DEVICE.to_owned()]).await
}

async fn call(hub: &Hub, method: &DirectMethod) -> Result<(), Failure> {
    let outcome = match hub.client.invoke_device_method(DEVICE, method).await? {
        DirectMethodOutcome::Responded(response) => {
            format!("responded {} with {:?}", response.status, response.payload)
        }
        DirectMethodOutcome::Offline => "not connected".to_owned(),
        DirectMethodOutcome::NoResponse => "no response; the method may have been executed".to_owned(),
        DirectMethodOutcome::NotFound => "does not exist".to_owned(),
        other => format!("{other:?}"),
    };
    println!("{DEVICE}: {outcome}");
    Ok(())
}
