use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::support::Running;

impl Running {
    fn manage(&self, path: &str) -> String {
        format!("{}{path}", self.emulator.management_endpoint())
    }

    async fn get_json(&self, path: &str) -> Value {
        self.client
            .get(self.manage(path))
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }

    async fn put_json(&self, path: &str, body: &Value) -> Response {
        self.client
            .put(self.manage(path))
            .json(body)
            .send()
            .await
            .unwrap()
    }

    async fn post_json(&self, path: &str, body: &Value) -> Response {
        self.client
            .post(self.manage(path))
            .json(body)
            .send()
            .await
            .unwrap()
    }
}

#[tokio::test]
async fn endpoints_are_listed_and_unknown_paths_and_hosts_are_refused() {
    let running = Running::start().await;
    let endpoints = running.get_json("/").await;
    assert_eq!(
        endpoints["iothub"]["endpoint"],
        running.emulator.iothub_endpoint()
    );
    assert_eq!(
        endpoints["digitaltwins"]["endpoint"],
        running.emulator.digitaltwins_endpoint()
    );
    let response = running
        .client
        .get(running.manage("/nothing"))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    // The `Host` of a browser that was led here by DNS rebinding.
    let request = running
        .client
        .get(running.manage("/state"))
        .header("host", "attacker.example");
    assert_eq!(request.send().await.unwrap().status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn state_is_dumped_and_loaded() {
    let running = Running::start().await;
    running.create("a").await;
    let state = running.get_json("/state?service=iothub").await;
    assert_eq!(running.get_json("/state").await["iothub"], state);
    let other = Running::start().await;
    let response = other.put_json("/state", &json!({ "iothub": state })).await;
    assert_eq!(response.status(), StatusCode::NO_CONTENT);
    assert_eq!(other.get_json("/state?service=iothub").await, state);
    for (path, body, status) in [
        ("/state", json!({"iothub": 1}), StatusCode::BAD_REQUEST),
        ("/state", json!([]), StatusCode::BAD_REQUEST),
        ("/state", json!({"nobody": {}}), StatusCode::NOT_FOUND),
        ("/state?service=nobody", json!({}), StatusCode::NOT_FOUND),
    ] {
        assert_eq!(
            other.put_json(path, &body).await.status(),
            status,
            "{path} {body}"
        );
    }
    assert!(other.has_device("a"));
}

#[tokio::test]
async fn clock_is_set_and_advanced() {
    let running = Running::start().await;
    let response = running
        .put_json("/clock", &json!({"now": "2040-01-01T00:00:00Z"}))
        .await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(running.emulator.clock().now().year(), 2040);
    running
        .post_json("/clock/advance", &json!({"seconds": 366 * 86_400}))
        .await;
    assert_eq!(running.emulator.clock().now().year(), 2041);
    assert!(
        running.get_json("/clock").await["now"]
            .as_str()
            .unwrap()
            .starts_with("2041-01-01T")
    );
    for (path, body) in [
        ("/clock/advance", json!({"seconds": -1})),
        ("/clock/advance", json!({"hours": 1})),
    ] {
        assert_eq!(
            running.post_json(path, &body).await.status(),
            StatusCode::BAD_REQUEST
        );
    }
    for (now, expected) in [
        ("soon", "is not an RFC 3339 time"),
        // These times are outside the range once converted to UTC.
        ("9999-12-31T23:59:59-01:00", "outside the years 0 to 9999"),
        ("0000-01-01T00:00:00+01:00", "outside the years 0 to 9999"),
    ] {
        let response = running.put_json("/clock", &json!({ "now": now })).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{now}");
        let text = response.text().await.unwrap();
        assert!(text.contains(expected), "{now}: {text}");
    }
    assert_eq!(running.emulator.clock().now().year(), 2041);
}

#[tokio::test]
async fn faults_are_added_listed_and_cleared() {
    let running = Running::start().await;
    let fault = json!({
        "method": "GET", "path": "/devices*", "skip": 0, "count": 1,
        "action": {"type": "status", "status": 503, "retryAfterSeconds": 1},
    });
    assert_eq!(
        running.post_json("/faults", &fault).await.status(),
        StatusCode::NO_CONTENT
    );
    assert_eq!(running.get_json("/faults").await, json!([fault]));
    let token = running.token();
    assert_eq!(running.get("/devices", Some(&token)).await.status(), 503);
    assert_eq!(running.get_json("/faults").await, json!([]));
    for bad in [
        json!({"action": {"type": "status", "status": 200}}),
        json!({}),
        json!({"action": "reset"}),
    ] {
        assert_eq!(
            running.post_json("/faults", &bad).await.status(),
            StatusCode::BAD_REQUEST
        );
    }
}

#[tokio::test]
async fn devices_are_scripted() {
    let running = Running::start().await;
    running.create("a").await;
    for (method, path, body) in [
        (Method::PUT, "connection", json!({"connected": true})),
        (Method::PATCH, "reported", json!({"temperature": 20})),
        (
            Method::PUT,
            "methods/reboot",
            json!({"type": "reply", "status": 200, "payload": {"ok": true}}),
        ),
    ] {
        for (device_id, status) in [("a", StatusCode::NO_CONTENT), ("b", StatusCode::NOT_FOUND)] {
            let url = running.manage(&format!("/iothub/devices/{device_id}/{path}"));
            let response = running
                .client
                .request(method.clone(), url)
                .json(&body)
                .send()
                .await
                .unwrap();
            assert_eq!(response.status(), status, "{method} {path}");
        }
    }
    let call = running
        .hub(Method::POST, "/twins/a/methods")
        .json(&json!({"methodName": "reboot"}));
    let response: Value = call.send().await.unwrap().json().await.unwrap();
    assert_eq!(response, json!({"status": 200, "payload": {"ok": true}}));
    let twin: Value = running
        .hub(Method::GET, "/twins/a")
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(twin["properties"]["reported"]["temperature"], 20);
    assert_eq!(twin["connectionState"], "Connected");
    let url = running.manage("/iothub/devices/a/methods/reboot");
    let response = running
        .client
        .put(&url)
        .json(&json!({"type": "dance"}))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert_eq!(
        running.client.delete(&url).send().await.unwrap().status(),
        StatusCode::NOT_FOUND
    );
}
