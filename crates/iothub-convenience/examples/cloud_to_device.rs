//! Sends messages to a device and waits for the feedback on what became of them.
//!
//! ```sh
//! cargo run -p iothub-convenience --example cloud_to_device
//! ```
#![allow(
    clippy::print_stdout,
    reason = "telling what it does is what an example is for"
)]

mod common;

use azure_iot_emulator::Settlement;
use common::{Failure, Hub};
use futures::StreamExt;
use iothub_convenience::{CloudToDeviceMessage, DeliveryAcknowledgement, DeviceStatus, SymmetricKey};

const DEVICE: &str = "greenhouse-1";

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let hub = Hub::open().await?;
    hub.delete([DEVICE.to_owned()]).await?;
    send(&hub, "open").await?;

    let keys = SymmetricKey::generate()?;
    hub.client
        .create_device_with_sas(DEVICE, keys, DeviceStatus::Enabled, None)
        .await?;
    send(&hub, "open").await?;
    send(&hub, "fly").await?;

    // On the emulator the device can be played; a real one would have to connect now.
    if let Some(devices) = hub.emulator.as_ref().and_then(|emulator| emulator.iothub()) {
        while let Some(received) = devices.receive_message(DEVICE, None)? {
            let settlement = match received.message.body.as_slice() {
                b"open" => Settlement::Complete,
                _ => Settlement::Reject,
            };
            devices.settle_message(DEVICE, None, &received.lock_token, settlement)?;
        }
        // Otherwise the hub collects feedback for a while.
        devices.flush_feedback();

        let mut feedback = hub.client.feedback_messages();
        if let Some(batch) = feedback.next().await {
            let batch = batch?;
            for record in &batch.items {
                println!("{:?}: {:?}", record.original_message_id, record.status_code);
            }
            // Without this the batch comes again.
            batch.complete().await?;
        }
    }
    hub.client.close_amqp().await;
    hub.delete([DEVICE.to_owned()]).await
}

async fn send(hub: &Hub, command: &str) -> Result<(), Failure> {
    let message = CloudToDeviceMessage::new(command)
        .with_message_id(command)
        .with_content_type("text/plain")
        .with_content_encoding("utf-8")
        .with_property("sender", "example")
        .with_acknowledgement(DeliveryAcknowledgement::Full);
    match hub.client.send_c2d_message(DEVICE, message).await {
        Ok(sent) => println!("the hub has {:?}", sent.message_id),
        Err(error) if error.is_not_found() => println!("there is no {DEVICE} yet"),
        // Sent again, it might arrive twice.
        Err(error) if error.is_unknown_outcome() => println!("it may or may not arrive: {error}"),
        Err(error) => return Err(error.into()),
    }
    Ok(())
}
