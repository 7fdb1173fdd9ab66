//! Error response bodies of services, gateways and proxies.

use super::support::*;
use azure_service_core::{Error, ErrorKind};

async fn error_of(reply: Reply) -> Error {
    let transport = MockTransport::new([reply]);
    let options = azure_core::http::ClientOptions {
        retry: azure_core::http::RetryOptions::none(),
        ..transport.options()
    };
    get(&client(ENDPOINT, &anonymous(), options)).await.unwrap_err()
}

/// HUB-ERROR-3, HUB-ERROR-4, HUB-WIRE-5.
#[tokio::test]
async fn error_bodies_are_parsed() {
    let tracking = "Tracking ID:8d08ff11-G:9-TimeStamp:10/15/2018 03:54:24";
    let hub =
        |message: &str| serde_json::json!({"Message": message, "ExceptionMessage": tracking}).to_string();
    let numbered = r#"{"errorCode":404103,"trackingId":"ab-G2:-TimeStamp:x","message":"Timed out waiting for device to connect.","info":{"timeout":"00:00:00"},"timestampUtc":"2019-11-12T22:27:46.5615872Z"}"#;
    let cases = [
        (
            "digitaltwins",
            respond(
                400,
                r#"{"error":{"code":"ValidationFailed","message":"bad","details":[{"code":"A","message":"a","target":"/x"},{"code":"B"},7],"innererror":{"code":"Inner"}}}"#,
            )
            .header("x-ms-error-code", "ValidationFailed")
            .header("mise-correlation-id", "5b9d"),
        ),
        (
            "digitaltwins_throttled",
            respond(429, r#"{"error":{"statusCode":429,"message":"Maximum request rate limit reached."}}"#)
                .header("retry-after", "6"),
        ),
        ("gateway", respond(401, r#"{"statusCode":401,"message":"Unauthorized"}"#)),
        (
            "hub_name",
            respond(404, hub("ErrorCode:DeviceNotFound;sensor-thl-002"))
                .header("iothub-errorcode", "DeviceNotFound")
                .header("x-ms-request-id", "f3b2"),
        ),
        ("hub_name_without_text", respond(409, hub("ErrorCode:DeviceAlreadyExists"))),
        (
            "hub_number",
            respond(409, r#"{"errorCode":409301,"message":"Device d already contains Module m.","trackingId":"985A-G2:-TimeStamp:x","timestampUtc":"2026-08-15T09:09:19Z"}"#)
                .header("iothub-errorcode", "ModuleAlreadyExistsOnDevice"),
        ),
        (
            "hub_string",
            respond(404, serde_json::json!({"Message": numbered, "ExceptionMessage": ""}).to_string()),
        ),
        ("hub_text", respond(500, r#"{"Message":"An error has occurred."}"#)),
        ("string", respond(400, serde_json::to_string(numbered).unwrap())),
        (
            "problem",
            respond(502, r#"{"type":"about:blank","title":"Bad Gateway","detail":"upstream is gone","status":502}"#)
                .header("content-type", "application/problem+json"),
        ),
        ("entra", respond(400, r#"{"error":"invalid_request","error_description":"no scope"}"#)),
        ("html", respond(503, "<html><body>Service Unavailable</body></html>\n")),
        ("truncated", respond(404, r#"{"error":{"code":"DigitalTwinNot"#)),
        ("empty", respond(403, "")),
        ("null", respond(404, r#"{"error":null}"#)),
        ("array", respond(500, "[1]")),
        ("header_only", respond(412, "").header("iothub-errorcode", "PreconditionFailed")),
        ("teapot", respond(418, "short and stout")),
        ("unexpected_success", respond(299, r#"{"name":"s3cret"}"#)),
    ];
    for (name, reply) in cases {
        let error = error_of(reply).await;
        insta::assert_snapshot!(name, format!("{error}\n\n{error:#?}"));
    }
}

#[tokio::test]
async fn long_body_is_truncated() {
    for body in [
        "x".repeat(100_000),
        "ü".repeat(100_000),
        "\u{1F600}".repeat(100_000),
    ] {
        let error = error_of(respond(500, body)).await;
        let excerpt = error.body().unwrap();
        assert_eq!(excerpt.chars().count(), 1001);
        assert!(excerpt.ends_with('…'));
        assert!(error.to_string().chars().count() < 1200);
    }
}

#[tokio::test]
async fn nested_json_strings_are_parsed_one_level_deep() {
    let mut body = r#"{"Message":"deep"}"#.to_owned();
    for _ in 0..10 {
        body = serde_json::json!({ "Message": body }).to_string();
    }
    assert_eq!(error_of(respond(500, body)).await.status(), Some(500));
}

#[tokio::test]
async fn each_status_has_one_predicate() {
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
        (respond(404, ""), "not_found"),
        (respond(409, ""), "conflict"),
        (respond(412, ""), "precondition_failed"),
        (respond(429, ""), "throttled"),
        (respond(401, ""), "unauthorized"),
        (respond(403, ""), "forbidden"),
        (respond(504, ""), "timeout"),
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
async fn success_with_an_invalid_body_fails_when_it_is_decoded() {
    for body in ["<html>", "", r#"{"name":"#, r#"{"name":7}"#] {
        let transport = MockTransport::new([respond(200, body)]);
        let error = get(&transport.client()).await.unwrap_err();
        assert_eq!(
            (error.kind(), transport.count()),
            (ErrorKind::InvalidResponse, 1),
            "{body}"
        );
        assert!(error.message().is_some());
        assert!(std::error::Error::source(&error).is_none(), "no repetition");
    }
}

#[tokio::test]
async fn code_in_a_header_takes_precedence_over_the_body() {
    let numbered = r#"{"errorCode":404103}"#;
    for (reply, expected) in [
        (respond(404, numbered), "404103"),
        (
            respond(404, numbered).header("x-ms-error-code", "NotOnline"),
            "NotOnline",
        ),
        (
            respond(404, numbered)
                .header("x-ms-error-code", "NotFound")
                .header("rooms-errorcode", "NotOnline"),
            "NotOnline",
        ),
    ] {
        let error = error_of(reply).await;
        assert_eq!(error.code(), Some(expected));
        assert!(error.has_code(&["Other", expected]) && !error.has_code(&["Other"]));
    }
}

#[tokio::test]
async fn display_shows_three_details_and_counts_the_rest() {
    let detail = |n: u32| serde_json::json!({"code": "Invalid", "message": format!("wrong {n}"), "target": format!("/p{n}")});
    let body = |count: u32| {
        let details: Vec<_> = (1..=count).map(detail).collect();
        serde_json::json!({"error": {"code": "ValidationFailed", "message": "bad", "details": details}})
            .to_string()
    };
    let error = error_of(respond(400, body(3))).await;
    assert_eq!(
        error.to_string(),
        "the service returned 400 ValidationFailed: bad [/p1: wrong 1; /p2: wrong 2; /p3: wrong 3] (get_room)"
    );
    let error = error_of(respond(400, body(5)).header("x-ms-request-id", "f3b2")).await;
    assert_eq!(error.details().len(), 5);
    assert!(
        error
            .to_string()
            .ends_with("/p3: wrong 3; and 2 more] (get_room, request id f3b2)"),
        "{error}"
    );
}

#[tokio::test]
async fn retryable_errors_are_temporary_and_safe_to_repeat() {
    let never = [400, 401, 403, 404, 409, 412, 501];
    for status in never {
        assert!(!error_of(respond(status, "")).await.is_retryable(), "{status}");
    }
    for status in [408, 429, 500, 502, 503, 504] {
        assert!(error_of(respond(status, "")).await.is_retryable(), "{status}");
    }
    assert!(error_of(Reply::Break).await.is_retryable() && error_of(Reply::Refuse).await.is_retryable());

    let once = |reply: Reply| async move {
        let transport = MockTransport::new([reply]);
        let options = azure_core::http::ClientOptions {
            retry: azure_core::http::RetryOptions::none(),
            ..transport.options()
        };
        invoke(&client(ENDPOINT, &anonymous(), options))
            .await
            .unwrap_err()
    };
    for reply in [respond(408, ""), respond(500, ""), respond(503, ""), Reply::Break] {
        assert!(!once(reply.clone()).await.is_retryable(), "{reply:?}");
    }
    for reply in [
        respond(429, ""),
        respond(503, "").header("retry-after", "1"),
        Reply::Refuse,
    ] {
        assert!(once(reply.clone()).await.is_retryable(), "{reply:?}");
    }
}

#[tokio::test]
async fn conversion_to_azure_core_error_and_back_is_lossless() {
    let error = error_of(respond(404, r#"{"error":{"code":"X","message":"gone"}}"#)).await;
    let converted = azure_core::Error::from(error.clone());
    assert_eq!(converted.http_status().map(u16::from), Some(404));
    assert_eq!(converted.to_string(), error.to_string());
    let restored = Error::from(converted.with_context("context"));
    assert_eq!(format!("{restored:?}"), format!("{error:?}"));
}
