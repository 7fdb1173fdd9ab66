//! Feedback and file notifications, over AMQP and REST.

use std::time::Duration;

use azure_iot_emulator::{Acknowledgement, Settlement};
use fe2o3_amqp::Delivery;
use fe2o3_amqp::types::definitions::{ErrorCondition, LinkError};
use fe2o3_amqp::types::messaging::annotations::OwnedKey;
use fe2o3_amqp::types::messaging::{ApplicationProperties, Body};
use fe2o3_amqp::types::primitives::{Symbol, Value};
use http::Method;

use crate::support::{Client, Hub, message};

const FEEDBACK: &str = "/messages/serviceBound/feedback";

/// Sends messages to a device, which completes them.
async fn send_completed(hub: &Hub, client: &mut Client, count: usize) {
    let mut sender = client.sender("/messages/devicebound").await.unwrap();
    for number in 0..count {
        let mut message = message("/devices/dev-1/messages/devicebound", b"");
        let properties = message.properties.as_mut().unwrap();
        properties.message_id = Some(number.to_string().into());
        let ack = ApplicationProperties::builder().insert("iothub-ack", "full".to_owned());
        message.application_properties = Some(ack.build());
        sender.send(message).await.unwrap();
        let received = hub.engine().receive_message("dev-1", None).unwrap().unwrap();
        assert_eq!(received.message.acknowledgement, Acknowledgement::Full);
        hub.engine()
            .settle_message("dev-1", None, &received.lock_token, Settlement::Complete)
            .unwrap();
    }
    sender.close().await.unwrap();
}

fn json(delivery: &Delivery<Body<Value>>) -> serde_json::Value {
    let Body::Data(sections) = delivery.body() else {
        panic!("{:?}", delivery.body());
    };
    let bytes: Vec<u8> = sections.iter().flat_map(|data| data.0.to_vec()).collect();
    serde_json::from_slice(&bytes).unwrap()
}

/// HUB-FEEDBACK-1, HUB-FEEDBACK-2, HUB-FEEDBACK-3, HUB-FEEDBACK-4, HUB-FEEDBACK-5, HUB-FEEDBACK-6, HUB-FEEDBACK-8,
/// HUB-FEEDBACK-9, HUB-FEEDBACK-18.
#[tokio::test]
async fn feedback_batch_of_64_records_has_the_members_clients_need() {
    let hub = Hub::start().await;
    hub.device("dev-1").await;
    let mut client = hub.client().await;
    send_completed(&hub, &mut client, 64).await;
    let mut feedback = client.receiver(FEEDBACK).await;
    let batch = feedback.recv::<Body<Value>>().await.unwrap();
    assert_eq!(
        batch.delivery_tag().len(),
        16,
        "one client parses the tag as a UUID"
    );
    let properties = batch.message().properties.clone().unwrap();
    assert_eq!(
        properties.content_type,
        Some(Symbol::from("application/vnd.microsoft.iothub.feedback.json"))
    );
    assert_eq!(properties.user_id.unwrap().as_slice(), b"emulator");
    let annotations = batch.message().message_annotations.clone().unwrap().0;
    let enqueued = annotations.get(&OwnedKey::Symbol(Symbol::from("iothub-enqueuedtime")));
    assert!(matches!(enqueued, Some(Value::Timestamp(_))), "{annotations:?}");
    let records = json(&batch);
    assert_eq!(records.as_array().unwrap().len(), 64);
    let record = records[63].as_object().unwrap();
    let names: Vec<_> = record.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "originalMessageId",
            "description",
            "deviceGenerationId",
            "deviceId",
            "enqueuedTimeUtc",
            "statusCode"
        ]
    );
    assert_eq!(
        (&record["originalMessageId"], &record["statusCode"]),
        (&"63".into(), &"Success".into())
    );
    feedback.accept(&batch).await.unwrap();
    feedback.close().await.unwrap();
}

/// HUB-AMQP-17: the batch stays in the queue for a receiver that accepts messages of its size.
#[tokio::test]
async fn receiver_that_takes_only_smaller_messages_is_closed_with_an_error() {
    let hub = Hub::start().await;
    hub.device("dev-1").await;
    let mut client = hub.client().await;
    send_completed(&hub, &mut client, 64).await;
    for size in [1, 1000] {
        let condition = hub.client().await.refused_size(FEEDBACK, size).await;
        assert_eq!(
            condition,
            ErrorCondition::LinkError(LinkError::MessageSizeExceeded)
        );
    }
    let mut feedback = client.receiver(FEEDBACK).await;
    let batch = feedback.recv::<Body<Value>>().await.unwrap();
    assert_eq!(json(&batch).as_array().unwrap().len(), 64);
    feedback.accept(&batch).await.unwrap();
}

/// HUB-FEEDBACK-13, HUB-FEEDBACK-14, HUB-FEEDBACK-15, HUB-FEEDBACK-19.
#[tokio::test]
async fn feedback_over_http_and_amqp_shares_one_queue() {
    let hub = Hub::start().await;
    hub.device("dev-1").await;
    let mut client = hub.client().await;
    let empty = hub.request(Method::GET, FEEDBACK).await;
    assert_eq!(empty.status, 204);
    send_completed(&hub, &mut client, 1).await;
    hub.engine().flush_feedback();
    let batch = hub.request(Method::GET, FEEDBACK).await;
    assert_eq!(batch.status, 200);
    assert_eq!(batch.body_json().unwrap()[0]["originalMessageId"], "0");
    let token = batch.header("etag").unwrap().trim_matches('"').to_owned();
    assert_eq!(
        hub.request(Method::GET, FEEDBACK).await.status,
        204,
        "the batch is locked"
    );
    let path = format!("{FEEDBACK}/{token}");
    assert_eq!(
        hub.request(Method::POST, &format!("{path}/abandon")).await.status,
        204
    );

    let mut feedback = client.receiver(FEEDBACK).await;
    let again = feedback.recv::<Body<Value>>().await.unwrap();
    assert_eq!(json(&again)[0]["originalMessageId"], "0");
    // The previous lock token is no longer valid.
    let lost = hub.request(Method::DELETE, &path).await;
    assert_eq!(
        (lost.status.as_u16(), lost.header("iothub-errorcode")),
        (412, Some("DeviceMessageLockLost"))
    );
    // Closing a link releases its unsettled deliveries.
    feedback.close().await.unwrap();
    let batch = wait_for_batch(&hub).await;
    let token = batch.header("etag").unwrap().trim_matches('"').to_owned();
    assert_eq!(
        hub.request(Method::DELETE, &format!("{FEEDBACK}/{token}"))
            .await
            .status,
        204
    );
    hub.emulator.clock().advance(Duration::from_secs(120));
    assert_eq!(hub.request(Method::GET, FEEDBACK).await.status, 204);
}

async fn wait_for_batch(hub: &Hub) -> azure_iot_emulator::ServiceResponse {
    for _ in 0..100 {
        let batch = hub.request(Method::GET, FEEDBACK).await;
        if batch.status == 200 {
            return batch;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the batch was not released");
}

/// HUB-FEEDBACK-1, HUB-FEEDBACK-16.
#[tokio::test]
async fn management_api_completes_messages_as_the_device() {
    let hub = Hub::start().await;
    hub.device("dev-1").await;
    let mut client = hub.client().await;
    let http = reqwest::Client::new();
    let url = |path: &str| format!("{}{path}", hub.emulator.management_endpoint());
    let post =
        async |path: &str, body: serde_json::Value| http.post(url(path)).json(&body).send().await.unwrap();
    let nothing = serde_json::Value::Null;
    let messages = "/iothub/devices/dev-1/messages";
    assert_eq!(
        post(&format!("{messages}/receive"), nothing.clone())
            .await
            .status(),
        204
    );
    client
        .send_hello("/devices/dev-1/messages/devicebound")
        .await
        .unwrap();
    let received = post(&format!("{messages}/receive"), nothing.clone()).await;
    let received: serde_json::Value = received.json().await.unwrap();
    assert_eq!(received["message"]["body"], "aGVsbG8=");
    let held = serde_json::json!({ "lockToken": received["lockToken"] });
    assert_eq!(
        post(&format!("{messages}/abandon"), held.clone()).await.status(),
        204
    );
    assert_eq!(post(&format!("{messages}/complete"), held).await.status(), 412);
    assert_eq!(
        post("/iothub/devices/nobody/messages/receive", nothing.clone())
            .await
            .status(),
        404
    );

    let file =
        serde_json::json!({"deviceId": "dev-1", "blobUri": "u", "blobName": "n", "blobSizeInBytes": 7});
    assert_eq!(post("/iothub/fileNotifications", file).await.status(), 204);
    let mut files = client.receiver("/messages/servicebound/filenotifications").await;
    let file = files.recv::<Body<Value>>().await.unwrap();
    assert_eq!(json(&file)["blobSizeInBytes"], 7);
    files.accept(&file).await.unwrap();

    let fault = serde_json::json!({"count": 1, "action": {"type": "release"}});
    assert_eq!(post("/iothub/amqp/faults", fault).await.status(), 204);
    assert_eq!(
        post("/iothub/amqp/faults", serde_json::json!({})).await.status(),
        400
    );
    let outcome = client.send_hello("/devices/dev-1/messages/devicebound").await;
    assert!(
        matches!(outcome, Ok(fe2o3_amqp::types::messaging::Outcome::Released(_))),
        "{outcome:?}"
    );
    let statistics = http.get(url("/iothub/amqp/statistics")).send().await.unwrap();
    let statistics: serde_json::Value = statistics.json().await.unwrap();
    assert_eq!(statistics["messages"], 2);
    assert_eq!(post("/iothub/feedback/flush", nothing).await.status(), 204);
}
