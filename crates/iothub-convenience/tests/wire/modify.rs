//! Read, edit, write, and again if somebody else was faster.

use crate::support::Recorder;
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
async fn only_the_change_is_written() {
    let recorder = Recorder::new();
    recorder
        .answer(200, &twin("AAAAAAAAAAE=", 1))
        .answer(200, &twin("AAAAAAAAAAI=", 2));
    let after = recorder
        .hub()
        .modify_twin("d", |twin| {
            increment(twin);
            twin.tags.remove("other.x");
            twin.properties.desired.set("b.c", json!([1.0]));
        })
        .await
        .unwrap();
    assert_eq!(after.etag, Some(Etag::from("AAAAAAAAAAI=")));
    insta::assert_snapshot!(recorder.take().join("\n\n----\n\n"));
}

#[tokio::test]
async fn nothing_is_written_if_nothing_changes() {
    let recorder = Recorder::new();
    recorder.answer(200, &twin("AAAAAAAAAAE=", 1));
    let after = recorder
        .hub()
        .modify_module_twin("d", "m", |twin| twin.tags.set("count", 1))
        .await
        .unwrap();
    assert_eq!(after.tags.get("count"), Some(&json!(1)));
    assert_eq!(recorder.take().len(), 1);
}

#[tokio::test]
async fn an_edit_is_repeated_on_what_somebody_else_has_written() {
    let recorder = Recorder::new();
    recorder
        .answer(200, &twin("AAAAAAAAAAE=", 1))
        .answer(412, &json!({}));
    recorder
        .answer(200, &twin("AAAAAAAAAAI=", 5))
        .answer(200, &twin("AAAAAAAAAAM=", 6));
    let after = recorder.hub().modify_twin("d", increment).await.unwrap();
    assert_eq!(after.tags.get("count"), Some(&json!(6)));
    let sent = recorder.take();
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

/// The repeated write was refused because of the first one, whose answer got lost.
#[tokio::test(start_paused = true)]
async fn an_edit_that_was_stored_without_an_answer_is_not_repeated() {
    let recorder = Recorder::new();
    let mut stored = twin("AAAAAAAAAAI=", 2);
    // What devices and the service write meanwhile is no sign of another writer of tags and desired properties.
    stored["properties"]["reported"] = json!({"rate": 3, "$version": 2});
    stored["properties"]["desired"]["$version"] = json!(3);
    stored["version"] = json!(5);
    recorder
        .answer(200, &twin("AAAAAAAAAAE=", 1))
        .fail(azure_core::error::ErrorKind::Io)
        .answer(412, &json!({}))
        .answer(200, &stored);
    let mut edits = 0;
    let edit = |twin: &mut Twin| {
        edits += 1;
        increment(twin);
    };
    let after = recorder.hub().modify_twin("d", edit).await.unwrap();
    assert_eq!(after.tags.get("count"), Some(&json!(2)));
    assert_eq!(after.etag, Some(Etag::from("AAAAAAAAAAI=")));
    assert_eq!(edits, 1);
    assert_eq!(recorder.take().len(), 4, "nothing is written again");
}

#[tokio::test(start_paused = true)]
async fn an_edit_that_may_not_have_been_stored_is_repeated_if_something_else_is_there() {
    let recorder = Recorder::new();
    recorder
        .answer(200, &twin("AAAAAAAAAAE=", 1))
        .fail(azure_core::error::ErrorKind::Io)
        .answer(412, &json!({}))
        .answer(200, &twin("AAAAAAAAAAI=", 5))
        .answer(200, &twin("AAAAAAAAAAM=", 6));
    let after = recorder.hub().modify_twin("d", increment).await.unwrap();
    assert_eq!(after.tags.get("count"), Some(&json!(6)));
    let sent = recorder.take();
    assert_eq!(sent.len(), 5);
    assert!(
        sent[4].contains("if-match: \"AAAAAAAAAAI=\"") && sent[4].ends_with(r#"{"tags":{"count":6}}"#),
        "{}",
        sent[4]
    );
}

/// A write that was sent once and refused was not stored, even if what it wanted is there: somebody else counts too.
#[tokio::test]
async fn an_edit_that_was_certainly_not_stored_is_repeated_on_an_equal_one() {
    let recorder = Recorder::new();
    recorder
        .answer(200, &twin("AAAAAAAAAAE=", 1))
        .answer(412, &json!({}))
        .answer(200, &twin("AAAAAAAAAAI=", 2))
        .answer(200, &twin("AAAAAAAAAAM=", 3));
    let after = recorder.hub().modify_twin("d", increment).await.unwrap();
    assert_eq!(after.tags.get("count"), Some(&json!(3)));
    let sent = recorder.take();
    assert!(sent[3].ends_with(r#"{"tags":{"count":3}}"#), "{}", sent[3]);
}

#[tokio::test]
async fn it_gives_up_after_ten_rounds() {
    let recorder = Recorder::new();
    for _ in 0..20 {
        recorder
            .answer(200, &twin("AAAAAAAAAAE=", 1))
            .answer(412, &json!({}));
    }
    let error = recorder.hub().modify_twin("d", increment).await.unwrap_err();
    assert!(error.is_precondition_failed());
    assert_eq!(recorder.take().len(), 20);
}

#[tokio::test]
async fn what_cannot_be_written_is_refused_before_sending() {
    let recorder = Recorder::new();
    let hub = recorder.hub();
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
            "tags.a[0] is null, which an array may not hold",
        ),
    ] {
        recorder.answer(200, &twin("AAAAAAAAAAE=", 1));
        let error = hub.modify_twin("d", edit).await.unwrap_err();
        assert_eq!(error.to_string(), message);
        assert!(error.is_invalid_input() && error.invalid_twin().is_some());
        assert_eq!(recorder.take().len(), 1);
    }
    recorder.answer(200, &json!({"deviceId": "d"}));
    assert_eq!(
        hub.modify_twin("d", increment).await.unwrap_err().kind(),
        ErrorKind::InvalidResponse,
        "no ETag"
    );
}
