//! Sends messages to a device and receives feedback on their outcomes.
//!
//! ```sh
//! cargo run -p iothub-convenience --example cloud_to_device
//! ```
#![allow(clippy::print_stdout, reason = "an example prints its results")]

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

    // The emulator can act as the device; a real device would have to be connected at this point.
    if let Some(devices) = hub.emulator.as_ref().and_then(|emulator| emulator.iothub()) {
        while let Some(received) = devices.receive_message(DEVICE, None)? {
            let settlement = match received.message.body.as_slice() {
                b"open" => Settlement::Complete,
                _ => Settlement::Reject,
            };
            devices.settle_message(DEVICE, None, &received.lock_token, settlement)?;
        }
        // By default the hub collects feedback for 15 seconds.
        devices.flush_feedback();

        let mut feedback = hub.client.feedback_messages();
        if let Some(batch) = feedback.next().await {
            let batch = batch?;
            for record in &batch.items {
                println!("{:?}: {:?}", record.original_message_id, record.status_code);
            }
            // Otherwise the hub delivers the batch again.
            batch.complete().await?;
        }
        feedback.close().await;
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
        Ok(sent) => println!("sent message {:?}", sent.message_id),
        Err(error) if error.is_not_found() => println!("{DEVICE} does not exist"),
        // A retry might deliver the message twice.
        Err(error) if error.is_unknown_outcome() => {
            println!("the hub may or may not have accepted it: {error}")
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}
