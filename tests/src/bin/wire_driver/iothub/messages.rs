//! Cloud-to-device messages.

use azure_core::time::OffsetDateTime;
use iothub_convenience::{
    CloudToDeviceMessage, DateTime, DeliveryAcknowledgement, Error, IotHubRegistryManager,
};
use serde_json::{Value, json};

use super::arguments::Arguments;
use super::body;

pub(crate) async fn run(
    hub: &IotHubRegistryManager,
    call: &str,
    arguments: &Arguments<'_>,
) -> Result<Option<Value>, Error> {
    let lock = arguments.string("lock_token");
    Ok(Some(match call {
        "purge_command_queue" => body(hub.purge_command_queue(arguments.string("device_id")).await?),
        "receive_feedback_notification" => {
            let batch = hub.receive_feedback_notification().await?;
            batch.map_or(
                Value::Null,
                |batch| json!({"records": batch.records, "lock_token": batch.lock_token}),
            )
        }
        "complete_feedback_notification" => body(hub.complete_feedback_notification(lock).await?),
        "abandon_feedback_notification" => body(hub.abandon_feedback_notification(lock).await?),
        "send_c2d_message" => {
            let message = message(arguments.string("message"), &arguments.at("properties"));
            let sent = hub
                .send_c2d_message(arguments.string("device_id"), message)
                .await?;
            json!({"message_id": sent.message_id, "attempts": sent.attempts})
        }
        _ => return Ok(None),
    }))
}

fn message(body: &str, properties: &Arguments<'_>) -> CloudToDeviceMessage {
    let mut message = CloudToDeviceMessage::new(body);
    if let Some(id) = properties.optional("messageId") {
        message = message.with_message_id(id);
    }
    if let Some(id) = properties.optional("correlationId") {
        message = message.with_correlation_id(id);
    }
    if let Some(kind) = properties.optional("contentType") {
        message = message.with_content_type(kind);
    }
    if let Some(encoding) = properties.optional("contentEncoding") {
        message = message.with_content_encoding(encoding);
    }
    let expiry = properties
        .number("expiryTimeUtc")
        .map(|time: i64| i128::from(time) * 1_000_000);
    let expiry = expiry.and_then(|time| OffsetDateTime::from_unix_timestamp_nanos(time).ok());
    if let Some(time) = expiry {
        message = message.with_expiry(DateTime::from(time));
    }
    message = match properties.optional("ack") {
        Some("full") => message.with_acknowledgement(DeliveryAcknowledgement::Full),
        Some("positive") => message.with_acknowledgement(DeliveryAcknowledgement::Positive),
        Some("negative") => message.with_acknowledgement(DeliveryAcknowledgement::Negative),
        _ => message,
    };
    for (name, value) in properties.at("application").0.as_object().into_iter().flatten() {
        // The service accepts string properties only.
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        message = message.with_property(name, text);
    }
    message
}
