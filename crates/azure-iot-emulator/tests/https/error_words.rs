//! Error texts use the terms of the services and of HTTP, not the names of Rust types.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::support::Running;

/// Returns requests that are refused because of their content.
fn refused_requests(running: &Running) -> Vec<RequestBuilder> {
    let hub = |method: Method, path: &str, body: Value| running.hub(method, path).json(&body);
    let twins = |method: Method, path: &str, body: Value| {
        let url = format!(
            "{}{path}?api-version=2023-10-31",
            running.emulator.digitaltwins_endpoint()
        );
        let request = running.client.request(method, url).json(&body);
        request.bearer_auth(running.emulator.bearer_token())
    };
    let manage = |method: Method, path: &str, body: Value| {
        let url = format!("{}{path}", running.emulator.management_endpoint());
        running.client.request(method, url).json(&body)
    };
    let url = format!("{}/devices", running.emulator.iothub_endpoint());
    let without_version = running.client.get(url).header("authorization", running.token());
    let job = json!({"jobId": "j", "type": null, "queryCondition": "*", "startTime": null});
    vec![
        without_version,
        hub(Method::PUT, "/devices/a", json!({"deviceId": null})),
        hub(
            Method::PUT,
            "/devices/a",
            json!({"deviceId": "a", "status": null, "authentication": {"type": "x"}}),
        ),
        hub(Method::POST, "/devices", json!([{"id": null}])),
        hub(Method::POST, "/devices/query", json!({"query": null})),
        hub(Method::PUT, "/jobs/v2/j", job),
        hub(Method::POST, "/jobs/create", json!({"type": null})),
        hub(Method::PATCH, "/twins/a", json!({"tags": []})),
        hub(Method::POST, "/twins/a/methods", json!({"methodName": null})),
        hub(
            Method::PUT,
            "/configurations/c",
            json!({"id": null, "content": null}),
        ),
        hub(
            Method::PATCH,
            "/digitaltwins/a",
            json!([{"op": null, "path": null}]),
        ),
        twins(Method::POST, "/models", json!([[]])),
        twins(Method::PUT, "/digitaltwins/t", json!({"$metadata": null})),
        twins(Method::PATCH, "/digitaltwins/t", json!([{"op": null}])),
        twins(Method::POST, "/query", json!({"query": null})),
        twins(Method::PUT, "/eventroutes/r", json!({"endpointName": null})),
        twins(Method::PUT, "/jobs/imports/j", json!({"inputBlobUri": null})),
        manage(Method::PUT, "/clock", json!([])),
        manage(Method::PUT, "/clock", json!({"now": null})),
        manage(Method::POST, "/faults", json!({"action": null})),
        manage(Method::POST, "/tokens", json!({"lifetimeSeconds": "x"})),
        manage(Method::PUT, "/digitaltwins/rates", json!("x")),
        manage(Method::PUT, "/digitaltwins/webhooks/w", json!({"url": null})),
        manage(Method::PUT, "/iothub/tier", json!({"tier": null})),
        manage(
            Method::PUT,
            "/iothub/devices/a/connection",
            json!({"connected": null}),
        ),
    ]
}

/// Returns a body that the hub accepts for each operation with a body.
fn hub_bodies() -> Vec<(Method, &'static str, Value)> {
    let authentication = json!({
        "type": "sas",
        "symmetricKey": {"primaryKey": "MTIzNDU2Nzg5MDEyMzQ1Ng==", "secondaryKey": "MTIzNDU2Nzg5MDEyMzQ1Ng=="},
        "x509Thumbprint": {"primaryThumbprint": null, "secondaryThumbprint": null},
    });
    let method = json!({
        "methodName": "m",
        "payload": 1,
        "responseTimeoutInSeconds": 5,
        "connectTimeoutInSeconds": 0,
    });
    let job = |kind: &str, member: &str, action: &Value| {
        json!({
            "jobId": "j",
            "type": kind,
            "queryCondition": "*",
            "startTime": "",
            "maxExecutionTimeInSeconds": 60,
            member: action,
        })
    };
    let device = json!({
        "deviceId": "a",
        "status": "enabled",
        "statusReason": "x",
        "authentication": authentication,
        "capabilities": {"iotEdge": false},
        "deviceScope": "",
        "parentScopes": [],
    });
    let mut entry = device.clone();
    entry["id"] = json!("a");
    entry["importMode"] = json!("createOrUpdate");
    entry["eTag"] = json!("*");
    entry["tags"] = json!({"x": 1});
    entry["properties"] = json!({"desired": {"x": 1}});
    let twin = json!({"tags": {"x": 1}, "properties": {"desired": {"x": {"y": 1}}}});
    let module =
        json!({"deviceId": "a", "moduleId": "m", "managedBy": "x", "authentication": authentication});
    let mut update = twin.clone();
    update["etag"] = json!("*");
    let transfer = json!({
        "type": "export",
        "outputBlobContainerUri": "https://localhost/c",
        "outputBlobName": "b",
        "excludeKeysInExport": true,
        "storageAuthenticationType": "keyBased",
        "includeConfigurations": false,
        "configurationsBlobName": "c",
    });
    let configuration = json!({
        "id": "c",
        "schemaVersion": "1.0",
        "contentType": "x",
        "labels": {"x": "y"},
        "content": {"deviceContent": {"properties.desired.x": 1}},
        "targetCondition": "*",
        "priority": 1,
        "metrics": {"queries": {"q": "SELECT deviceId FROM devices"}},
    });
    let queries = json!({"targetCondition": "tags.a = 1", "customMetricQueries": {"q": "SELECT"}});
    vec![
        (Method::PUT, "/devices/a", device),
        (Method::POST, "/devices", json!([entry])),
        (Method::PUT, "/devices/a/modules/m", module),
        (
            Method::POST,
            "/devices/query",
            json!({"query": "SELECT * FROM devices"}),
        ),
        (Method::PATCH, "/twins/a", twin.clone()),
        (Method::PUT, "/twins/a", twin),
        (Method::POST, "/twins/a/methods", method.clone()),
        (
            Method::PUT,
            "/jobs/v2/j",
            job("scheduleDeviceMethod", "cloudToDeviceMethod", &method),
        ),
        (
            Method::PUT,
            "/jobs/v2/j",
            job("scheduleUpdateTwin", "updateTwin", &update),
        ),
        (Method::POST, "/jobs/create", transfer),
        (Method::PUT, "/configurations/c", configuration),
        (Method::POST, "/configurations/testQueries", queries),
        (
            Method::POST,
            "/devices/e/applyConfigurationContent",
            json!({"modulesContent": {"$edgeAgent": {"properties.desired": {"x": 1}}}}),
        ),
        (
            Method::PATCH,
            "/digitaltwins/a",
            json!([{"op": "add", "path": "/x", "value": 1}]),
        ),
    ]
}

/// Returns bodies that the management API accepts.
fn manage_bodies() -> Vec<(Method, &'static str, Value)> {
    let file = json!({"deviceId": "a", "blobUri": "u", "blobName": "b", "blobSizeInBytes": 1});
    let script = json!({"type": "reply", "status": 200, "payload": [1], "delayMilliseconds": 1});
    vec![
        (Method::PUT, "/iothub/tier", json!({"tier": "S1"})),
        (Method::PUT, "/iothub/throttling", json!({"enabled": false})),
        (Method::PUT, "/iothub/feedback", json!({"intervalSeconds": 1.5})),
        (Method::POST, "/iothub/fileNotifications", file),
        (
            Method::PUT,
            "/iothub/devices/a/connection",
            json!({"connected": false}),
        ),
        (Method::PATCH, "/iothub/devices/a/reported", json!({"x": 1})),
        (Method::PUT, "/iothub/devices/a/methods/m", script),
        (
            Method::POST,
            "/tokens",
            json!({"lifetimeSeconds": 60, "audience": "https://iothubs.azure.net"}),
        ),
        (Method::POST, "/clock/advance", json!({"seconds": 1})),
        (Method::PUT, "/clock", json!({"now": "2030-01-01T00:00:00Z"})),
        (Method::PUT, "/digitaltwins/queryLag", json!({"seconds": 0})),
        (Method::PUT, "/digitaltwins/rates", json!({"enabled": false})),
        (Method::PUT, "/digitaltwins/building", json!({"replace": false})),
        (
            Method::PUT,
            "/digitaltwins/webhooks/w",
            json!({"url": "http://localhost:9/"}),
        ),
        (
            Method::POST,
            "/faults",
            json!({"service": "digitaltwins", "method": "GET", "path": "/none", "skip": 0, "count": 1,
                "action": {"type": "status", "status": 500, "retryAfterSeconds": 1}}),
        ),
        (
            Method::POST,
            "/iothub/amqp/faults",
            json!({"address": "none", "count": 1, "action": {"type": "tokenStatus", "status": 401}}),
        ),
    ]
}

/// Returns copies of a body. In each copy, one part or the whole is replaced by a value of another type.
fn variations(body: &Value) -> Vec<Value> {
    let mut pointers = Vec::new();
    collect_pointers(body, String::new(), &mut pointers);
    let kinds = [
        json!(null),
        json!(true),
        json!(1.5),
        json!(-1),
        json!(u64::MAX),
        json!("text"),
        json!([]),
        json!([5]),
        json!({}),
        json!({"unknown": 1}),
    ];
    let mut variations = Vec::new();
    for pointer in &pointers {
        for kind in &kinds {
            let mut variation = body.clone();
            *variation.pointer_mut(pointer).unwrap() = kind.clone();
            variations.push(variation);
        }
    }
    variations
}

fn collect_pointers(value: &Value, at: String, pointers: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                collect_pointers(value, format!("{at}/{name}"), pointers);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                collect_pointers(value, format!("{at}/{index}"), pointers);
            }
        }
        _ => {}
    }
    pointers.push(at);
}

/// Asserts that a text contains no names of Rust types. Type names count only as whole words, because a hexadecimal
/// tracking id may contain `f64`.
#[track_caller]
fn assert_plain(text: &str, context: &str) {
    for part in [
        "Some(", "Option", "Ok(", "Err(", "struct ", "enum ", "variant", "tuple", "::",
    ] {
        assert!(!text.contains(part), "{context}: {part} in {text}");
    }
    let types = ["u32", "u64", "i32", "i64", "f64", "Duration", "None"];
    let mut words = text.split(|char: char| !char.is_alphanumeric());
    let found = words.find(|word| types.contains(word));
    assert_eq!(found, None, "{context}: {text}");
}

#[tokio::test]
async fn bodies_with_a_wrong_member_are_refused_in_plain_words() {
    let running = Running::start().await;
    running.create("a").await;
    let edge = json!({"deviceId": "e", "capabilities": {"iotEdge": true}});
    running
        .hub(Method::PUT, "/devices/e")
        .json(&edge)
        .send()
        .await
        .unwrap();
    let management = running.emulator.management_endpoint();
    let hub = hub_bodies()
        .into_iter()
        .map(|(method, path, body)| (method, path, body, true));
    let manage = manage_bodies()
        .into_iter()
        .map(|(method, path, body)| (method, path, body, false));
    for (method, path, body, is_hub) in hub.chain(manage) {
        let mut refused = 0;
        for variation in variations(&body) {
            let request = if is_hub {
                running.hub(method.clone(), path)
            } else {
                running
                    .client
                    .request(method.clone(), format!("{management}{path}"))
            };
            let response = request.json(&variation).send().await.unwrap();
            let status = response.status();
            let text = response.text().await.unwrap();
            let context = format!("{method} {path} {variation}");
            assert!(
                !status.is_server_error() || status == 504,
                "{context}: {status} {text}"
            );
            if !status.is_success() {
                refused += 1;
                assert_plain(&text, &context);
            }
        }
        assert!(refused > 0, "{method} {path}");
    }
}

#[tokio::test]
async fn errors_do_not_mention_rust_types() {
    let running = Running::start().await;
    running.create("a").await;
    for request in refused_requests(&running) {
        let response = request.send().await.unwrap();
        let url = response.url().to_string();
        assert!(response.status().is_client_error(), "{url} {}", response.status());
        let text = response.text().await.unwrap();
        for word in [
            "Some(", "Option", "Ok(", "Err(", "struct ", "enum ", "tuple", "::",
        ] {
            assert!(!text.contains(word), "{url}: {word} in {text}");
        }
    }
}
