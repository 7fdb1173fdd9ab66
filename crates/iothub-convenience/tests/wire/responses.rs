//! Decoding of responses.

use std::time::Duration;

use azure_core::error::ErrorKind as TransportError;
use futures::TryStreamExt;
use iothub_convenience::*;
use serde_json::{Value, json};

use crate::support::{KEY, MockTransport};

const ANY: Precondition = Precondition::Unconditional;

fn reboot() -> DirectMethod {
    DirectMethod::new("reboot")
}

#[tokio::test]
async fn errors_of_methods_are_outcomes() {
    let transport = MockTransport::new();
    let hub = transport.hub();
    let nested = |number: u32| json!({"Message": json!({"errorCode": number, "message": "m"}).to_string(), "ExceptionMessage": ""});
    for (status, body, expected) in [
        (404, nested(404_103), DirectMethodOutcome::Offline),
        (504, nested(504_101), DirectMethodOutcome::NoResponse),
        (404, nested(404_001), DirectMethodOutcome::NotFound),
        (
            404,
            json!({"Message": "ErrorCode:ModuleNotFound;x"}),
            DirectMethodOutcome::NotFound,
        ),
    ] {
        transport.respond(status, &body);
        assert_eq!(
            hub.invoke_device_method("d", &reboot()).await.unwrap(),
            expected,
            "{body}"
        );
        transport.respond(status, &body);
        assert_eq!(
            hub.invoke_command("d", &reboot()).await.unwrap(),
            expected,
            "{body}"
        );
    }
    // Status 404 from the device is a response, not an error.
    for (body, payload) in [
        (r#"{"status": 404, "payload": null}"#, Some(Value::Null)),
        (r#"{"status": 404}"#, None),
        (r#"{"status": 404, "payload": [1.0]}"#, Some(json!([1.0]))),
    ] {
        transport.respond_with(200, &[("x-ms-request-id", "r")], body);
        let outcome = hub
            .invoke_device_module_method("d", "m", &reboot())
            .await
            .unwrap();
        let response = outcome.response().unwrap();
        assert_eq!(
            (response.status, &response.payload, response.request_id.as_deref()),
            (404, &payload, Some("r"))
        );
    }
    transport.respond(401, &nested(401_002));
    assert!(
        hub.invoke_device_method("d", &reboot())
            .await
            .unwrap_err()
            .is_unauthorized()
    );
}

#[tokio::test]
async fn command_has_its_status_in_a_header_and_any_body() {
    let transport = MockTransport::new();
    let hub = transport.hub();
    for (body, payload) in [
        ("", None),
        ("null", Some(Value::Null)),
        ("\"x\"", Some(json!("x"))),
    ] {
        transport.respond_with(
            200,
            &[("x-ms-command-statuscode", "207"), ("x-ms-request-id", "r")],
            body,
        );
        let outcome = hub.invoke_component_command("d", "c", &reboot()).await.unwrap();
        let response = outcome.response().unwrap();
        assert_eq!(
            (response.status, &response.payload, response.request_id.as_deref()),
            (207, &payload, Some("r"))
        );
    }
}

#[tokio::test(start_paused = true)]
async fn method_is_not_retried_if_it_may_have_been_processed() {
    let transport = MockTransport::new();
    let hub = transport.hub();
    for status in [408, 500, 502, 503, 504] {
        transport.respond(status, &json!({}));
        assert!(hub.invoke_device_method("d", &reboot()).await.is_err());
        assert_eq!(transport.take().len(), 1, "{status}");
    }
    transport.fail(TransportError::Io);
    let error = hub.invoke_device_method("d", &reboot()).await.unwrap_err();
    assert!(
        error.is_unknown_outcome() && transport.take().len() == 1,
        "{error:?}"
    );
    // These responses prove that the request was not processed, so it is retried.
    transport
        .respond(429, &json!({}))
        .respond_with(503, &[("retry-after", "1")], "{}");
    transport
        .fail(TransportError::Connection)
        .respond(200, &json!({"status": 200}));
    assert!(
        hub.invoke_device_method("d", &reboot())
            .await
            .unwrap()
            .response()
            .is_some()
    );
    assert_eq!(transport.take().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn only_idempotent_writes_are_retried() {
    let transport = MockTransport::new();
    let hub = transport.hub();
    let patch = TwinPatch::new().set_tag("a", 1);
    let twin = json!({"deviceId": "d"});
    transport
        .fail(TransportError::Io)
        .respond(500, &json!({}))
        .respond(200, &twin);
    hub.update_twin("d", &patch, Precondition::IfMatch("x".into()))
        .await
        .unwrap();
    assert_eq!(transport.take().len(), 3);
    transport.fail(TransportError::Io);
    assert!(
        hub.update_twin("d", &patch, ANY)
            .await
            .unwrap_err()
            .is_unknown_outcome()
    );
    assert_eq!(transport.take().len(), 1);
    transport.respond(503, &json!({})).respond(200, &twin);
    hub.replace_twin("d", &TwinReplacement::new(), ANY).await.unwrap();
    assert_eq!(transport.take().len(), 2);
}

#[tokio::test]
async fn errors_have_code_message_and_tracking_id() {
    let transport = MockTransport::new();
    let hub = transport.hub();
    let respond = |status, code: &str| {
        let body = format!(
            r#"{{"Message":"ErrorCode:{code};text","ExceptionMessage":"Tracking ID:abc-G:0-TimeStamp:10/24/2023 16:53:16"}}"#
        );
        transport.respond_with(status, &[("iothub-errorcode", code)], &body);
    };
    respond(404, "DeviceNotFound");
    let error = hub.get_device("d").await.unwrap_err();
    assert!(error.is_not_found() && !error.is_conflict());
    assert_eq!(
        (error.status(), error.error_code()),
        (Some(404), Some(ErrorCode::DEVICE_NOT_FOUND))
    );
    assert_eq!((error.message(), error.attempts()), (Some("text"), 1));
    assert!(error.tracking_id().unwrap().starts_with("abc-G:0"), "{error:?}");
    respond(409, "DeviceAlreadyExists");
    let keys = SymmetricKey::new(KEY, KEY).unwrap();
    let error = hub
        .create_device_with_sas("d", keys, DeviceStatus::Enabled, None)
        .await
        .unwrap_err();
    assert!(error.is_conflict());
    respond(412, "PreconditionFailed");
    assert!(
        hub.delete_device("d", Precondition::IfMatch("x".into()))
            .await
            .unwrap_err()
            .is_precondition_failed()
    );
    transport.respond_with(200, &[], "<html>");
    let error: Error = hub
        .get_device("d")
        .await
        .unwrap()
        .into_model()
        .unwrap_err()
        .into();
    assert_eq!(error.kind(), ErrorKind::InvalidResponse);
}

#[tokio::test]
async fn rows_have_the_type_of_the_header() {
    let transport = MockTransport::new();
    let hub = transport.hub();
    let rows = |kind: Option<&'static str>, row: Value| {
        let headers: Vec<_> = kind.map(|kind| ("x-ms-item-type", kind)).into_iter().collect();
        transport.respond_with(200, &headers, &json!([row]).to_string());
        hub.query_iot_hub_rows("q", None).unwrap().try_collect::<Vec<_>>()
    };
    let twin = rows(Some("Twin"), json!({"deviceId": "d", "tags": {"a": 1}}))
        .await
        .unwrap()
        .remove(0)
        .into_twin()
        .unwrap();
    assert_eq!(twin.tags.get("a"), Some(&json!(1)));
    let job = json!({"deviceId": "d", "jobId": "j", "jobType": "scheduleUpdateTwin", "status": "completed",
        "startTimeUtc": "2016-09-29T18:18:52.7418462Z", "outcome": {"deviceMethodResponse": null}});
    let QueryRow::DeviceJob(row) = rows(Some("DeviceJob"), job.clone()).await.unwrap().remove(0) else {
        panic!()
    };
    assert_eq!(row.status, Some(DeviceJobStatus::Completed));
    assert_eq!(QueryRow::DeviceJob(row).as_json(), job);
    // An aggregate is not a twin, even if its columns have the names of twin fields.
    for kind in [Some("Raw"), None, Some("Brandnew")] {
        let count = rows(kind, json!({"status": 5, "deviceId": 3}))
            .await
            .unwrap()
            .remove(0);
        assert_eq!(
            count,
            QueryRow::Raw(json!({"status": 5, "deviceId": 3})),
            "{kind:?}"
        );
    }
    #[derive(serde::Deserialize)]
    struct Count {
        n: u32,
    }
    assert_eq!(
        rows(Some("Raw"), json!({"n": 3})).await.unwrap()[0]
            .decode::<Count>()
            .unwrap()
            .n,
        3
    );
    let error = rows(Some("Twin"), json!({"tags": 5})).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidResponse);
}

#[tokio::test]
async fn query_is_resumed_from_a_continuation_token() {
    let transport = MockTransport::new();
    let hub = transport.hub();
    transport.respond_with(
        200,
        &[("x-ms-item-type", "Raw"), ("x-ms-continuation", "t1")],
        r#"[{"n":1}]"#,
    );
    let mut pages = hub.query_iot_hub_rows("q", None).unwrap().into_pages();
    let page = pages.try_next().await.unwrap().unwrap();
    assert_eq!(
        (page.row_type(), page.continuation_token()),
        (RowType::Raw, Some("t1"))
    );
    assert_eq!(page.into_model().unwrap().rows, [QueryRow::Raw(json!({"n": 1}))]);
    let options = QueryIotHubOptions {
        continuation_token: pages.continuation_token(),
        ..Default::default()
    };
    transport.take();
    transport.respond_with(200, &[("x-ms-continuation", "")], r#"[{"n":2}]"#);
    let rows: Vec<_> = hub
        .query_iot_hub_rows("q", Some(options))
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(rows, [QueryRow::Raw(json!({"n": 2}))]);
    let requests = transport.take();
    assert!(
        requests.len() == 1 && requests[0].contains("x-ms-continuation: t1"),
        "{requests:?}"
    );
}

#[tokio::test]
async fn pages_are_requested_when_their_rows_are_needed() {
    let transport = MockTransport::new();
    for _ in 0..3 {
        transport.respond_with(200, &[("x-ms-continuation", "more")], r#"[{"n":1},{"n":2}]"#);
    }
    let mut rows = transport.hub().query_iot_hub_rows("q", None).unwrap();
    assert_eq!(transport.take().len(), 0);
    for expected in [1, 0, 1, 0] {
        rows.try_next().await.unwrap().unwrap();
        assert_eq!(transport.take().len(), expected);
    }
}

#[tokio::test]
async fn error_of_a_later_page_has_its_code() {
    let transport = MockTransport::new();
    transport.respond_with(200, &[("x-ms-continuation", "t1")], r#"[{"n":1}]"#);
    transport.respond_with(400, &[("iothub-errorcode", "ArgumentInvalid")], "{}");
    let mut rows = transport.hub().query_iot_hub_rows("q", None).unwrap();
    assert!(rows.try_next().await.unwrap().is_some());
    let error = rows.try_next().await.unwrap_err();
    assert_eq!(error.error_code(), Some(ErrorCode::ARGUMENT_INVALID));
}

#[tokio::test]
async fn feedback_has_records_and_a_lock_token() {
    let transport = MockTransport::new();
    let hub = transport.hub();
    transport.respond_with(204, &[], "");
    assert_eq!(hub.receive_feedback_notification().await.unwrap(), None);
    let body = r#"[{"originalMessageId":"a1","description":"Success","statusCode":"Success","deviceGenerationId":"1",
        "deviceId":"x","enqueuedTimeUtc":"2015-10-10T23:35:19.9774002Z"},{"statusCode":"Shredded"}]"#;
    transport.respond_with(200, &[("etag", "\"lock-token-1\"")], body);
    let batch = hub.receive_feedback_notification().await.unwrap().unwrap();
    assert_eq!(
        (batch.lock_token.as_str(), batch.records.len()),
        ("lock-token-1", 2)
    );
    assert_eq!(
        batch.records[0].status_code,
        Some(FeedbackRecordStatusCode::Success)
    );
    assert_eq!(
        batch.records[1].status_code,
        Some(FeedbackRecordStatusCode::UnknownValue("Shredded".into()))
    );
    transport.respond_with(200, &[], body);
    let error = hub.receive_feedback_notification().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidResponse);
}

#[tokio::test]
async fn plug_and_play_responses_have_an_etag() {
    let transport = MockTransport::new();
    let hub = transport.hub();
    transport.respond_with(
        200,
        &[("etag", "\"AAAAAAAAAAE=\"")],
        r#"{"$dtId":"d","$metadata":{"$model":""}}"#,
    );
    let response = hub.get_digital_twin("d").await.unwrap();
    let precondition = response.precondition().unwrap();
    assert_eq!(response.into_model().unwrap()["$dtId"], "d");
    transport.respond_with(
        202,
        &[
            ("etag", "\"AAAAAAAAAAI=\""),
            ("location", "https://hub.example/digitaltwins/d"),
        ],
        "",
    );
    let patch = PlugAndPlayPatch::new().add("/x", 1).unwrap();
    let response = hub.update_digital_twin("d", &patch, precondition).await.unwrap();
    assert_eq!(response.etag(), Some(Etag::from("\"AAAAAAAAAAI=\"")));
}

#[tokio::test(start_paused = true)]
async fn client_waits_longer_for_a_method_than_the_service() {
    let transport = MockTransport::new();
    transport.hang();
    let begun = tokio::time::Instant::now();
    let slow = reboot()
        .with_connect_timeout(Duration::from_secs(60))
        .with_response_timeout(Duration::from_secs(300));
    let error = transport
        .hub()
        .invoke_device_method("d", &slow)
        .await
        .unwrap_err();
    assert_eq!(begun.elapsed().as_secs(), 375);
    assert!(error.is_timeout() && error.is_unknown_outcome(), "{error:?}");
}
