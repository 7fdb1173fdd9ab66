//! Section 0: what all answers share.

use emulator::{Refusal, Service};
use http::{Method, StatusCode};
use serde_json::json;

use crate::fixture::Instance;

/// Section 0: headers of every answer, errors included.
#[test]
fn every_answer_names_itself_and_its_trace() {
    let instance = Instance::with_building();
    for path in ["/digitaltwins/room-1", "/digitaltwins/none", "/nothing"] {
        let reply = instance.get(path);
        assert_eq!(
            reply.header("mise-correlation-id").map(str::len),
            Some(36),
            "{path}"
        );
        let trace = reply.header("traceresponse").expect("a trace").to_owned();
        let parts: Vec<_> = trace.split('-').map(str::len).collect();
        assert_eq!(parts, [2, 32, 16, 2], "{trace}");
        assert_eq!(
            reply.header("content-type"),
            Some("application/json; charset=utf-8")
        );
    }
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let reply = instance.send(
        Method::GET,
        "/digitaltwins/room-1",
        None,
        &[("traceparent", parent)],
    );
    let trace = reply.header("traceresponse").expect("a trace");
    assert!(
        trace.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-") && trace != parent,
        "{trace}"
    );
}

/// Section 0: the api-version is required, and one that is known.
#[test]
fn api_versions() {
    let instance = Instance::with_building();
    for version in ["2020-10-31", "2022-05-31", "2023-06-30", "2023-10-31"] {
        assert_eq!(
            instance
                .get(&format!("/digitaltwins/room-1?api-version={version}"))
                .status,
            200,
            "{version}"
        );
    }
    assert_eq!(
        instance
            .get("/digitaltwins/room-1?API-Version=2023-10-31&api-version=")
            .status,
        200
    );
    for query in ["api-version=", "api-version=2019-01-01", "x=api-version"] {
        let reply = instance.get(&format!("/digitaltwins/room-1?{query}"));
        assert_eq!(reply.status, 400, "{query}");
        assert!(reply.message().contains("api-version"), "{}", reply.body);
    }
}

/// Section 0: the oldest version has no header with the code.
#[test]
fn the_code_header_came_with_the_second_version() {
    let instance = Instance::new();
    let code = |version: &str| {
        let reply = instance.get(&format!("/digitaltwins/none?api-version={version}"));
        assert_eq!((reply.status, reply.code()), (404, "DigitalTwinNotFound"));
        reply.header("x-ms-error-code").map(str::to_owned)
    };
    assert_eq!(code("2020-10-31"), None);
    assert_eq!(code("2022-05-31").as_deref(), Some("DigitalTwinNotFound"));
}

/// Paths and methods that the service does not have either.
#[test]
fn unknown_routes() {
    let instance = Instance::new();
    for path in [
        "/",
        "/digitaltwins",
        "/digitaltwins/",
        "/twins/a",
        "/digitaltwins/a/b/c/d/e",
    ] {
        assert_eq!(instance.get(path).status, 404, "{path}");
    }
    assert_eq!(instance.post("/digitaltwins/a", &json!({})).status, 405);
    assert_eq!(instance.get("/query").status, 405);
    // One trailing slash does not count.
    assert_eq!(instance.get("/digitaltwins/a/").code(), "DigitalTwinNotFound");
}

/// Case 76 and section 0: the gateway's own bodies.
#[test]
fn refusals_of_the_gateway() {
    let instance = Instance::new();
    let reply = instance
        .service
        .refuse(&Refusal::Fault(StatusCode::TOO_MANY_REQUESTS), "id");
    assert_eq!(reply.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(
        reply.body_json().expect("JSON"),
        json!({"error": {"statusCode": 429, "message": "Maximum request rate limit reached. For Azure Digital Twins rate limiting details please see http://aka.ms/dtv2limits."}})
    );
    let reply = instance
        .service
        .refuse(&Refusal::Fault(StatusCode::SERVICE_UNAVAILABLE), "id");
    assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE);
    let reply = instance.service.refuse(&Refusal::BodyTooLarge { limit: 5 }, "id");
    assert_eq!(reply.status, StatusCode::PAYLOAD_TOO_LARGE);
    let reply = instance
        .service
        .refuse(&Refusal::BadRequest("the path is bad".to_owned()), "id");
    assert_eq!(
        reply.body_json().expect("JSON")["error"]["code"],
        "InvalidArgument"
    );
}
