//! Cloud-to-device messages against the emulator.

use crate::support::Hub;
use azure_iot_emulator::Acknowledgement;
use iothub_convenience::{CloudToDeviceMessage, DateTime, DeliveryAcknowledgement, SymmetricKey};

fn full() -> CloudToDeviceMessage {
    CloudToDeviceMessage::new("{\"a\": \"ü ☃\"}")
        .with_message_id("msg-1")
        .with_correlation_id("corr-1")
        .with_user_id("operator")
        .with_content_type("application/json")
        .with_content_encoding("utf-8")
        .with_expiry("2030-03-17T17:46:40.123Z".parse::<DateTime>().unwrap())
        .with_acknowledgement(DeliveryAcknowledgement::Full)
        .with_property("first", "value ☃")
        .with_property("second", "5")
}

#[tokio::test]
async fn all_fields_of_a_message_arrive() {
    let hub = Hub::start().await;
    hub.device("dev-1").await;
    let sent = hub.client.send_c2d_message("dev-1", full()).await.unwrap();
    assert_eq!((sent.message_id.as_str(), sent.attempts), ("msg-1", 1));
    let received = hub.receive("dev-1").unwrap();
    let message = &received.message;
    assert_eq!(message.message_id.as_deref(), Some("msg-1"));
    assert_eq!(message.correlation_id.as_deref(), Some("corr-1"));
    assert_eq!(message.user_id.as_deref(), Some("operator"));
    assert_eq!(message.content_type.as_deref(), Some("application/json"));
    assert_eq!(message.content_encoding.as_deref(), Some("utf-8"));
    assert_eq!(
        message.absolute_expiry.unwrap().unix_timestamp_nanos(),
        1_900_000_000_123_000_000
    );
    assert_eq!(message.acknowledgement, Acknowledgement::Full);
    let properties: Vec<_> = message.properties.iter().collect();
    assert_eq!(
        serde_json::to_value(properties).unwrap(),
        serde_json::json!([["first", "value ☃"], ["second", "5"]])
    );
    assert_eq!(message.body, "{\"a\": \"ü ☃\"}".as_bytes());
}

#[tokio::test]
async fn message_without_fields_has_a_random_id_and_requests_no_feedback() {
    let hub = Hub::start().await;
    hub.device("dev-1").await;
    let first = hub.hello().await.unwrap();
    let second = hub
        .client
        .send_c2d_message("dev-1", vec![0, 1, 255])
        .await
        .unwrap();
    assert_eq!(first.message_id.len(), 36);
    assert_ne!(first.message_id, second.message_id);
    let received = hub.receive("dev-1").unwrap().message;
    assert_eq!(received.message_id, Some(first.message_id));
    assert_eq!(received.acknowledgement, Acknowledgement::None);
    assert_eq!((received.content_type, received.absolute_expiry), (None, None));
    assert!(received.properties.is_empty());
    assert_eq!(received.body, b"hello");
    assert_eq!(hub.receive("dev-1").unwrap().message.body, [0, 1, 255]);
}

#[tokio::test]
async fn ids_are_percent_encoded_and_modules_have_their_own_queue() {
    let hub = Hub::start().await;
    let id = "dev:1.2+3%_#*?!(),=@;$'";
    hub.device(id).await;
    let keys = SymmetricKey::generate().unwrap();
    hub.client
        .create_module_with_sas(id, "mod%1", keys, None)
        .await
        .unwrap();
    hub.client.send_c2d_message(id, "to the device").await.unwrap();
    hub.client
        .send_module_c2d_message(id, "mod%1", "to the module")
        .await
        .unwrap();
    let received = hub.receive(id).unwrap().message;
    let encoded = "dev%3A1.2%2B3%25_%23%2A%3F%21%28%29%2C%3D%40%3B%24%27";
    assert_eq!(received.to, format!("/devices/{encoded}/messages/devicebound"));
    assert_eq!(received.body, b"to the device");
    assert!(hub.receive(id).is_none());
    let iothub = hub.emulator.iothub().unwrap();
    let received = iothub
        .receive_message(id, Some("mod%1"))
        .unwrap()
        .unwrap()
        .message;
    assert_eq!(
        received.to,
        format!("/devices/{encoded}/modules/mod%251/messages/devicebound")
    );
    assert_eq!(received.body, b"to the module");
}

#[tokio::test]
async fn invalid_message_is_refused_before_connecting() {
    let hub = Hub::start().await;
    let hello = || CloudToDeviceMessage::new("hello");
    for message in [
        CloudToDeviceMessage::new(vec![0; 65_537]),
        CloudToDeviceMessage::new(vec![0; 65_530]).with_property("name", "value"),
        hello().with_message_id(""),
        hello().with_correlation_id("x".repeat(129)),
        hello().with_content_type("text/plain; charset=ü"),
        hello().with_content_encoding(""),
        hello().with_property("", "value"),
        hello().with_property("IoTHub-ack", "full"),
        hello().with_property("line\nbreak", "value"),
    ] {
        let error = hub.client.send_c2d_message("dev-1", message).await.unwrap_err();
        assert!(error.is_invalid_input(), "{error}");
    }
    for id in ["", "..", "a/b"] {
        let error = hub.client.send_c2d_message(id, "hello").await.unwrap_err();
        assert!(error.invalid_id().is_some(), "{error}");
        let error = hub
            .client
            .send_module_c2d_message("dev-1", id, "hello")
            .await
            .unwrap_err();
        assert!(error.invalid_id().is_some(), "{error}");
    }
    assert_eq!(hub.amqp().statistics().connections, 0);
}

#[tokio::test]
async fn message_of_64_kib_arrives() {
    let hub = Hub::start().await;
    hub.device("dev-1").await;
    let body = vec![7; 65_536 - 1];
    let message = CloudToDeviceMessage::new(body.clone()).with_message_id("m");
    assert_eq!(message.size(), 65_536);
    hub.client.send_c2d_message("dev-1", message).await.unwrap();
    assert_eq!(hub.receive("dev-1").unwrap().message.body, body);
}
