//! Cloud-to-device messages over AMQP, their feedback, and file notifications.

use azure_iot_emulator::{FileNotification, IotHub, Settlement};
use futures::StreamExt as _;
use iothub_convenience::{
    CloudToDeviceMessage, DeliveryAcknowledgement, FeedbackBatch, FeedbackRecord, FeedbackRecordStatusCode,
    SymmetricKey,
};

use super::{equal, holds, refused, register};
use crate::{Failure, environment::Environment};

/// Messages wait for a device until they are purged, and there must be a device.
///
/// # Errors
///
/// Where something is not as it should be.
pub async fn queues(environment: &Environment) -> Result<(), Failure> {
    let hub = &environment.hub;
    let id = &environment.device_id("queue");
    let nobody = hub.send_c2d_message(id, "lost").await;
    holds(
        "there is no device",
        refused("a message to nobody", nobody)?.is_not_found(),
    )?;
    register(hub, id).await?;
    hub.create_module_with_sas(id, "m", SymmetricKey::generate()?, None)
        .await?;
    for number in 0..2 {
        let name = environment.id(&format!("message-{number}"));
        let message = CloudToDeviceMessage::new("open")
            .with_message_id(&name)
            .with_property("number", number);
        let sent = hub.send_c2d_message(id, message).await?;
        equal("the id of the message", sent.message_id, name)?;
    }
    let sent = hub.send_module_c2d_message(id, "m", "close").await?;
    holds("a message gets an id", !sent.message_id.is_empty())?;
    let purged = hub.purge_command_queue(id).await?.into_model()?;
    equal("the device", purged.device_id.as_ref(), Some(id))?;
    equal("the number of messages", purged.total_messages_purged, Some(2))?;

    hub.close_amqp().await;
    let message = CloudToDeviceMessage::new("again");
    let sent = hub.send_c2d_message(id, message).await?;
    holds("a closed connection is opened again", !sent.message_id.is_empty())
}

/// Sends a message, and settles it as its device.
async fn deliver(
    environment: &Environment,
    devices: &IotHub,
    id: &str,
    message: &str,
) -> Result<(), Failure> {
    let message = CloudToDeviceMessage::new("open")
        .with_message_id(message)
        .with_acknowledgement(DeliveryAcknowledgement::Full);
    environment.hub.send_c2d_message(id, message).await?;
    let received = devices.receive_message(id, None)?.ok_or("no message")?;
    devices.settle_message(id, None, &received.lock_token, Settlement::Complete)?;
    devices.flush_feedback();
    Ok(())
}

fn is_success(message: &str, records: &[FeedbackRecord]) -> Result<(), Failure> {
    equal("the number of records", records.len(), 1)?;
    equal(
        "the message",
        records[0].original_message_id.as_deref(),
        Some(message),
    )?;
    let status = records[0].status_code.clone();
    equal("the status", status, Some(FeedbackRecordStatusCode::Success))
}

/// Feedback over AMQP says that a device has completed a message.
///
/// # Errors
///
/// Where something is not as it should be.
pub async fn feedback(environment: &Environment) -> Result<(), Failure> {
    let (hub, devices) = (&environment.hub, environment.devices()?);
    let id = &environment.device_id("feedback");
    register(hub, id).await?;
    let mut feedback = hub.feedback_messages();
    let message = environment.id("feedback");
    deliver(environment, devices, id, &message).await?;
    let batch = feedback.next().await.ok_or("the stream has ended")??;
    is_success(&message, &batch.items)?;
    batch.complete().await?;
    Ok(())
}

/// Feedback over HTTP comes again after it was abandoned, and not after it was completed.
///
/// # Errors
///
/// Where something is not as it should be.
pub async fn feedback_over_http(environment: &Environment) -> Result<(), Failure> {
    let (hub, devices) = (&environment.hub, environment.devices()?);
    let id = &environment.device_id("http-feedback");
    register(hub, id).await?;
    let message = environment.id("http-feedback");
    deliver(environment, devices, id, &message).await?;
    let batch = receive(environment, &message).await?;
    is_success(&message, &batch.records)?;
    hub.abandon_feedback_notification(&batch.lock_token).await?;
    let batch = receive(environment, &message).await?;
    is_success(&message, &batch.records)?;
    hub.complete_feedback_notification(&batch.lock_token).await?;
    let more = hub.receive_feedback_notification().await?;
    let is_ours = |record: &FeedbackRecord| record.original_message_id.as_ref() == Some(&message);
    holds(
        "completed feedback does not come again",
        !more.is_some_and(|batch| batch.records.iter().any(is_ours)),
    )
}

/// Receives the feedback on a message, and completes other feedback.
async fn receive(environment: &Environment, message: &str) -> Result<FeedbackBatch, Failure> {
    let hub = &environment.hub;
    loop {
        let batch = hub.receive_feedback_notification().await?.ok_or("no feedback")?;
        let is_ours = |record: &FeedbackRecord| record.original_message_id.as_deref() == Some(message);
        if batch.records.iter().any(is_ours) {
            return Ok(batch);
        }
        hub.complete_feedback_notification(&batch.lock_token).await?;
    }
}

/// A file that a device has uploaded is announced.
///
/// # Errors
///
/// Where something is not as it should be.
pub async fn file_notifications(environment: &Environment) -> Result<(), Failure> {
    let (hub, devices) = (&environment.hub, environment.devices()?);
    let id = &environment.device_id("files");
    register(hub, id).await?;
    let mut files = hub.file_notifications();
    devices.notify_file_upload(&FileNotification {
        device_id: id.clone(),
        blob_uri: format!("https://files.example/{id}/log"),
        blob_name: format!("{id}/log"),
        blob_size_in_bytes: 1234,
    })?;
    let notification = files.next().await.ok_or("the stream has ended")??;
    let file = notification.items.first().ok_or("no file")?;
    equal("the device", file.device_id.as_ref(), Some(id))?;
    equal("the size", file.blob_size_in_bytes, Some(1234))?;
    notification.complete().await?;
    Ok(())
}
