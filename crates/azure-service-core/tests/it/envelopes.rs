//! Every body in which a service, a gateway or a proxy reports an error.

use super::support::*;
use azure_service_core::{Error, ErrorKind};

async fn error_of(reply: Reply) -> Error {
    let script = Script::new([reply]);
    let options = azure_core::http::ClientOptions {
        retry: azure_core::http::RetryOptions::none(),
        ..script.options()
    };
    get(&client(ENDPOINT, &anonymous(), options)).await.unwrap_err()
}

/// HUB-ERROR-3, HUB-ERROR-4, HUB-WIRE-5.
#[tokio::test]
async fn envelopes_are_understood() {
    let tracking = "Tracking ID:8d08ff11-G:9-TimeStamp:10/15/2018 03:54:24";
    let hub =
        |message: &str| serde_json::json!({"Message": message, "ExceptionMessage": tracking}).to_string();
    let numbered = r#"{"errorCode":404103,"trackingId":"ab-G2:-TimeStamp:x","message":"Timed out waiting for device to connect.","info":{"timeout":"00:00:00"},"timestampUtc":"2019-11-12T22:27:46.5615872Z"}"#;
    let cases = [
        (
            "digitaltwins",
            answer(
                400,
                r#"{"error":{"code":"ValidationFailed","message":"bad","details":[{"code":"A","message":"a","target":"/x"},{"code":"B"},7],"innererror":{"code":"Inner"}}}"#,
            )
            .header("x-ms-error-code", "ValidationFailed")
            .header("mise-correlation-id", "5b9d"),
        ),
        (
            "digitaltwins_throttled",
            answer(429, r#"{"error":{"statusCode":429,"message":"Maximum request rate limit reached."}}"#)
                .header("retry-after", "6"),
        ),
        ("gateway", answer(401, r#"{"statusCode":401,"message":"Unauthorized"}"#)),
        (
            "hub_name",
            answer(404, hub("ErrorCode:DeviceNotFound;sensor-thl-002"))
                .header("iothub-errorcode", "DeviceNotFound")
                .header("x-ms-request-id", "f3b2"),
        ),
        ("hub_name_without_text", answer(409, hub("ErrorCode:DeviceAlreadyExists"))),
        (
            "hub_number",
            answer(409, r#"{"errorCode":409301,"message":"Device d already contains Module m.","trackingId":"985A-G2:-TimeStamp:x","timestampUtc":"2026-08-15T09:09:19Z"}"#)
                .header("iothub-errorcode", "ModuleAlreadyExistsOnDevice"),
        ),
        (
            "hub_string",
            answer(404, serde_json::json!({"Message": numbered, "ExceptionMessage": ""}).to_string()),
        ),
        ("hub_text", answer(500, r#"{"Message":"An error has occurred."}"#)),
        ("string", answer(400, serde_json::to_string(numbered).unwrap())),
        (
            "problem",
            answer(502, r#"{"type":"about:blank","title":"Bad Gateway","detail":"upstream is gone","status":502}"#)
                .header("content-type", "application/problem+json"),
        ),
        ("entra", answer(400, r#"{"error":"invalid_request","error_description":"no scope"}"#)),
        ("html", answer(503, "<html><body>Service Unavailable</body></html>\n")),
        ("truncated", answer(404, r#"{"error":{"code":"DigitalTwinNot"#)),
        ("empty", answer(403, "")),
        ("null", answer(404, r#"{"error":null}"#)),
        ("array", answer(500, "[1]")),
        ("header_only", answer(412, "").header("iothub-errorcode", "PreconditionFailed")),
        ("teapot", answer(418, "short and stout")),
        ("unexpected_success", answer(299, r#"{"name":"s3cret"}"#)),
    ];
    for (name, reply) in cases {
        let error = error_of(reply).await;
        insta::assert_snapshot!(name, format!("{error}\n\n{error:#?}"));
    }
}

#[tokio::test]
async fn a_long_body_is_cut() {
    for body in [
        "x".repeat(100_000),
        "ü".repeat(100_000),
        "\u{1F600}".repeat(100_000),
    ] {
        let error = error_of(answer(500, body)).await;
        let excerpt = error.body().unwrap();
        assert_eq!(excerpt.chars().count(), 1001);
        assert!(excerpt.ends_with('…'));
        assert!(error.to_string().chars().count() < 1200);
    }
}

#[tokio::test]
async fn strings_in_strings_end_somewhere() {
    let mut body = r#"{"Message":"deep"}"#.to_owned();
    for _ in 0..10 {
        body = serde_json::json!({ "Message": body }).to_string();
    }
    assert_eq!(error_of(answer(500, body)).await.status(), Some(500));
}

#[tokio::test]
async fn predicates_tell_errors_apart() {
    type Is = fn(&Error) -> bool;
    let predicates: [(&str, Is); 7] = [
        ("not_found", Error::is_not_found),
        ("conflict", Error::is_conflict),
        ("precondition_failed", Error::is_precondition_failed),
        ("throttled", Error::is_throttled),
        ("unauthorized", Error::is_unauthorized),
        ("forbidden", Error::is_forbidden),
        ("timeout", Error::is_timeout),
    ];
    let cases = [
        (answer(404, ""), "not_found"),
        (answer(409, ""), "conflict"),
        (answer(412, ""), "precondition_failed"),
        (answer(429, ""), "throttled"),
        (answer(401, ""), "unauthorized"),
        (answer(403, ""), "forbidden"),
        (answer(504, ""), "timeout"),
    ];
    for (reply, expected) in cases {
        let error = error_of(reply).await;
        let holding: Vec<_> = predicates
            .iter()
            .filter(|(_, is)| is(&error))
            .map(|(name, _)| *name)
            .collect();
        assert_eq!(holding, [expected], "{error}");
    }
}

#[tokio::test]
async fn a_success_that_is_no_json_shows_when_it_is_decoded() {
    for body in ["<html>", "", r#"{"name":"#, r#"{"name":7}"#] {
        let script = Script::new([answer(200, body)]);
        let error = get(&script.client()).await.unwrap_err();
        assert_eq!(
            (error.kind(), script.count()),
            (ErrorKind::InvalidResponse, 1),
            "{body}"
        );
        assert!(error.message().is_some());
        assert!(std::error::Error::source(&error).is_none(), "said twice");
    }
}

#[tokio::test]
async fn code_in_a_header_goes_before_the_one_in_the_body() {
    let numbered = r#"{"errorCode":404103}"#;
    for (reply, expected) in [
        (answer(404, numbered), "404103"),
        (
            answer(404, numbered).header("x-ms-error-code", "NotOnline"),
            "NotOnline",
        ),
        (
            answer(404, numbered)
                .header("x-ms-error-code", "NotFound")
                .header("things-errorcode", "NotOnline"),
            "NotOnline",
        ),
    ] {
        let error = error_of(reply).await;
        assert_eq!(error.code(), Some(expected));
        assert!(error.has_code(&["Other", expected]) && !error.has_code(&["Other"]));
    }
}

#[tokio::test]
async fn three_details_are_shown_and_the_rest_is_counted() {
    let detail = |n: u32| serde_json::json!({"code": "Invalid", "message": format!("wrong {n}"), "target": format!("/p{n}")});
    let body = |count: u32| {
        let details: Vec<_> = (1..=count).map(detail).collect();
        serde_json::json!({"error": {"code": "ValidationFailed", "message": "bad", "details": details}})
            .to_string()
    };
    let error = error_of(answer(400, body(3))).await;
    assert_eq!(
        error.to_string(),
        "the service answered 400 ValidationFailed: bad [/p1: wrong 1; /p2: wrong 2; /p3: wrong 3] (get_thing)"
    );
    let error = error_of(answer(400, body(5)).header("x-ms-request-id", "f3b2")).await;
    assert_eq!(error.details().len(), 5);
    assert!(
        error
            .to_string()
            .ends_with("/p3: wrong 3; and 2 more] (get_thing, request id f3b2)"),
        "{error}"
    );
}

#[tokio::test]
async fn retryable_is_what_may_pass_and_does_no_harm() {
    let never = [400, 401, 403, 404, 409, 412, 501];
    for status in never {
        assert!(!error_of(answer(status, "")).await.is_retryable(), "{status}");
    }
    for status in [408, 429, 500, 502, 503, 504] {
        assert!(error_of(answer(status, "")).await.is_retryable(), "{status}");
    }
    assert!(error_of(Reply::Break).await.is_retryable() && error_of(Reply::Refuse).await.is_retryable());

    let once = |reply: Reply| async move {
        let script = Script::new([reply]);
        let options = azure_core::http::ClientOptions {
            retry: azure_core::http::RetryOptions::none(),
            ..script.options()
        };
        invoke(&client(ENDPOINT, &anonymous(), options))
            .await
            .unwrap_err()
    };
    for reply in [answer(408, ""), answer(500, ""), answer(503, ""), Reply::Break] {
        assert!(!once(reply.clone()).await.is_retryable(), "{reply:?}");
    }
    for reply in [
        answer(429, ""),
        answer(503, "").header("retry-after", "1"),
        Reply::Refuse,
    ] {
        assert!(once(reply.clone()).await.is_retryable(), "{reply:?}");
    }
}

#[tokio::test]
async fn azure_cores_error_carries_ours_there_and_back() {
    let error = error_of(answer(404, r#"{"error":{"code":"X","message":"gone"}}"#)).await;
    let there = azure_core::Error::from(error.clone());
    assert_eq!(there.http_status().map(u16::from), Some(404));
    assert_eq!(there.to_string(), error.to_string());
    let back = Error::from(there.with_context("on the way"));
    assert_eq!(format!("{back:?}"), format!("{error:?}"));
}
