//! Cloud-to-device messages over HTTP, and their feedback.

use std::time::Duration;

use azure_iot_emulator::{Acknowledgement, Settlement};
use http::{HeaderName, HeaderValue};
use serde_json::{Value, json};

use crate::support::{Hub, Response, build, policy, with_header};

/// Sends a message with a text body.
fn send(hub: &Hub, path: &str, body: &str, headers: &[(&'static str, &str)]) -> Response {
    let mut request = build("POST", path, None, None);
    request.body = body.to_owned().into();
    for (name, value) in headers {
        request = with_header(request, name, value);
    }
    hub.request(request)
}

/// HUB-C2D-15.
#[test]
fn http_message_reaches_the_device_with_its_properties() {
    let hub = Hub::new();
    hub.create("d");
    let headers = [
        ("iothub-app-color", "red"),
        ("iothub-messageid", "m-1"),
        ("iothub-correlationid", "c-1"),
        ("iothub-ack", "full"),
        ("iothub-expiry", "2026-03-01T12:30:00Z"),
        ("content-type", "text/plain"),
        ("content-encoding", "utf-8"),
    ];
    let sent = send(&hub, "/devices/d/messages/deviceBound", "hello", &headers);
    assert_eq!((sent.status, sent.body), (204, Value::Null));
    let received = hub.engine.receive_message("d", None).unwrap().unwrap();
    let message = received.message;
    assert_eq!(message.body, b"hello");
    assert_eq!(message.properties["color"], "red");
    assert_eq!(message.message_id.as_deref(), Some("m-1"));
    assert_eq!(message.correlation_id.as_deref(), Some("c-1"));
    assert_eq!(message.content_type.as_deref(), Some("text/plain"));
    assert_eq!(message.content_encoding.as_deref(), Some("utf-8"));
    assert_eq!(message.acknowledgement, Acknowledgement::Full);
    assert_eq!(received.expiry_time.minute(), 30);
}

/// HUB-C2D-6, HUB-C2D-15.
#[test]
fn http_message_is_refused_like_one_over_amqp() {
    let hub = Hub::new();
    hub.create("d");
    let path = "/devices/d/messages/devicebound";
    send(&hub, "/devices/x/messages/devicebound", "hello", &[]).error(404, "DeviceNotFound");
    send(&hub, path, &"x".repeat(65 * 1024), &[]).error(413, "MessageTooLarge");
    send(&hub, path, "hello", &[("iothub-expiry", "tomorrow")]).error(400, "ArgumentInvalid");
    for _ in 0..50 {
        assert_eq!(send(&hub, path, "hello", &[]).status, 204);
    }
    send(&hub, path, "hello", &[]).error(403, "DeviceMaximumQueueDepthExceeded");
    let request = build("POST", path, None, None).with_caller(policy("registryReadWrite"));
    hub.request(request).error(401, "IotHubUnauthorizedAccess");
}

/// HUB-C2D-15, HUB-C2D-17.
#[test]
fn http_message_with_unreadable_headers_is_refused() {
    let hub = Hub::new();
    hub.create("d");
    let path = "/devices/d/messages/deviceBound";
    for (name, value) in [
        ("iothub-expiry", b"2026-03-01T12:30:00Z\xff".as_slice()),
        ("iothub-messageid", b"\xe9"),
        ("iothub-ack", b"full\xff"),
        ("iothub-ack", b"sometimes"),
        ("iothub-app-color", b"\xff"),
    ] {
        let value = HeaderValue::from_bytes(value).unwrap();
        let request = build("POST", path, None, None).with_header(HeaderName::from_static(name), value);
        let text = hub.request(request).error(400, "ArgumentInvalid");
        assert!(text.contains(name), "{text}");
    }
    for name in ["iothub-app-color", "iothub-messageid"] {
        let text = send(&hub, path, "hello", &[(name, "red"), (name, "blue")]).error(400, "ArgumentInvalid");
        assert!(text.contains(name), "{text}");
    }
    assert!(hub.engine.receive_message("d", None).unwrap().is_none());
    let color = HeaderValue::from_bytes("röt".as_bytes()).unwrap();
    let request =
        build("POST", path, None, None).with_header(HeaderName::from_static("iothub-app-color"), color);
    assert_eq!(
        hub.request(with_header(request, "iothub-ack", "None")).status,
        204
    );
    let message = hub.engine.receive_message("d", None).unwrap().unwrap().message;
    assert_eq!(message.properties["color"], "röt");
    assert_eq!(message.acknowledgement, Acknowledgement::None);
}

/// HUB-FEEDBACK-10, HUB-FEEDBACK-11.
#[test]
fn feedback_describes_the_outcome_in_words() {
    let hub = Hub::new();
    hub.create("d");
    for (settlement, times, code, description) in [
        (Settlement::Complete, 1, "Success", "Success"),
        (Settlement::Reject, 1, "Rejected", "Message rejected"),
        (
            Settlement::Abandon,
            10,
            "DeliveryCountExceeded",
            "Delivery Count Exceeded",
        ),
    ] {
        let sent = send(
            &hub,
            "/devices/d/messages/deviceBound",
            "x",
            &[("iothub-ack", "full")],
        );
        assert_eq!(sent.status, 204);
        for _ in 0..times {
            let received = hub.engine.receive_message("d", None).unwrap().unwrap();
            hub.engine
                .settle_message("d", None, &received.lock_token, settlement)
                .unwrap();
        }
        hub.engine.flush_feedback();
        let batch = hub.get("/messages/serviceBound/feedback");
        let token = batch.header("etag").unwrap().trim_matches('"').to_owned();
        let record = batch.ok()[0].clone();
        assert_eq!(
            (&record["statusCode"], &record["description"]),
            (&json!(code), &json!(description))
        );
        let completed = hub.send(
            "DELETE",
            &format!("/messages/serviceBound/feedback/{token}"),
            None,
            None,
        );
        assert_eq!(completed.status, 204);
    }
}

/// HUB-FEEDBACK-7.
#[test]
fn feedback_batch_is_locked_a_minute_delivered_ten_times_and_kept_an_hour() {
    let hub = Hub::new();
    hub.create("d");
    let batch = || {
        send(
            &hub,
            "/devices/d/messages/deviceBound",
            "x",
            &[("iothub-ack", "full")],
        );
        let received = hub.engine.receive_message("d", None).unwrap().unwrap();
        hub.engine
            .settle_message("d", None, &received.lock_token, Settlement::Complete)
            .unwrap();
        hub.engine.flush_feedback();
    };
    let receive = || {
        let response = hub.get("/messages/serviceBound/feedback");
        let token = response
            .header("etag")
            .map(|tag| tag.trim_matches('"').to_owned());
        (response.status == 200).then(|| token.unwrap())
    };
    batch();
    let first = receive().unwrap();
    hub.clock.advance(Duration::from_secs(59));
    assert_eq!(receive(), None);
    hub.clock.advance(Duration::from_secs(1));
    let second = receive().unwrap();
    assert_ne!(first, second);
    let settle = |method: &str, path: String| {
        let path = format!("/messages/serviceBound/feedback/{path}");
        hub.send(method, &path, None, None)
    };
    settle("DELETE", first).error(412, "DeviceMessageLockLost");
    let mut token = second;
    for _ in 1..10 {
        assert_eq!(settle("POST", format!("{token}/abandon")).status, 204);
        token = receive().unwrap();
    }
    assert_eq!(settle("POST", format!("{token}/abandon")).status, 204);
    assert_eq!(receive(), None);
    batch();
    hub.clock.advance(Duration::from_secs(3600));
    assert_eq!(receive(), None);
}
