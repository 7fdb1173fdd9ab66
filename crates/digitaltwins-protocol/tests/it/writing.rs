//! Encoding of requests.

use azure_protocol_runtime::{Paging, TypedRequest};
use digitaltwins_protocol::{OPERATIONS, types};
use serde_json::{Value, json};

use crate::{api, body, header};

/// ADT-HTTP-11.
#[test]
fn every_patch_has_the_json_patch_content_type() {
    let api = api();
    let patch = vec![json!({ "op": "replace", "path": "/temperature", "value": null })];
    let requests = [
        api.digital_twins_update_request("t", Some("W/\"1\""), None, None, &patch),
        api.digital_twins_update_relationship_request("t", "r", None, None, None, &patch),
        api.digital_twins_update_component_request("t", "c", None, None, None, &patch),
        api.digital_twin_models_update_request("dtmi:a;1", None, None, &patch)
            .map(TypedRequest::cast),
    ]
    .map(Result::unwrap);
    for request in &requests {
        assert_eq!(request.method, "PATCH");
        assert_eq!(header(request, "content-type"), ["application/json-patch+json"]);
        assert_eq!(
            body(request),
            r#"[{"op":"replace","path":"/temperature","value":null}]"#
        );
        assert_eq!(
            request.operation.request_content_type,
            Some("application/json-patch+json")
        );
    }
    assert_eq!(header(&requests[0], "if-match"), ["W/\"1\""]);
    let patches = OPERATIONS
        .iter()
        .filter(|o| o.request_content_type == Some("application/json-patch+json"));
    assert_eq!(
        patches.count(),
        requests.len(),
        "every operation with a JSON Patch body is listed"
    );
}

#[test]
fn other_bodies_are_json() {
    let request = api()
        .digital_twins_add_request("t", Some("*"), None, None, &json!({}))
        .unwrap();
    assert_eq!(header(&request, "content-type"), ["application/json"]);
    assert_eq!(header(&request, "if-none-match"), ["*"]);
    assert_eq!(body(&request), "{}");
}

#[test]
fn the_api_version_is_in_the_query_once_and_in_no_header() {
    let roots = vec!["dtmi:a;1".to_owned(), "dtmi:b&c;1".to_owned()];
    let list = api()
        .digital_twin_models_list_request(Some(&roots), Some(true), Some(5), None, None)
        .unwrap();
    let query = api()
        .query_query_twins_request(None, None, None, &types::QuerySpecification::default())
        .unwrap();
    assert_eq!(
        list.url.as_str(),
        "https://twins.example/models?dependenciesFor=dtmi%3Aa%3B1&dependenciesFor=dtmi%3Ab%26c%3B1\
         &includeModelDefinition=true&api-version=2023-10-31"
    );
    assert_eq!(header(&list, "max-items-per-page"), ["5"]);
    assert_eq!(
        query.url.as_str(),
        "https://twins.example/query?api-version=2023-10-31"
    );
    assert_eq!(header(&list, "api-version"), [""; 0]);
    assert_eq!(header(&query, "api-version"), [""; 0]);
}

#[test]
fn an_empty_list_of_models_is_serialized() {
    let request = api()
        .digital_twin_models_add_request(None, None, &vec![])
        .unwrap();
    assert_eq!(body(&request), "[]");
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
        let time = Some("2030-01-01T00:00:00Z");
        let request = api()
            .digital_twins_send_telemetry_request("t", "id-1", time, None, None, &payload)
            .unwrap();
        assert_eq!(body(&request), payload.to_string());
        assert_eq!(header(&request, "message-id"), ["id-1"]);
        assert_eq!(
            header(&request, "telemetry-source-time"),
            ["2030-01-01T00:00:00Z"]
        );
    }
}

#[test]
fn the_operations_table_has_paging_and_idempotency() {
    assert_eq!(OPERATIONS.len(), 32);
    let row = |id: &str| OPERATIONS.iter().find(|o| o.id == id).unwrap();
    assert_eq!(row("digital_twin_models_list").paging, Paging::NextLink);
    assert_eq!(row("query_query_twins").paging, Paging::BodyToken);
    assert!(row("query_query_twins").idempotent, "it only reads");
    assert_eq!(row("digital_twins_get_by_id").paging, Paging::None);
    assert!(!row("digital_twins_update").idempotent);
    assert!(!row("digital_twin_models_add").idempotent);
}
