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
    // A browser sends this `Host` after DNS rebinding.
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
        // After conversion to UTC, these times are outside the supported range.
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

/// Without a body, the token is valid for one hour of the emulator's clock and for both services. The body can set
/// the lifetime and the audience.
#[tokio::test]
async fn tokens_are_issued_with_a_lifetime_and_an_audience() {
    let running = Running::start().await;
    let issue = async |body: Option<Value>| -> Value {
        let mut request = running.client.post(running.manage("/tokens"));
        if let Some(body) = body {
            request = request.json(&body);
        } else {
            request = request.header("x-requested-with", "test");
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        response.json().await.unwrap()
    };
    let statuses = async |issued: &Value| {
        let token = issued["bearerToken"].as_str().unwrap();
        let hub = running.get("/devices", Some(&format!("Bearer {token}"))).await;
        let twins = format!(
            "{}/models?api-version=2023-10-31",
            running.emulator.digitaltwins_endpoint()
        );
        let twins = running.client.get(twins).bearer_auth(token).send().await.unwrap();
        (hub.status().as_u16(), twins.status().as_u16())
    };
    let hour = issue(None).await;
    assert_eq!(hour["expiresOn"], running.now() + 3600);
    let week = issue(Some(json!({"lifetimeSeconds": 7 * 86_400}))).await;
    let twins = json!({"lifetimeSeconds": 60, "audience": "https://digitaltwins.azure.net"});
    let minute = issue(Some(twins)).await;
    assert_eq!(statuses(&hour).await, (200, 200));
    assert_eq!(statuses(&week).await, (200, 200));
    assert_eq!(statuses(&minute).await, (401, 200));
    running
        .post_json("/clock/advance", &json!({"seconds": 6 * 86_400}))
        .await;
    assert_eq!(statuses(&hour).await, (401, 401));
    assert_eq!(statuses(&minute).await, (401, 401));
    assert_eq!(statuses(&week).await, (200, 200));
    assert_eq!(statuses(&issue(None).await).await, (200, 200));
    for (bad, rule) in [
        (json!({"lifetimeSeconds": -1}), "a non-negative integer"),
        (json!({"lifetimeSeconds": 0}), "from 1 to 315360000 seconds"),
        (
            json!({"lifetimeSeconds": u64::MAX}),
            "from 1 to 315360000 seconds",
        ),
        (
            json!({"audience": "https://vault.azure.net"}),
            "https://digitaltwins.azure.net",
        ),
        (json!({"audience": ""}), "https://iothubs.azure.net"),
        (json!({"lifetime": 60}), "lifetimeSeconds"),
        (json!([]), "a JSON object"),
    ] {
        let refused = running.post_json("/tokens", &bad).await;
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "{bad}");
        let text = refused.text().await.unwrap();
        assert!(text.contains(rule), "{bad}: {text}");
    }
}

/// Editors on Windows save files with a byte order mark and CRLF.
#[tokio::test]
async fn bodies_may_have_a_byte_order_mark() {
    let running = Running::start().await;
    running.create("a").await;
    let state = running.get_json("/state").await;
    let other = Running::start().await;
    let text = format!(
        "\u{feff}{}",
        serde_json::to_string_pretty(&state)
            .unwrap()
            .replace('\n', "\r\n")
    );
    let loaded = other
        .client
        .put(other.manage("/state"))
        .header("content-type", "application/json")
        .body(text)
        .send()
        .await;
    assert_eq!(loaded.unwrap().status(), StatusCode::NO_CONTENT);
    assert!(other.has_device("a"));
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
        running
            .client
            .delete(&url)
            .header("x-requested-with", "test")
            .send()
            .await
            .unwrap()
            .status(),
        StatusCode::NOT_FOUND
    );
}

/// The requests are those of `tests/peers/python/iothub/browser.py`. Some of the origins are not tested there,
/// because Chromium cannot be made to send them.
#[tokio::test]
async fn requests_from_web_pages_of_other_sites_are_forbidden() {
    let running = Running::start().await;
    let refused = async |method: Method, path: &str, headers: &[(&str, &str)]| {
        let mut request = running.client.request(method, running.manage(path));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.header("content-type", "application/json").body("{}");
        request.send().await.unwrap().status() == StatusCode::FORBIDDEN
    };
    for origin in [
        "http://attacker.example",
        "https://localhost.attacker.example",
        "http://127.0.0.1.attacker.example:80",
        "http://192.168.0.1",
        "null",
        "file://",
        "chrome-extension://abcdef",
    ] {
        for (method, path) in [
            (Method::POST, "/tokens"),
            (Method::GET, "/state"),
            (Method::DELETE, "/faults"),
        ] {
            assert!(
                refused(method, path, &[("origin", origin)]).await,
                "{origin} {path}"
            );
        }
    }
    assert!(refused(Method::GET, "/state", &[("sec-fetch-site", "cross-site")]).await);
    let both = [
        ("origin", "http://localhost"),
        ("origin", "http://attacker.example"),
    ];
    assert!(refused(Method::POST, "/tokens", &both).await);
    for own in [
        "http://localhost",
        "https://localhost:8080",
        "http://127.0.0.1:3000",
        "http://[::1]:3000",
    ] {
        let headers = [("origin", own), ("sec-fetch-site", "same-site")];
        assert!(!refused(Method::POST, "/tokens", &headers).await, "{own}");
    }
}

/// The origin of a page on another port of this machine is local. Its requests must not take effect without a
/// preflight.
#[tokio::test]
async fn requests_that_browsers_send_without_a_preflight_change_nothing() {
    let running = Running::start().await;
    let send = async |method: Method, path: &str, header: Option<(&str, &str)>, body: &'static str| {
        let mut request = running.client.request(method, running.manage(path));
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        request.body(body).send().await.unwrap().status()
    };
    let advance = "{\"seconds\": 86400}";
    let before = running.now();
    for content_type in [
        "text/plain",
        "text/plain;charset=UTF-8",
        "text/plain; application/json",
        "text/plain, application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "",
    ] {
        let header = Some(("content-type", content_type));
        assert_eq!(
            send(Method::POST, "/clock/advance", header, advance).await,
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "{content_type}"
        );
    }
    for (method, path) in [
        (Method::POST, "/clock/advance"),
        (Method::PUT, "/clock"),
        (Method::POST, "/faults"),
        (Method::DELETE, "/faults"),
        (Method::POST, "/tokens"),
        (Method::POST, "/iothub/devices/a/messages/receive"),
        (Method::PUT, "/state"),
    ] {
        assert_eq!(
            send(method, path, None, "").await,
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "{path}"
        );
    }
    // The preflight is refused.
    let preflight = running
        .client
        .request(Method::OPTIONS, running.manage("/clock/advance"));
    let preflight = preflight
        .header("origin", "http://localhost:3000")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type");
    let preflight = preflight.send().await.unwrap();
    assert!(!preflight.status().is_success());
    assert!(!preflight.headers().contains_key("access-control-allow-origin"));
    assert!(running.now() < before + 3600);
    for header in [
        ("content-type", "application/json"),
        ("content-type", "Application/JSON; charset=utf-8"),
        ("x-requested-with", "curl"),
    ] {
        assert_eq!(
            send(Method::POST, "/clock/advance", Some(header), advance).await,
            StatusCode::OK
        );
    }
}
