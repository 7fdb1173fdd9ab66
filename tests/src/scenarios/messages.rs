//! Cloud-to-device messages over AMQP, their feedback, and file notifications.

use std::time::Duration;

use azure_core::time::OffsetDateTime;
use azure_iot_emulator::{FileNotification, IotHub, Settlement};
use futures::StreamExt as _;
use iothub_convenience::{
    CloudToDeviceMessage, DeliveryAcknowledgement, FeedbackBatch, FeedbackRecord, FeedbackRecordStatusCode,
    SymmetricKey,
};

use super::{ensure, ensure_equal, expect_error, register};
use crate::{Failure, environment::Environment};

/// The maximum wait for the feedback of an expired message.
const FEEDBACK_TIMEOUT: Duration = Duration::from_secs(60);

/// Checks that messages are queued until they are purged, and that a message to a missing device is refused.
///
/// # Errors
///
/// If the service behaves differently.
pub async fn queues(environment: &Environment) -> Result<(), Failure> {
    let hub = &environment.hub;
    let id = &environment.device_id("queue");
    let missing = hub.send_c2d_message(id, "lost").await;
    ensure(
        "there is no device",
        expect_error("a message to a missing device", missing)?.is_not_found(),
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
        ensure_equal("the id of the message", sent.message_id, name)?;
    }
    let sent = hub.send_module_c2d_message(id, "m", "close").await?;
    ensure("the message has an id", !sent.message_id.is_empty())?;
    let purged = hub.purge_command_queue(id).await?.into_model()?;
    ensure_equal("the device", purged.device_id.as_ref(), Some(id))?;
    ensure_equal("the number of messages", purged.total_messages_purged, Some(2))?;

    hub.close_amqp().await;
    let message = CloudToDeviceMessage::new("again");
    let sent = hub.send_c2d_message(id, message).await?;
    ensure("a closed connection is reopened", !sent.message_id.is_empty())
}

/// Sends a message and completes it as the device.
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

fn ensure_success(message: &str, records: &[FeedbackRecord]) -> Result<(), Failure> {
    ensure_equal("the number of records", records.len(), 1)?;
    ensure_equal(
        "the message",
        records[0].original_message_id.as_deref(),
        Some(message),
    )?;
    let status = records[0].status_code.clone();
    ensure_equal("the status", status, Some(FeedbackRecordStatusCode::Success))
}

/// Checks that feedback over AMQP reports a completed message.
///
/// # Errors
///
/// If the service behaves differently.
pub async fn feedback(environment: &Environment) -> Result<(), Failure> {
    let (hub, devices) = (&environment.hub, environment.devices()?);
    let id = &environment.device_id("feedback");
    register(hub, id).await?;
    let mut feedback = hub.feedback_messages();
    let message = environment.id("feedback");
    deliver(environment, devices, id, &message).await?;
    let batch = feedback.next().await.ok_or("the stream has ended")??;
    ensure_success(&message, &batch.items)?;
    batch.complete().await?;
    Ok(())
}

/// Checks that feedback over HTTP is redelivered after it is abandoned, but not after it is completed.
///
/// # Errors
///
/// If the service behaves differently.
pub async fn feedback_over_http(environment: &Environment) -> Result<(), Failure> {
    let (hub, devices) = (&environment.hub, environment.devices()?);
    let id = &environment.device_id("http-feedback");
    register(hub, id).await?;
    let message = environment.id("http-feedback");
    deliver(environment, devices, id, &message).await?;
    let batch = receive(environment, &message).await?;
    ensure_success(&message, &batch.records)?;
    hub.abandon_feedback_notification(&batch.lock_token).await?;
    let batch = receive(environment, &message).await?;
    ensure_success(&message, &batch.records)?;
    hub.complete_feedback_notification(&batch.lock_token).await?;
    let more = hub.receive_feedback_notification().await?;
    let is_ours = |record: &FeedbackRecord| record.original_message_id.as_ref() == Some(&message);
    ensure(
        "completed feedback is not redelivered",
        !more.is_some_and(|batch| batch.records.iter().any(is_ours)),
    )
}

/// Receives the feedback of a message, and completes other feedback.
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

/// Checks that a file upload causes a notification.
///
/// # Errors
///
/// If the service behaves differently.
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
    ensure_equal("the device", file.device_id.as_ref(), Some(id))?;
    ensure_equal("the size", file.blob_size_in_bytes, Some(1234))?;
    notification.complete().await?;
    Ok(())
}

/// Checks that feedback over AMQP reports an expired message, without a responding device.
///
/// # Errors
///
/// If the service behaves differently.
pub async fn expired_messages(environment: &Environment) -> Result<(), Failure> {
    let hub = &environment.hub;
    let message = send_expiring(environment, "expired").await?;
    let mut feedback = hub.feedback_messages();
    let search = async {
        loop {
            let batch = feedback.next().await.ok_or("the stream has ended")??;
            let record = record_of(&batch.items, &message).cloned();
            batch.complete().await?;
            if let Some(record) = record {
                return ensure_expired(&record);
            }
        }
    };
    tokio::time::timeout(FEEDBACK_TIMEOUT, search)
        .await
        .map_err(|_| "no feedback in time")?
}

/// Checks that feedback over HTTP reports a message that expired, and that abandoned feedback is redelivered.
///
/// # Errors
///
/// If the service behaves differently.
pub async fn expired_messages_over_http(environment: &Environment) -> Result<(), Failure> {
    let hub = &environment.hub;
    let message = send_expiring(environment, "http-expired").await?;
    let first = wait_for_feedback(environment, &message).await?;
    hub.abandon_feedback_notification(&first).await?;
    let second = wait_for_feedback(environment, &message).await?;
    hub.complete_feedback_notification(&second).await?;
    Ok(())
}

/// Checks that the stream of file notifications opens and yields no error.
///
/// # Errors
///
/// If the service behaves differently.
pub async fn idle_file_notifications(environment: &Environment) -> Result<(), Failure> {
    let mut files = environment.hub.file_notifications();
    match tokio::time::timeout(Duration::from_secs(2), files.next()).await {
        // The notification of another device is not settled, so it is delivered again.
        Err(_) | Ok(Some(Ok(_))) => Ok(()),
        Ok(Some(Err(error))) => Err(error.into()),
        Ok(None) => Err("the stream has ended".into()),
    }
}

/// Registers a device and sends it a message that expires at once. Returns the id of the message.
async fn send_expiring(environment: &Environment, name: &str) -> Result<String, Failure> {
    if let Ok(devices) = environment.devices() {
        // The service collects feedback for 15 seconds.
        devices.set_feedback_interval(Duration::from_millis(100));
    }
    let id = &environment.device_id(name);
    register(&environment.hub, id).await?;
    let message = environment.id(name);
    let sent = CloudToDeviceMessage::new("too late")
        .with_message_id(&message)
        .with_expiry(OffsetDateTime::now_utc() + Duration::from_secs(2))
        .with_acknowledgement(DeliveryAcknowledgement::Full);
    environment.hub.send_c2d_message(id, sent).await?;
    Ok(message)
}

/// Waits for the feedback of an expired message, and completes other feedback. Returns the lock token.
async fn wait_for_feedback(environment: &Environment, message: &str) -> Result<String, Failure> {
    let hub = &environment.hub;
    let search = async {
        loop {
            let Some(batch) = hub.receive_feedback_notification().await? else {
                tokio::time::sleep(Duration::from_millis(500)).await;
                continue;
            };
            if let Some(record) = record_of(&batch.records, message) {
                ensure_expired(record)?;
                return Ok(batch.lock_token);
            }
            hub.complete_feedback_notification(&batch.lock_token).await?;
        }
    };
    tokio::time::timeout(FEEDBACK_TIMEOUT, search)
        .await
        .map_err(|_| "no feedback in time")?
}

fn record_of<'a>(records: &'a [FeedbackRecord], message: &str) -> Option<&'a FeedbackRecord> {
    records
        .iter()
        .find(|record| record.original_message_id.as_deref() == Some(message))
}

fn ensure_expired(record: &FeedbackRecord) -> Result<(), Failure> {
    ensure_equal(
        "the status",
        record.status_code.as_ref(),
        Some(&FeedbackRecordStatusCode::Expired),
    )
}
