//! Read-modify-write of twins.

use crate::support::MockTransport;
use iothub_convenience::*;
use serde_json::{Value, json};

fn twin(etag: &str, count: i64) -> Value {
    json!({"deviceId": "d", "etag": etag, "version": 3, "status": "enabled", "tags": {"count": count, "other": {"x": 1}},
        "properties": {"desired": {"a": 1, "$version": 2, "$metadata": {}}, "reported": {"$version": 1}}})
}

fn increment(twin: &mut Twin) {
    let count = twin.tags.get("count").and_then(Value::as_i64).unwrap_or_default();
    twin.tags.set("count", count + 1);
}

#[tokio::test]
async fn only_changes_are_written() {
    let transport = MockTransport::new();
    transport
        .respond(200, &twin("AAAAAAAAAAE=", 1))
        .respond(200, &twin("AAAAAAAAAAI=", 2));
    let after = transport
        .hub()
        .modify_twin("d", |twin| {
            increment(twin);
            twin.tags.remove("other.x");
            twin.properties.desired.set("b.c", json!([1.0]));
        })
        .await
        .unwrap();
    assert_eq!(after.etag, Some(Etag::from("AAAAAAAAAAI=")));
    insta::assert_snapshot!(transport.take().join("\n\n----\n\n"));
}

#[tokio::test]
async fn nothing_is_written_without_changes() {
    let transport = MockTransport::new();
    transport.respond(200, &twin("AAAAAAAAAAE=", 1));
    let after = transport
        .hub()
        .modify_module_twin("d", "m", |twin| twin.tags.set("count", 1))
        .await
        .unwrap();
    assert_eq!(after.tags.get("count"), Some(&json!(1)));
    assert_eq!(transport.take().len(), 1);
}

#[tokio::test]
async fn edit_is_repeated_after_a_concurrent_write() {
    let transport = MockTransport::new();
    transport
        .respond(200, &twin("AAAAAAAAAAE=", 1))
        .respond(412, &json!({}));
    transport
        .respond(200, &twin("AAAAAAAAAAI=", 5))
        .respond(200, &twin("AAAAAAAAAAM=", 6));
    let after = transport.hub().modify_twin("d", increment).await.unwrap();
    assert_eq!(after.tags.get("count"), Some(&json!(6)));
    let sent = transport.take();
    assert!(
        sent[1].contains("if-match: \"AAAAAAAAAAE=\"") && sent[1].ends_with(r#"{"tags":{"count":2}}"#),
        "{}",
        sent[1]
    );
    assert!(
        sent[3].contains("if-match: \"AAAAAAAAAAI=\"") && sent[3].ends_with(r#"{"tags":{"count":6}}"#),
        "{}",
        sent[3]
    );
}

/// The retry is refused because of the first write, whose response was lost.
#[tokio::test(start_paused = true)]
async fn edit_with_a_lost_response_is_not_repeated() {
    let transport = MockTransport::new();
    let mut stored = twin("AAAAAAAAAAI=", 2);
    // Changes by the device and the service do not count as concurrent writes of tags and desired properties.
    stored["properties"]["reported"] = json!({"rate": 3, "$version": 2});
    stored["properties"]["desired"]["$version"] = json!(3);
    stored["version"] = json!(5);
    transport
        .respond(200, &twin("AAAAAAAAAAE=", 1))
        .fail(azure_core::error::ErrorKind::Io)
        .respond(412, &json!({}))
        .respond(200, &stored);
    let mut edits = 0;
    let edit = |twin: &mut Twin| {
        edits += 1;
        increment(twin);
    };
    let after = transport.hub().modify_twin("d", edit).await.unwrap();
    assert_eq!(after.tags.get("count"), Some(&json!(2)));
    assert_eq!(after.etag, Some(Etag::from("AAAAAAAAAAI=")));
    assert_eq!(edits, 1);
    assert_eq!(transport.take().len(), 4, "not written again");
}

#[tokio::test(start_paused = true)]
async fn edit_that_was_not_stored_is_repeated_on_the_current_twin() {
    let transport = MockTransport::new();
    transport
        .respond(200, &twin("AAAAAAAAAAE=", 1))
        .fail(azure_core::error::ErrorKind::Io)
        .respond(412, &json!({}))
        .respond(200, &twin("AAAAAAAAAAI=", 5))
        .respond(200, &twin("AAAAAAAAAAM=", 6));
    let after = transport.hub().modify_twin("d", increment).await.unwrap();
    assert_eq!(after.tags.get("count"), Some(&json!(6)));
    let sent = transport.take();
    assert_eq!(sent.len(), 5);
    assert!(
        sent[4].contains("if-match: \"AAAAAAAAAAI=\"") && sent[4].ends_with(r#"{"tags":{"count":6}}"#),
        "{}",
        sent[4]
    );
}

/// A write that was sent once and refused was not stored, even if the current value equals the value it would have
/// written.
#[tokio::test]
async fn edit_is_repeated_after_a_concurrent_write_of_the_same_value() {
    let transport = MockTransport::new();
    transport
        .respond(200, &twin("AAAAAAAAAAE=", 1))
        .respond(412, &json!({}))
        .respond(200, &twin("AAAAAAAAAAI=", 2))
        .respond(200, &twin("AAAAAAAAAAM=", 3));
    let after = transport.hub().modify_twin("d", increment).await.unwrap();
    assert_eq!(after.tags.get("count"), Some(&json!(3)));
    let sent = transport.take();
    assert!(sent[3].ends_with(r#"{"tags":{"count":3}}"#), "{}", sent[3]);
}

#[tokio::test]
async fn modify_fails_after_ten_rounds() {
    let transport = MockTransport::new();
    for _ in 0..20 {
        transport
            .respond(200, &twin("AAAAAAAAAAE=", 1))
            .respond(412, &json!({}));
    }
    let error = transport.hub().modify_twin("d", increment).await.unwrap_err();
    assert!(error.is_precondition_failed());
    assert_eq!(transport.take().len(), 20);
}

#[tokio::test]
async fn changes_of_read_only_members_are_refused_before_sending() {
    let transport = MockTransport::new();
    let hub = transport.hub();
    for (edit, message) in [
        (
            (|twin: &mut Twin| twin.properties.reported.set("a", 1)) as fn(&mut Twin),
            "properties.reported.a cannot be written; only tags and properties.desired can",
        ),
        (
            |twin| twin.status = Some(DeviceStatus::Disabled),
            "status cannot be written; only tags and properties.desired can",
        ),
        (
            |twin| twin.tags.set("a", json!([null])),
            "tags.a[0] is null, which is not allowed in arrays",
        ),
    ] {
        transport.respond(200, &twin("AAAAAAAAAAE=", 1));
        let error = hub.modify_twin("d", edit).await.unwrap_err();
        assert_eq!(error.to_string(), message);
        assert!(error.is_invalid_input() && error.invalid_twin().is_some());
        assert_eq!(transport.take().len(), 1);
    }
    transport.respond(200, &json!({"deviceId": "d"}));
    assert_eq!(
        hub.modify_twin("d", increment).await.unwrap_err().kind(),
        ErrorKind::InvalidResponse,
        "no ETag"
    );
}
