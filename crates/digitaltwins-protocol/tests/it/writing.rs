//! Requests.

use azure_protocol_runtime::Paging;
use digitaltwins_protocol::{OPERATIONS, types};
use serde_json::{Value, json};

use crate::capture::Capture;
use crate::{client, run};

#[test]
fn every_json_patch_says_that_it_is_one() {
    let capture = Capture::new(204, "");
    let client = client(&capture);
    let patch = vec![json!({ "op": "replace", "path": "/temperature", "value": null })];
    run(client.digital_twins_update("t", Some("W/\"1\""), None, None, &patch)).unwrap();
    run(client.digital_twins_update_relationship("t", "r", None, None, None, &patch)).unwrap();
    run(client.digital_twins_update_component("t", "c", None, None, None, &patch)).unwrap();
    run(client.digital_twin_models_update("dtmi:a;1", None, None, &patch)).unwrap();
    let sent = capture.sent();
    for request in &sent {
        assert_eq!(request.method, "PATCH");
        assert_eq!(request.header("content-type"), ["application/json-patch+json"]);
        assert_eq!(
            request.body,
            r#"[{"op":"replace","path":"/temperature","value":null}]"#
        );
        assert_eq!(
            request.operation.request_content_type,
            Some("application/json-patch+json")
        );
    }
    assert_eq!(sent[0].header("if-match"), ["W/\"1\""]);
    let patches = OPERATIONS
        .iter()
        .filter(|o| o.request_content_type == Some("application/json-patch+json"));
    assert_eq!(patches.count(), sent.len(), "no operation was forgotten");
}

#[test]
fn other_bodies_are_json() {
    let capture = Capture::new(200, "{}");
    run(client(&capture).digital_twins_add("t", Some("*"), None, None, &json!({}))).unwrap();
    let sent = capture.only();
    assert_eq!(sent.header("content-type"), ["application/json"]);
    assert_eq!(sent.header("if-none-match"), ["*"]);
    assert_eq!(sent.body, "{}");
}

#[test]
fn the_version_is_in_the_query_once_and_in_no_header() {
    let capture = Capture::new(200, r#"{"value":[]}"#);
    let client = client(&capture);
    let roots = vec!["dtmi:a;1".to_owned(), "dtmi:b&c;1".to_owned()];
    run(client.digital_twin_models_list(Some(&roots), Some(true), Some(5), None, None)).unwrap();
    run(client.query_query_twins(None, None, None, &types::QuerySpecification::default())).unwrap();
    let sent = capture.sent();
    assert_eq!(
        sent[0].url,
        "https://twins.example/models?dependenciesFor=dtmi%3Aa%3B1&dependenciesFor=dtmi%3Ab%26c%3B1\
         &includeModelDefinition=true&api-version=2023-10-31"
    );
    assert_eq!(sent[0].header("max-items-per-page"), ["5"]);
    assert_eq!(sent[1].url, "https://twins.example/query?api-version=2023-10-31");
    for request in sent {
        assert_eq!(request.header("api-version"), [""; 0]);
    }
}

#[test]
fn lists_that_the_caller_left_empty_are_sent() {
    let capture = Capture::new(201, "[]");
    run(client(&capture).digital_twin_models_add(None, None, &vec![])).unwrap();
    assert_eq!(capture.only().body, "[]");
}

#[test]
fn telemetry_may_be_any_json() {
    for payload in [
        Value::Null,
        json!(1),
        json!("x"),
        json!([]),
        json!({ "temperature": 21.5 }),
    ] {
        let capture = Capture::new(204, "");
        run(client(&capture).digital_twins_send_telemetry(
            "t",
            "id-1",
            Some("2030-01-01T00:00:00Z"),
            None,
            None,
            &payload,
        ))
        .unwrap();
        let sent = capture.only();
        assert_eq!(sent.body, payload.to_string());
        assert_eq!(sent.header("message-id"), ["id-1"]);
        assert_eq!(sent.header("telemetry-source-time"), ["2030-01-01T00:00:00Z"]);
    }
}

#[test]
fn the_table_says_how_pages_continue_and_what_may_be_repeated() {
    assert_eq!(OPERATIONS.len(), 32);
    let row = |id: &str| OPERATIONS.iter().find(|o| o.id == id).unwrap();
    assert_eq!(row("digital_twin_models_list").paging, Paging::NextLink);
    assert_eq!(row("query_query_twins").paging, Paging::BodyToken);
    assert!(row("query_query_twins").idempotent, "it only reads");
    assert_eq!(row("digital_twins_get_by_id").paging, Paging::None);
    assert!(!row("digital_twins_update").idempotent);
    assert!(!row("digital_twin_models_add").idempotent);
}
