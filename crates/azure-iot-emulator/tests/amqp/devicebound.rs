//! Cloud-to-device messages and their rejections.

use azure_iot_emulator::Acknowledgement;
use fe2o3_amqp::link::{LinkStateError, SendError};
use fe2o3_amqp::types::definitions::{AmqpError, ErrorCondition};
use fe2o3_amqp::types::messaging::{
    AmqpValue, ApplicationProperties, Data, Message, MessageId, Outcome, Properties,
};
use fe2o3_amqp::types::primitives::{SimpleValue, Symbol};
use http::Method;

use crate::support::{Hub, message, rejection};

fn accepted(outcome: Result<Outcome, SendError>) -> bool {
    matches!(outcome, Ok(Outcome::Accepted(_)))
}

/// HUB-AMQP-9.
#[tokio::test]
async fn target_addresses_of_every_client_are_accepted() {
    let hub = Hub::start().await;
    hub.device("dev-1").await;
    let mut client = hub.client().await;
    for address in [
        "/messages/devicebound",
        "amqps://localhost/messages/devicebound",
        "amqps://localhost:5671/messages/deviceBound",
    ] {
        let mut sender = client.sender(address).await.unwrap();
        let sent = sender
            .send(message("/devices/dev-1/messages/devicebound", b"x"))
            .await;
        assert!(accepted(sent), "{address}");
        sender.close().await.unwrap();
    }
    let mut sender = client.sender("/messages/elsewhere").await.unwrap();
    let error = sender
        .send(message("/devices/dev-1/messages/devicebound", b"x"))
        .await;
    let Err(SendError::LinkStateError(LinkStateError::RemoteClosedWithError(error))) = error else {
        panic!("{error:?}");
    };
    assert_eq!(error.condition, ErrorCondition::AmqpError(AmqpError::NotFound));
}

/// HUB-C2D-3, HUB-C2D-4, HUB-C2D-5, HUB-C2D-6, HUB-C2D-10, HUB-C2D-16.
#[tokio::test]
async fn rejected_messages_have_condition_and_code() {
    let hub = Hub::start().await;
    hub.device("dev-1").await;
    let mut client = hub.client().await;
    for (to, condition, code) in [
        (
            "/devices/nobody/messages/devicebound",
            "AmqpError(NotFound)",
            404_001,
        ),
        (
            "/devices/dev-1/modules/m/messages/devicebound",
            "AmqpError(NotFound)",
            404_001,
        ),
        ("/devices//messages/devicebound", "AmqpError(NotAllowed)", 400_003),
        ("dev-1", "AmqpError(NotAllowed)", 400_003),
    ] {
        let refused = rejection(client.send_hello(to).await);
        assert_eq!(refused, (condition.to_owned(), code), "{to}");
    }
    let mut sender = client.sender("/messages/devicebound").await.unwrap();
    let to = "/devices/dev-1/messages/devicebound";
    assert!(accepted(sender.send(message(to, &[0; 65_536])).await));
    let refused = rejection(sender.send(message(to, &[0; 65_537])).await);
    assert_eq!(refused, ("LinkError(MessageSizeExceeded)".to_owned(), 413_001));
    let mut value = Message::from(AmqpValue(SimpleValue::Int(1)));
    value.properties = message(to, b"").properties;
    assert_eq!(rejection(sender.send(value).await).1, 400_004);
    // A message that exceeds the announced maximum closes the link.
    let mut other = client.sender("/messages/devicebound").await.unwrap();
    assert!(other.send(message(to, &[0; 1024 * 1024])).await.is_err());
    for _ in 1..50 {
        assert!(accepted(sender.send(message(to, b"x")).await));
    }
    let refused = rejection(sender.send(message(to, b"x")).await);
    assert_eq!(refused, ("AmqpError(ResourceLimitExceeded)".to_owned(), 403_004));

    for queued in [50, 3, 0] {
        let purged = hub.request(Method::DELETE, "/devices/dev-1/commands").await;
        assert_eq!(
            purged.body_json().unwrap(),
            serde_json::json!({"deviceId": "dev-1", "moduleId": null, "totalMessagesPurged": queued})
        );
        for _ in 0..if queued == 50 { 3 } else { 0 } {
            assert!(accepted(sender.send(message(to, b"x")).await));
        }
    }
}

/// HUB-C2D-1, HUB-C2D-2.
#[tokio::test]
async fn target_addresses_are_percent_decoded_once() {
    let hub = Hub::start().await;
    // Decoding `a%2Bb` once more would give `a+b`.
    for id in ["a+b", "a%2Bb", "dev:1.2+3%_#*?!(),=@;$'"] {
        hub.device(id).await;
    }
    let mut client = hub.client().await;
    for (segment, id) in [
        ("a+b", "a+b"),
        ("a%252Bb", "a%2Bb"),
        ("dev:1.2+3%_#*?!(),=@;$'", "dev:1.2+3%_#*?!(),=@;$'"),
        (
            "dev%3A1.2%2B3%25_%23*%3F!()%2C%3D%40%3B%24'",
            "dev:1.2+3%_#*?!(),=@;$'",
        ),
    ] {
        let to = format!("/devices/{segment}/messages/deviceBound");
        assert!(accepted(client.send_hello(&to).await), "{segment}");
        let received = hub.engine().receive_message(id, None).unwrap();
        assert!(received.is_some(), "{segment}");
    }
}

/// HUB-C2D-13, HUB-C2D-14.
#[tokio::test]
async fn message_ids_and_properties_of_every_type_are_kept() {
    let hub = Hub::start().await;
    hub.device("dev-1").await;
    let mut client = hub.client().await;
    let uuid = uuid::Uuid::new_v4();
    let sent = Message::builder()
        .properties(Properties {
            message_id: Some(MessageId::Uuid((*uuid.as_bytes()).into())),
            correlation_id: Some(MessageId::Ulong(7)),
            user_id: Some(b"user".to_vec().into()),
            to: Some("/devices/dev-1/messages/devicebound".to_owned()),
            content_type: Some(Symbol::from("application/json")),
            ..Properties::default()
        })
        .application_properties(
            ApplicationProperties::builder()
                .insert("iothub-ack", "Positive".to_owned())
                .insert("text", "wert ☃".to_owned())
                .insert("int", 5_i32)
                .insert("bool", true)
                .insert("null", SimpleValue::Null)
                .build(),
        )
        .body(Data(vec![0, 255].into()))
        .build();
    let mut sender = client.sender("/messages/devicebound").await.unwrap();
    assert!(accepted(sender.send(sent).await));
    let received = hub.engine().receive_message("dev-1", None).unwrap().unwrap();
    let message = received.message;
    assert_eq!(message.message_id, Some(uuid.to_string()));
    assert_eq!(message.correlation_id.as_deref(), Some("7"));
    assert_eq!(message.user_id.as_deref(), Some("user"));
    assert_eq!(message.acknowledgement, Acknowledgement::Positive);
    assert_eq!(
        serde_json::to_value(&message.properties).unwrap(),
        serde_json::json!({"text": "wert ☃", "int": 5, "bool": true, "null": null})
    );
    assert_eq!(message.body, [0, 255]);
}

/// HUB-DEVICE-24.
#[tokio::test]
async fn queues_are_dumped_and_messages_expire_by_the_clock() {
    let hub = Hub::start().await;
    hub.device("dev-1").await;
    let mut client = hub.client().await;
    assert!(accepted(
        client.send_hello("/devices/dev-1/messages/devicebound").await
    ));
    let count = async || {
        hub.request(Method::GET, "/devices/dev-1")
            .await
            .body_json()
            .unwrap()["cloudToDeviceMessageCount"]
            .clone()
    };
    assert_eq!(count().await, 1);

    let state = hub.emulator.dump_state();
    assert!(hub.engine().receive_message("dev-1", None).unwrap().is_some());
    assert!(
        hub.engine().receive_message("dev-1", None).unwrap().is_none(),
        "the message is locked"
    );
    hub.emulator.load_state(&state).unwrap();
    let received = hub.engine().receive_message("dev-1", None).unwrap().unwrap();
    assert_eq!(received.message.body, b"hello");

    // A device that is registered again does not receive the messages of its predecessor.
    let again = Hub::start().await;
    again.emulator.load_state(&state).unwrap();
    again
        .emulator
        .clock()
        .advance(std::time::Duration::from_secs(3600));
    for _ in 0..100 {
        let device = again
            .request(Method::GET, "/devices/dev-1")
            .await
            .body_json()
            .unwrap();
        if device["cloudToDeviceMessageCount"] == 0 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("the message has not expired");
}
