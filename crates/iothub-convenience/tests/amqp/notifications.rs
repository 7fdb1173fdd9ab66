//! Feedback and file notifications.

use std::sync::Arc;
use std::time::Duration;

use azure_iot_emulator::{Emulator, Settlement};
use futures::StreamExt;
use iothub_convenience::{
    AmqpErrorKind, CloudToDeviceMessage, DateTime, DeliveryAcknowledgement, ErrorKind, FeedbackRecord,
    FeedbackRecordStatusCode, IotHubRegistryManager, Notification,
};

use crate::proxied::Proxied;
use crate::support::{Hub, amqp_error, options};
use crate::tracer::Recorder;

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
async fn feedback_reports_every_outcome_of_a_message() {
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
async fn batch_is_redelivered_until_it_is_completed_or_rejected() {
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
    // Dropping a batch abandons it.
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
    // Dropping the stream releases unsettled batches.
    drop(feedback);
    drop(batch);
    let mut feedback = hub.client.feedback_messages();
    let batch = feedback.next().await.unwrap().unwrap();
    assert_eq!(ids(&batch), ["third"]);
    batch.complete().await.unwrap();
}

/// HUB-FEEDBACK-6.
#[tokio::test]
async fn feedback_is_delivered_when_its_first_record_is_fifteen_seconds_old() {
    let hub = Hub::start().await;
    hub.device("dev-1").await;
    let mut feedback = hub.client.feedback_messages();
    send(&hub, "message").await;
    hub.complete("dev-1");
    let waited = tokio::time::timeout(Duration::from_millis(200), feedback.next()).await;
    assert!(waited.is_err(), "not yet delivered");
    hub.emulator.clock().advance(Duration::from_secs(15));
    let batch = feedback.next().await.unwrap().unwrap();
    assert_eq!(ids(&batch), ["message"]);
    batch.complete().await.unwrap();
}

#[tokio::test]
async fn stream_reconnects_and_locks_of_the_old_link_are_lost() {
    let hub = Hub::start().await;
    hub.device("dev-1").await;
    let mut feedback = hub.client.feedback_messages();
    send(&hub, "message").await;
    hub.complete("dev-1");
    flush(&hub);
    let batch = feedback.next().await.unwrap().unwrap();
    hub.amqp().reset_connections();
    // The batch is redelivered over a new link.
    let again = feedback.next().await.unwrap().unwrap();
    assert_eq!(ids(&again), ["message"]);
    assert_eq!(amqp_error(batch.complete().await).kind(), AmqpErrorKind::LockLost);
    again.complete().await.unwrap();
    assert_eq!(hub.amqp().statistics().connections, 2);
}

/// HUB-FEEDBACK-16.
#[tokio::test]
async fn file_uploads_are_reported() {
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
async fn stream_ends_with_an_error_without_permission() {
    let emulator = Emulator::start().await.unwrap();
    let text = emulator.iothub_connection_string_for("registryRead").unwrap();
    let client = IotHubRegistryManager::from_connection_string(&text, Some(options(&emulator))).unwrap();
    let mut feedback = client.feedback_messages();
    let error = feedback.next().await.unwrap().unwrap_err();
    assert!(error.is_unauthorized(), "{error}");
    assert!(feedback.next().await.is_none());
}

#[tokio::test]
async fn stream_yields_errors_and_continues_without_a_connection() {
    let hub = Hub::start_with(|options| options.amqp.endpoint = Some("localhost:1".to_owned())).await;
    let mut feedback = hub.client.feedback_messages();
    for _ in 0..2 {
        let error = amqp_error(feedback.next().await.unwrap());
        assert_eq!((error.kind(), error.attempts()), (AmqpErrorKind::Connection, 4));
    }
}

/// Sends a message with this id and completes it as the device, so that the hub sends feedback.
async fn add_feedback(hub: &Hub, id: &str) {
    send(hub, id).await;
    hub.complete("dev-1");
    flush(hub);
}

async fn assert_no_feedback(hub: &Hub) {
    let mut feedback = hub.client.feedback_messages();
    let next = tokio::time::timeout(Duration::from_millis(100), feedback.next()).await;
    assert!(next.is_err(), "{next:?}");
}

#[tokio::test]
async fn completed_batch_is_not_redelivered_after_the_stream_was_dropped() {
    let hub = Hub::start().await;
    hub.device("dev-1").await;
    for id in 0..20 {
        let id = id.to_string();
        add_feedback(&hub, &id).await;
        let mut feedback = hub.client.feedback_messages();
        let batch = feedback.next().await.unwrap().unwrap();
        assert_eq!(ids(&batch), [&id]);
        batch.complete().await.unwrap();
        drop(feedback);
    }
    assert_no_feedback(&hub).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn completed_batch_is_not_redelivered_after_close_and_the_end_of_the_runtime() {
    let hub = Hub::start().await;
    hub.device("dev-1").await;
    for id in 0..10 {
        let id = id.to_string();
        add_feedback(&hub, &id).await;
        let client = hub.another_client();
        let receive = move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let mut feedback = client.feedback_messages();
                let batch = feedback.next().await.unwrap().unwrap();
                assert_eq!(ids(&batch), [&id]);
                batch.complete().await.unwrap();
                feedback.close().await;
            });
        };
        tokio::task::spawn_blocking(receive).await.unwrap();
    }
    assert_no_feedback(&hub).await;
}

#[tokio::test]
async fn batches_may_be_settled_in_any_order() {
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
    assert!(nothing.is_err(), "all batches are settled");
}

#[tokio::test]
async fn notification_beyond_the_maximum_message_size_ends_the_stream_with_an_error() {
    let limit = 1009;
    let proxied = Proxied::start(|options| options.amqp.max_message_size = limit).await;
    // The hub would not exceed the limit that the client announces, so the proxy replaces the announced limit with a
    // larger one.
    proxied.proxy.replace(limit, 1_000_000);
    let Proxied { hub, .. } = &proxied;
    for id in 0..10 {
        send(hub, &id.to_string()).await;
        hub.complete("dev-1");
    }
    flush(hub);
    let mut feedback = hub.client.feedback_messages();
    let error = feedback.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidResponse, "{error:?}");
    assert!(!error.is_retryable(), "{error}");
    assert!(
        error.to_string().contains("max_message_size is 1009 bytes"),
        "{error}"
    );
    let error = error.amqp().unwrap();
    assert_eq!(
        (error.kind(), error.attempts()),
        (AmqpErrorKind::MessageTooLarge, 1)
    );
    assert!(error.is_too_large());
    assert!(feedback.next().await.is_none());
    // The other links of the connection are not affected.
    send(hub, "next").await;
    assert_eq!(hub.amqp().statistics().connections, 1);
    // A client with a higher limit receives the batch.
    let client = hub.another_client();
    let batch = client.feedback_messages().next().await.unwrap().unwrap();
    assert_eq!(batch.items.len(), 10);
}

#[tokio::test]
async fn stream_dropped_between_two_attempts_ends_at_once() {
    let hub = Hub::start_with(|options| {
        options.amqp.endpoint = Some("localhost:1".to_owned());
        options.amqp.retry_delay = Duration::from_secs(60);
    })
    .await;
    let mut feedback = hub.client.feedback_messages();
    let first = tokio::time::timeout(Duration::from_millis(500), feedback.next()).await;
    assert!(first.is_err(), "the next attempt is in a minute");
    // Closing waits for the stream's task.
    tokio::time::timeout(Duration::from_secs(5), feedback.close())
        .await
        .unwrap();
}

#[tokio::test]
async fn stream_has_a_span_until_it_is_dropped() {
    let spans = Recorder::default();
    let hub = Hub::start_with(|options| {
        options.client_options.instrumentation.tracer_provider = Some(Arc::new(spans.clone()));
    })
    .await;
    let mut feedback = hub.client.feedback_messages();
    assert_eq!(spans.tree(), "", "not polled yet");
    let nothing = tokio::time::timeout(Duration::from_millis(10), feedback.next()).await;
    assert!(nothing.is_err());
    let span = "IotHubRegistryManager.feedback_messages (Internal) az.namespace=Microsoft.Devices";
    assert_eq!(spans.tree(), format!("{span} NOT ENDED\n"));
    drop(feedback);
    assert_eq!(spans.tree(), format!("{span}\n"));
}

#[tokio::test]
async fn span_of_a_stream_records_its_errors() {
    let spans = Recorder::default();
    let hub = Hub::start_with(|options| {
        options.client_options.instrumentation.tracer_provider = Some(Arc::new(spans.clone()));
        options.amqp.endpoint = Some("localhost:1".to_owned());
    })
    .await;
    let mut files = hub.client.file_notifications();
    files.next().await.unwrap().unwrap_err();
    files.close().await;
    let span = "IotHubRegistryManager.file_notifications (Internal) az.namespace=Microsoft.Devices";
    assert_eq!(spans.tree(), format!("{span} error.type=Connection FAILED\n"));
}
