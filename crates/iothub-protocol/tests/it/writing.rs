//! Encoding of requests.

use iothub_protocol::{OPERATIONS, types};
use serde_json::{Value, json};

use crate::capture::Capture;
use crate::{api, body, client, header, run};

#[test]
fn the_api_version_is_in_the_query_once_and_in_no_header() {
    let list = api().devices_get_devices_request(Some(7)).unwrap();
    let query = api()
        .query_get_twins_request(Some("next"), None, &types::QuerySpecification::default())
        .unwrap();
    assert_eq!(
        list.url.as_str(),
        "https://hub.example/devices?top=7&api-version=2024-03-31"
    );
    assert_eq!(
        query.url.as_str(),
        "https://hub.example/devices/query?api-version=2024-03-31"
    );
    assert_eq!(header(&query, "x-ms-continuation"), ["next"]);
    assert_eq!(header(&list, "api-version"), [""; 0]);
    assert_eq!(header(&query, "api-version"), [""; 0]);
}

#[test]
fn the_executor_receives_the_operation_metadata() {
    let capture = Capture::new(200, "[]");
    run(client(&capture).query_get_twins(None, None, &types::QuerySpecification::default())).unwrap();
    let row = capture.only().operation;
    assert_eq!(
        (row.id, row.method, row.path),
        ("query_get_twins", "POST", "/devices/query")
    );
    assert!(row.idempotent, "it only reads");
    assert_eq!(row.paging, azure_protocol_runtime::Paging::HeaderToken);
}

#[test]
fn the_operations_table_has_every_operation_once() {
    let mut ids: Vec<_> = OPERATIONS.iter().map(|o| o.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((ids.len(), OPERATIONS.len()), (43, 43));
    let not_repeatable = |id: &str| OPERATIONS.iter().any(|o| o.id == id && !o.idempotent);
    assert!(not_repeatable("devices_invoke_method"));
    assert!(not_repeatable("devices_update_twin"));
    assert!(not_repeatable("service_bulk_regenerate_device_key"));
}

#[test]
fn a_client_sends_the_api_version_that_it_was_given() {
    let url = |client: iothub_protocol::Client| client.devices_get_twin_request("d").unwrap().url;
    assert_eq!(iothub_protocol::API_VERSION, "2024-03-31");
    assert!(iothub_protocol::API_VERSIONS.contains(&iothub_protocol::API_VERSION));
    assert_eq!(url(api()).query(), Some("api-version=2024-03-31"));
    for version in ["2021-04-12", "2026-11-01", "2031-01-01-preview"] {
        let url = url(api().with_api_version(version));
        assert_eq!(url.query(), Some(format!("api-version={version}").as_str()));
    }
}

#[test]
fn regenerated_keys_are_not_in_debug_output() {
    let result: types::BulkRegenerateKeyResult = serde_json::from_value(json!({
        "rotatedKeys": [{"id": "d", "moduleId": null, "primaryKey": "c2VjcmV0LTE=", "secondaryKey": "c2VjcmV0LTI="}],
        "errors": [{"id": "e", "errorCode": 404_001}, {"id": "f", "errorCode": "DeviceNotFound"}]
    }))
    .unwrap();
    let keys = &result.rotated_keys.as_ref().unwrap()[0];
    assert_eq!(keys.primary_key.as_deref(), Some("c2VjcmV0LTE="));
    let text = format!("{result:?}");
    assert!(
        text.contains("DeviceNotFound") && !text.contains("c2VjcmV0"),
        "{text}"
    );
}

#[test]
fn a_method_payload_is_absent_null_or_any_json() {
    let sent = |payload: Option<Value>| {
        let call = types::CloudToDeviceMethod {
            method_name: Some("m".into()),
            payload,
            ..Default::default()
        };
        let request = api().devices_invoke_method_request("d", &call).unwrap();
        serde_json::from_str::<Value>(body(&request)).unwrap()
    };
    assert_eq!(sent(None), json!({ "methodName": "m" }));
    for payload in [
        json!(null),
        json!(1.5),
        json!("text"),
        json!([1, null]),
        json!({}),
        json!({ "a": null }),
    ] {
        assert_eq!(
            sent(Some(payload.clone())),
            json!({ "methodName": "m", "payload": payload })
        );
    }
}

#[test]
fn a_command_argument_may_be_null() {
    let capture = Capture::new(200, "null");
    let response =
        run(client(&capture).digital_twin_invoke_root_level_command("d", "c", None, Some(5), &Value::Null))
            .unwrap();
    assert_eq!(response.into_inner(), Value::Null);
    let sent = capture.only();
    assert_eq!(body(&sent), "null");
    assert_eq!(header(&sent, "content-type"), ["application/json"]);
    assert_eq!(
        sent.url.query(),
        Some("responseTimeoutInSeconds=5&api-version=2024-03-31")
    );
}

#[test]
fn empty_objects_and_lists_are_sent_and_absent_ones_are_not() {
    let mut twin = types::Twin::default();
    let empty = api().devices_update_twin_request("d", None, &twin).unwrap();
    twin.tags = Some(serde_json::Map::new());
    twin.parent_scopes = Some(vec![]);
    twin.properties = Some(types::TwinProperties {
        desired: Some(serde_json::Map::new()),
        ..Default::default()
    });
    let full = api()
        .devices_update_twin_request("d", Some("\"AAAA=\""), &twin)
        .unwrap();
    assert_eq!(body(&empty), "{}");
    assert_eq!(header(&empty, "if-match"), [""; 0]);
    assert_eq!(
        serde_json::from_str::<Value>(body(&full)).unwrap(),
        json!({ "tags": {}, "parentScopes": [], "properties": { "desired": {} } })
    );
    assert_eq!(header(&full, "if-match"), ["\"AAAA=\""]);
}

#[test]
fn a_null_inside_a_patch_reaches_the_service() {
    let tags = json!({ "floor": null, "room": { "door": null } });
    let twin = types::Twin {
        tags: tags.as_object().cloned(),
        ..Default::default()
    };
    let request = api().devices_update_twin_request("d", None, &twin).unwrap();
    assert_eq!(body(&request), json!({ "tags": tags }).to_string());
}

#[test]
fn an_invalid_header_value_is_refused() {
    let refused = api().devices_delete_identity_request("d", Some("a\nb"));
    assert!(matches!(refused, Err(iothub_protocol::Error::InvalidRequest(_))));
}

#[tokio::test]
async fn without_an_executor_reqwest_sends_the_request() {
    // The port was just released, so the connection is refused; the error contains the URL.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let base = format!("http://127.0.0.1:{port}");
    let client = iothub_protocol::Client::new_with_client(&base, reqwest::Client::new(), None);
    let Err(iothub_protocol::Error::CommunicationError(error)) = client.devices_get_twin("d").await else {
        panic!("expected a connection error");
    };
    assert_eq!(
        error.url().unwrap().as_str(),
        format!("{base}/twins/d?api-version=2024-03-31")
    );
}

#[test]
fn calls_are_send() {
    fn is_send<T: Send>(_: &T) {}
    let capture = Capture::new(200, "{}");
    let client = client(&capture);
    is_send(&client);
    is_send(&client.devices_get_twin("d"));
}
