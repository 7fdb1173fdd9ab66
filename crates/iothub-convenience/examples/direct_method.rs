//! Calls a method of a device and tells apart what can become of it.
//!
//! ```sh
//! cargo run -p iothub-convenience --example direct_method
//! ```
#![allow(
    clippy::print_stdout,
    reason = "telling what it does is what an example is for"
)]

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

    // On the emulator the device can be played; a real one would have to connect now.
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
    let told = match hub.client.invoke_device_method(DEVICE, method).await? {
        DirectMethodOutcome::Answered(answer) => {
            format!("it answers {} with {:?}", answer.status, answer.payload)
        }
        DirectMethodOutcome::Offline => "it is not connected".to_owned(),
        DirectMethodOutcome::NoAnswerInTime => "it does not answer, and may have moved".to_owned(),
        DirectMethodOutcome::NotFound => "there is no such device".to_owned(),
        other => format!("{other:?}"),
    };
    println!("{DEVICE}: {told}");
    Ok(())
}
