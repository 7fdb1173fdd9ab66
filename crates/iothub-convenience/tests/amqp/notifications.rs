//! Feedback and file notifications, settled one by one.

use std::time::Duration;

use azure_iot_emulator::{Emulator, Settlement};
use futures::StreamExt;
use iothub_convenience::{
    AmqpErrorKind, CloudToDeviceMessage, DateTime, DeliveryAcknowledgement, FeedbackRecord,
    FeedbackRecordStatusCode, IotHubRegistryManager, Notification,
};

use crate::support::{Hub, amqp_error, options};

async fn send(hub: &Hub, id: &str) {
    let message = CloudToDeviceMessage::new(id)
        .with_message_id(id)
        .with_acknowledgement(DeliveryAcknowledgement::Full);
    hub.client.send_c2d_message("dev-1", message).await.unwrap();
}

fn flush(hub: &Hub) {
    hub.emulator.iothub().unwrap().flush_feedback();
}

fn ids(batch: &Notification<FeedbackRecord>) -> Vec<&str> {
    batch
        .items
        .iter()
        .map(|record| record.original_message_id.as_deref().unwrap())
        .collect()
}

/// HUB-FEEDBACK-9, HUB-FEEDBACK-18, HUB-C2D-14.
#[tokio::test]
async fn feedback_tells_every_fate_of_a_message() {
    let hub = Hub::start().await;
    hub.device("dev-1").await;
    let mut feedback = hub.client.feedback_messages();

    send(&hub, "completed").await;
    hub.complete("dev-1");
    send(&hub, "rejected").await;
    hub.settle("dev-1", Settlement::Reject);
    send(&hub, "abandoned").await;
    for _ in 0..10 {
        hub.settle("dev-1", Settlement::Abandon);
    }
    send(&hub, "purged").await;
    hub.client.purge_command_queue("dev-1").await.unwrap();
    let expiring = CloudToDeviceMessage::new("")
        .with_message_id("expired")
        .with_acknowledgement(DeliveryAcknowledgement::Negative)
        .with_expiry("2001-01-01T00:00:00Z".parse::<DateTime>().unwrap());
    hub.client.send_c2d_message("dev-1", expiring).await.unwrap();
    assert!(hub.receive("dev-1").is_none());
    flush(&hub);

    let batch = feedback.next().await.unwrap().unwrap();
    assert_eq!(batch.problem, None);
    assert!(batch.enqueued_time.is_some() && batch.message_id.is_some());
    let device = hub
        .client
        .get_device("dev-1")
        .await
        .unwrap()
        .into_model()
        .unwrap();
    let records: Vec<_> = batch
        .items
        .iter()
        .map(|record| {
            assert_eq!(record.device_id.as_deref(), Some("dev-1"));
            assert_eq!(record.device_generation_id, device.generation_id);
            assert!(record.enqueued_time_utc.is_some());
            let id = record.original_message_id.clone().unwrap();
            (id, record.status_code.clone().unwrap())
        })
        .collect();
    use FeedbackRecordStatusCode as Status;
    let expected = [
        ("completed", Status::Success),
        ("rejected", Status::Rejected),
        ("abandoned", Status::DeliveryCountExceeded),
        ("purged", Status::Purged),
        ("expired", Status::Expired),
    ];
    assert_eq!(records, expected.map(|(id, status)| (id.to_owned(), status)));
    batch.complete().await.unwrap();
}

/// HUB-FEEDBACK-17.
#[tokio::test]
async fn a_batch_comes_until_it_is_completed_or_rejected() {
    let hub = Hub::start().await;
    hub.device("dev-1").await;
    let mut feedback = hub.client.feedback_messages();
    send(&hub, "first").await;
    hub.complete("dev-1");
    flush(&hub);
    let batch = feedback.next().await.unwrap().unwrap();
    assert_eq!((ids(&batch), batch.delivery_count), (vec!["first"], 0));
    batch.abandon().await.unwrap();
    let batch = feedback.next().await.unwrap().unwrap();
    assert_eq!((ids(&batch), batch.delivery_count), (vec!["first"], 1));
    // Dropping is abandoning.
    drop(batch);
    let batch = feedback.next().await.unwrap().unwrap();
    assert_eq!((ids(&batch), batch.delivery_count), (vec!["first"], 2));
    batch.complete().await.unwrap();

    send(&hub, "second").await;
    hub.complete("dev-1");
    flush(&hub);
    let batch = feedback.next().await.unwrap().unwrap();
    assert_eq!(ids(&batch), ["second"]);
    batch.reject().await.unwrap();

    send(&hub, "third").await;
    hub.complete("dev-1");
    flush(&hub);
    let batch = feedback.next().await.unwrap().unwrap();
    assert_eq!(ids(&batch), ["third"]);
    // What a stream that is dropped did not settle goes back to the hub.
    drop(feedback);
    drop(batch);
    let mut feedback = hub.client.feedback_messages();
    let batch = feedback.next().await.unwrap().unwrap();
    assert_eq!(ids(&batch), ["third"]);
    batch.complete().await.unwrap();
}

/// HUB-FEEDBACK-6.
#[tokio::test]
async fn feedback_comes_by_itself_when_its_first_record_is_fifteen_seconds_old() {
    let hub = Hub::start().await;
    hub.device("dev-1").await;
    let mut feedback = hub.client.feedback_messages();
    send(&hub, "message").await;
    hub.complete("dev-1");
    let waited = tokio::time::timeout(Duration::from_millis(200), feedback.next()).await;
    assert!(waited.is_err(), "it is too early");
    hub.emulator.clock().advance(Duration::from_secs(15));
    let batch = feedback.next().await.unwrap().unwrap();
    assert_eq!(ids(&batch), ["message"]);
    batch.complete().await.unwrap();
}

#[tokio::test]
async fn the_stream_connects_again_and_a_lock_of_the_old_link_is_lost() {
    let hub = Hub::start().await;
    hub.device("dev-1").await;
    let mut feedback = hub.client.feedback_messages();
    send(&hub, "message").await;
    hub.complete("dev-1");
    flush(&hub);
    let batch = feedback.next().await.unwrap().unwrap();
    hub.amqp().reset_connections();
    // It comes again over a new link.
    let again = feedback.next().await.unwrap().unwrap();
    assert_eq!(ids(&again), ["message"]);
    assert_eq!(amqp_error(batch.complete().await).kind(), AmqpErrorKind::LockLost);
    again.complete().await.unwrap();
    assert_eq!(hub.amqp().statistics().connections, 2);
}

/// HUB-FEEDBACK-16.
#[tokio::test]
async fn files_are_reported() {
    let hub = Hub::start().await;
    hub.device("dev-1").await;
    let file: azure_iot_emulator::FileNotification = serde_json::from_value(serde_json::json!({
        "deviceId": "dev-1", "blobUri": "https://files.example/dev-1/log", "blobName": "dev-1/log",
        "blobSizeInBytes": 1234,
    }))
    .unwrap();
    hub.emulator.iothub().unwrap().notify_file_upload(&file).unwrap();
    let mut files = hub.client.file_notifications();
    let notification = files.next().await.unwrap().unwrap();
    let [file] = notification.items.as_slice() else {
        panic!("{notification:?}");
    };
    assert_eq!(file.device_id.as_deref(), Some("dev-1"));
    assert_eq!(file.blob_uri.as_deref(), Some("https://files.example/dev-1/log"));
    assert_eq!(file.blob_name.as_deref(), Some("dev-1/log"));
    assert_eq!(file.blob_size_in_bytes, Some(1234));
    assert!(file.last_updated_time.is_some() && file.enqueued_time_utc.is_some());
    notification.complete().await.unwrap();
}

#[tokio::test]
async fn without_permission_the_stream_ends_with_an_error() {
    let emulator = Emulator::start().await.unwrap();
    let text = emulator.iothub_connection_string_for("registryRead").unwrap();
    let client = IotHubRegistryManager::from_connection_string(&text, Some(options(&emulator))).unwrap();
    let mut feedback = client.feedback_messages();
    let error = feedback.next().await.unwrap().unwrap_err();
    assert!(error.is_unauthorized(), "{error}");
    assert!(feedback.next().await.is_none());
}

#[tokio::test]
async fn without_a_connection_each_item_is_an_error_and_the_stream_goes_on() {
    let hub = Hub::start_with(|options| options.amqp.endpoint = Some("localhost:1".to_owned())).await;
    let mut feedback = hub.client.feedback_messages();
    for _ in 0..2 {
        let error = amqp_error(feedback.next().await.unwrap());
        assert_eq!((error.kind(), error.attempts()), (AmqpErrorKind::Connection, 4));
    }
}

#[tokio::test]
async fn several_batches_may_be_held_and_settled_in_any_order() {
    let hub = Hub::start().await;
    hub.device("dev-1").await;
    let mut feedback = hub.client.feedback_messages();
    let mut held = Vec::new();
    for id in ["first", "second", "third"] {
        send(&hub, id).await;
        hub.complete("dev-1");
        flush(&hub);
        held.push(feedback.next().await.unwrap().unwrap());
    }
    let third = held.pop().unwrap();
    let second = held.pop().unwrap();
    third.complete().await.unwrap();
    second.abandon().await.unwrap();
    let second = feedback.next().await.unwrap().unwrap();
    assert_eq!(ids(&second), ["second"]);
    second.complete().await.unwrap();
    held.pop().unwrap().complete().await.unwrap();
    let nothing = tokio::time::timeout(Duration::from_millis(100), feedback.next()).await;
    assert!(nothing.is_err(), "all are settled");
}
