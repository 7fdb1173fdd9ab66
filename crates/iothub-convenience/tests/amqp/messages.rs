//! Cloud-to-device messages against the emulator: what arrives, and every way in which they can't.

use crate::support::Hub;
use emulator::Acknowledgement;
use iothub_convenience::{CloudToDeviceMessage, DeliveryAcknowledgement};

fn full() -> CloudToDeviceMessage {
    CloudToDeviceMessage::new("{\"a\": \"ü ☃\"}")
        .with_message_id("msg-1")
        .with_correlation_id("corr-1")
        .with_user_id("operator")
        .with_content_type("application/json")
        .with_content_encoding("utf-8")
        .with_expiry("2030-03-17T17:46:40.123Z".parse().unwrap())
        .with_acknowledgement(DeliveryAcknowledgement::Full)
        .with_property("first", "wert ☃")
        .with_property("second", "5")
}

#[tokio::test]
async fn all_that_a_message_says_arrives() {
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
        serde_json::json!([["first", "wert ☃"], ["second", "5"]])
    );
    assert_eq!(message.body, "{\"a\": \"ü ☃\"}".as_bytes());
}
