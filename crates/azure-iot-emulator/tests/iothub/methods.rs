use std::time::Duration;

use azure_iot_emulator::MethodScript;
use serde_json::{Value, json};

use crate::support::{Hub, Response, build};

/// Returns a hub with a connected device that responds to `echo` and `fail` immediately and to `slow` after ten
/// seconds.
fn hub() -> Hub {
    let hub = Hub::new();
    hub.create("a");
    hub.put("/devices/a/modules/m", &json!({"deviceId": "a", "moduleId": "m"}))
        .ok();
    hub.engine.set_connected("a", None, true).unwrap();
    let script = |name: &str, script: MethodScript| hub.engine.on_method("a", None, name, script).unwrap();
    script("echo", MethodScript::Echo { status: 200 });
    script("fail", MethodScript::reply(503, json!("no")));
    script(
        "slow",
        MethodScript::reply_after(Duration::from_secs(10), 200, Value::Null),
    );
    script("silent", MethodScript::Silent);
    hub
}

fn call(hub: &Hub, path: &str, body: &Value) -> Response {
    hub.send("POST", path, None, Some(body))
}

/// Asserts that the response is an error that is JSON in a JSON string (HUB-ERROR-4, HUB-METHOD-12), with `code` in its
/// header. Returns its error number, message and info.
#[track_caller]
fn assert_nested_error(response: &Response, code: &str) -> (u64, String, Value) {
    assert_eq!(
        response.header("iothub-errorcode"),
        Some(code),
        "{}",
        response.body
    );
    assert_eq!(response.body["ExceptionMessage"], "");
    let inner: Value = serde_json::from_str(response.body["Message"].as_str().unwrap()).unwrap();
    let number = inner["errorCode"].as_u64().unwrap();
    assert_eq!(u64::from(response.status), number / 1000);
    assert!(inner["trackingId"].is_string() && inner["timestampUtc"] == "2026-03-01T12:00:00.1234567Z");
    (
        number,
        inner["message"].as_str().unwrap().to_owned(),
        inner["info"].clone(),
    )
}

/// HUB-METHOD-9, HUB-METHOD-12.
#[test]
fn method_of_unknown_device_or_module_is_not_found() {
    let hub = hub();
    let body = json!({"methodName": "echo"});
    assert_eq!(
        assert_nested_error(&call(&hub, "/twins/b/methods", &body), "DeviceNotFound").0,
        404_001
    );
    assert_eq!(
        assert_nested_error(&call(&hub, "/twins/b/modules/m/methods", &body), "DeviceNotFound").0,
        404_001
    );
    assert_eq!(
        assert_nested_error(&call(&hub, "/twins/a/modules/n/methods", &body), "ModuleNotFound").0,
        404_010
    );
}

/// HUB-METHOD-10, HUB-METHOD-12, HUB-ERROR-11: the device is offline or has no such method.
#[test]
fn method_of_offline_device_is_not_online() {
    let hub = hub();
    for (path, method) in [
        ("/twins/a/methods", "unknown"),
        ("/twins/a/modules/m/methods", "echo"),
    ] {
        let (number, message, info) = assert_nested_error(
            &call(&hub, path, &json!({"methodName": method})),
            "DeviceNotOnline",
        );
        assert_eq!(
            (number, message.as_str()),
            (404_103, "Timed out waiting for device to connect.")
        );
        assert_eq!(info, json!({"timeout": "00:00:00"}));
    }
    hub.engine.set_connected("a", None, false).unwrap();
    assert_nested_error(
        &call(&hub, "/twins/a/methods", &json!({"methodName": "echo"})),
        "DeviceNotOnline",
    );
    // A device that is registered again has no scripts.
    hub.delete("/devices/a", "*");
    hub.create("a");
    hub.engine.set_connected("a", None, true).unwrap();
    assert_nested_error(
        &call(&hub, "/twins/a/methods", &json!({"methodName": "echo"})),
        "DeviceNotOnline",
    );
}

/// HUB-METHOD-5, HUB-METHOD-7, HUB-METHOD-8: the payload is passed through, and an error status from the device does
/// not fail the call.
#[test]
fn method_payload_is_any_json_and_device_status_is_not_an_error() {
    let hub = hub();
    for payload in [
        json!(null),
        json!(0),
        json!("text"),
        json!([]),
        json!({"a": {"b": 1.0}}),
    ] {
        let body = json!({"methodName": "echo", "payload": payload, "responseTimeoutInSeconds": null});
        let response = call(&hub, "/twins/a/methods", &body).ok();
        assert_eq!(
            response.to_string(),
            json!({"status": 200, "payload": payload}).to_string()
        );
    }
    let response = call(&hub, "/twins/a/methods", &json!({"methodName": "fail"})).ok();
    assert_eq!(response, json!({"status": 503, "payload": "no"}));
    hub.engine.set_connected("a", Some("m"), true).unwrap();
    hub.engine
        .on_method("a", Some("m"), "x", MethodScript::reply(1, Value::Null))
        .unwrap();
    assert_eq!(
        call(&hub, "/twins/a/modules/m/methods", &json!({"methodName": "x"})).ok()["status"],
        1
    );
}

/// HUB-METHOD-1, HUB-METHOD-2, HUB-METHOD-3, HUB-METHOD-4, HUB-METHOD-6.
#[test]
fn method_timeouts_name_and_payload_are_checked() {
    let hub = hub();
    let argument =
        |body: &Value| assert_nested_error(&call(&hub, "/twins/a/methods", body), "ArgumentInvalid").1;
    let text = argument(&json!({
        "methodName": "echo", "connectTimeoutInSeconds": 20, "responseTimeoutInSeconds": 10,
    }));
    assert!(text.starts_with("Device connection timeout"), "{text}");
    for bad in [
        json!({}),
        json!({"methodName": ""}),
        json!({"methodName": "echo", "responseTimeoutInSeconds": 4}),
        json!({"methodName": "echo", "responseTimeoutInSeconds": 301}),
        json!({"methodName": "echo", "connectTimeoutInSeconds": -1}),
    ] {
        argument(&bad);
    }
    let large = json!({"methodName": "echo", "payload": "x".repeat(128 * 1024)});
    assert_eq!(
        assert_nested_error(&call(&hub, "/twins/a/methods", &large), "MessageTooLarge").0,
        413_001
    );
    assert_nested_error(&call(&hub, "/twins/a/methods", &json!([])), "IotHubFormatError");
}

/// Polls a call until it is pending, runs `then` and awaits the response.
async fn during(hub: &Hub, body: Value, then: impl FnOnce()) -> (u16, Value) {
    let request = build("POST", "/twins/a/methods", None, Some(&body));
    let mut response = Box::pin(hub.engine.handle(request));
    assert!(futures::poll!(&mut response).is_pending());
    then();
    let response = response.await;
    (response.status.as_u16(), response.body_json().unwrap())
}

/// HUB-METHOD-2, HUB-METHOD-11: the timeout is measured by the hub's clock.
#[tokio::test]
async fn method_without_a_response_times_out() {
    let hub = hub();
    let body = |method: &str| json!({"methodName": method, "responseTimeoutInSeconds": 9});
    for method in ["silent", "slow"] {
        let (status, response) =
            during(&hub, body(method), || hub.clock.advance(Duration::from_secs(9))).await;
        assert_eq!(status, 504);
        let inner: Value = serde_json::from_str(response["Message"].as_str().unwrap()).unwrap();
        assert_eq!(inner["errorCode"], 504_101);
        assert_eq!(
            inner["message"],
            "Timed out waiting for the response from device."
        );
        assert_eq!(inner["info"], json!({}));
    }
    let patient = json!({"methodName": "slow"});
    let (status, response) = during(&hub, patient, || hub.clock.advance(Duration::from_secs(10))).await;
    assert_eq!((status, response), (200, json!({"status": 200, "payload": null})));
}

/// HUB-METHOD-10, HUB-METHOD-14: a call to an offline device waits up to its connect timeout.
#[tokio::test]
async fn method_waits_for_the_device_until_the_connect_timeout() {
    let hub = hub();
    hub.engine.set_connected("a", None, false).unwrap();
    let body = json!({"methodName": "echo", "connectTimeoutInSeconds": 20});
    let connect = || {
        hub.clock.advance(Duration::from_secs(19));
        hub.engine.set_connected("a", None, true).unwrap();
    };
    assert_eq!(during(&hub, body.clone(), connect).await.0, 200);
    hub.engine.set_connected("a", None, false).unwrap();
    let (status, response) = during(&hub, body, || hub.clock.advance(Duration::from_secs(20))).await;
    assert_eq!(status, 404);
    assert!(
        response["Message"]
            .as_str()
            .unwrap()
            .contains("\"timeout\":\"00:00:20\""),
        "{response}"
    );
}

/// HUB-METHOD-15.
#[test]
fn method_timeouts_may_be_strings() {
    let hub = hub();
    let body = |timeout: &str| {
        json!({
            "methodName": "echo", "payload": {}, "responseTimeoutInSeconds": timeout,
            "connectTimeoutInSeconds": "10",
        })
    };
    call(&hub, "/twins/a/methods", &body("30")).ok();
    assert_nested_error(&call(&hub, "/twins/a/methods", &body("301")), "ArgumentInvalid");
    assert_nested_error(
        &call(&hub, "/twins/a/methods", &body("soon")),
        "IotHubFormatError",
    );
}
