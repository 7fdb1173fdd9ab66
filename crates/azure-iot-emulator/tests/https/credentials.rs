use std::time::Duration;

use reqwest::Method;
use serde_json::Value;

use crate::support::{ConnectionString, Running, VERSION, client};

/// HUB-AUTH-4, HUB-AUTH-7, HUB-AUTH-8: the resource may be either host name, with or without the port, percent-encoded
/// or not, and may end with a path that limits its scope.
#[tokio::test]
async fn signatures_match_every_spelling_of_the_host_and_scope() {
    let running = Running::start().await;
    running.create("a").await;
    let credentials = running.connection_string();
    let expiry = running.now() + 60;
    let escaped = credentials.host.replace(':', "%3A");
    for resource in [
        &credentials.host,
        &escaped,
        "localhost",
        "LOCALHOST",
        "emulator.azure-devices.net",
    ] {
        let response = running
            .get("/devices/a", Some(&credentials.token(resource, expiry)))
            .await;
        assert_eq!(response.status(), 200, "{resource}");
    }
    // A client whose connection string has the default port omits it from `Host`, but signs it.
    let token = credentials.token("localhost%3A443", expiry);
    for (host, status) in [
        ("localhost", 200),
        ("localhost:443", 200),
        (&*credentials.host, 401),
    ] {
        let url = format!("{}/devices/a?{VERSION}", running.emulator.iothub_endpoint());
        let client = client(&running.emulator).http1_only().build().unwrap();
        let request = client
            .get(url)
            .header("host", host)
            .header("authorization", &token);
        assert_eq!(request.send().await.unwrap().status(), status, "{host}");
    }
    let scoped = credentials.token(&format!("{escaped}%2Fdevices%2Fa"), expiry);
    assert_eq!(running.get("/devices/a", Some(&scoped)).await.status(), 200);
    assert_eq!(running.get("/devices/b", Some(&scoped)).await.status(), 401);
    assert_eq!(running.get("/twins/a", Some(&scoped)).await.status(), 401);
}

/// HUB-HTTP-3, HUB-AUTH-8: `%2F` in the path of a request also separates segments when the path is compared with the
/// scope of a signature.
#[tokio::test]
async fn scope_of_a_signature_is_compared_with_the_segments_that_the_hub_sees() {
    let running = Running::start().await;
    running.create("a").await;
    let credentials = running.connection_string();
    let resource = format!("{}%2Fdevices%2Fa", credentials.host.replace(':', "%3A"));
    let scoped = credentials.token(&resource, running.now() + 60);
    for (path, status) in [
        ("/devices%2Fa", 200),
        ("/devices%2fa%2F", 200),
        ("/devices%2Fb", 401),
        ("/twins%2Fa", 401),
        ("/devices%252Fa", 401),
    ] {
        let response = running.get(path, Some(&scoped)).await;
        assert_eq!(response.status(), status, "{path}");
    }
}

/// HUB-AUTH-10, HUB-AUTH-11, HUB-AUTH-12, HUB-AUTH-21.
#[tokio::test]
async fn bad_credentials_are_unauthorized() {
    let running = Running::start().await;
    let credentials = running.connection_string();
    let (host, expiry) = (credentials.host.clone(), running.now() + 60);
    let other_key = ConnectionString {
        key: "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=".to_owned(),
        ..running.connection_string()
    };
    let other_policy = ConnectionString {
        policy: "nobody".to_owned(),
        ..running.connection_string()
    };
    let refused = [
        Some(other_key.token(&host, expiry)),
        Some(other_policy.token(&host, expiry)),
        // Beyond the allowed clock skew of five minutes.
        Some(credentials.token(&host, running.now() - 301)),
        Some(credentials.token("elsewhere.azure-devices.net", expiry)),
        Some("SharedAccessSignature sr=x".to_owned()),
        Some("Basic dXNlcjpwYXNzd29yZA==".to_owned()),
        Some("Bearer".to_owned()),
        None,
    ];
    for authorization in refused {
        let response = running.get("/devices", authorization.as_deref()).await;
        assert_eq!(response.status(), 401, "{authorization:?}");
        assert_eq!(response.headers()["iothub-errorcode"], "IotHubUnauthorizedAccess");
        assert!(response.headers().contains_key("x-ms-request-id"));
        let body: Value = response.json().await.unwrap();
        assert_eq!(body["Message"], "ErrorCode:IotHubUnauthorizedAccess;Unauthorized");
    }
}

/// HUB-AUTH-14, HUB-AUTH-15, HUB-AUTH-18: the permissions of a policy apply over HTTPS.
#[tokio::test]
async fn policy_permissions_are_checked() {
    let running = Running::start().await;
    running.create("a").await;
    let read = ConnectionString::of(
        &running
            .emulator
            .iothub_connection_string_for("registryRead")
            .unwrap(),
    );
    let token = read.token(&read.host, running.now() + 60);
    assert_eq!(running.get("/devices/a", Some(&token)).await.status(), 200);
    assert_eq!(running.get("/twins/a", Some(&token)).await.status(), 401);
    assert_eq!(running.emulator.iothub_connection_string_for("nobody"), None);
}

/// HUB-AUTH-13: the emulator's bearer token is valid until it expires; a token for another audience is refused.
#[tokio::test]
async fn bearer_tokens_are_checked_for_audience_and_expiry() {
    let running = Running::start().await;
    let ours = format!("Bearer {}", running.emulator.bearer_token());
    assert_eq!(running.get("/devices", Some(&ours)).await.status(), 200);
    // {"alg":"none"}.{"aud":"https://vault.azure.net","exp":4102444800}.sig
    let vault =
        "Bearer eyJhbGciOiJub25lIn0.eyJhdWQiOiJodHRwczovL3ZhdWx0LmF6dXJlLm5ldCIsImV4cCI6NDEwMjQ0NDgwMH0.c2ln";
    assert_eq!(running.get("/devices", Some(vault)).await.status(), 401);
    running.emulator.clock().advance(Duration::from_secs(2 * 3600));
    assert_eq!(running.get("/devices", Some(&ours)).await.status(), 401);
    let renewed = format!("Bearer {}", running.emulator.bearer_token());
    assert_eq!(running.get("/devices", Some(&renewed)).await.status(), 200);
}

/// HUB-AUTH-13, ADT-HTTP-7: a bearer token must be a JSON Web Token.
#[tokio::test]
async fn opaque_bearer_tokens_are_unauthorized() {
    let running = Running::start().await;
    assert_eq!(running.get("/devices", Some("Bearer opaque")).await.status(), 401);
    let url = format!(
        "{}/models?api-version=2023-10-31",
        running.emulator.digitaltwins_endpoint()
    );
    let response = running
        .client
        .get(url)
        .bearer_auth("opaque")
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 401);
}

/// The response is the same with device credentials, with service credentials and without credentials.
#[tokio::test]
async fn device_endpoints_are_not_implemented_for_any_credentials() {
    let running = Running::start().await;
    running.create("d").await;
    let device = ConnectionString {
        host: String::new(),
        policy: String::new(),
        key: "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=".to_owned(),
    };
    let device_token = device.token("localhost%2Fdevices%2Fd", running.now() + 60);
    let device_token = device_token.trim_end_matches("&skn=");
    for (method, path) in [
        (Method::POST, "/devices/d/messages/events"),
        (Method::POST, "/devices/d/modules/m/messages/events"),
        (Method::GET, "/devices/d/messages/deviceBound"),
        (Method::DELETE, "/devices/d/messages/deviceBound/lock"),
        (Method::POST, "/devices/d/files"),
        (Method::POST, "/devices/d/files/notifications"),
    ] {
        for token in [
            Some(device_token),
            Some(&*running.token()),
            Some("Bearer opaque"),
            None,
        ] {
            let url = format!("{}{path}?{VERSION}", running.emulator.iothub_endpoint());
            let mut request = running.client.request(method.clone(), url).body("{}");
            if let Some(token) = token {
                request = request.header("authorization", token);
            }
            let response = request.send().await.unwrap();
            assert_eq!(response.status(), 501, "{method} {path} {token:?}");
            let body: Value = response.json().await.unwrap();
            let message = body["Message"].as_str().unwrap();
            assert!(message.contains("no endpoints for devices"), "{message}");
        }
    }
}

/// Devices use MQTT over WebSockets at the path where services use AMQP.
#[tokio::test]
async fn web_sockets_are_refused_with_the_reason() {
    let running = Running::start().await;
    let client = client(&running.emulator).http1_only().build().unwrap();
    for (upgrade, protocol, status, reason) in [
        ("websocket", "mqtt", 501, "no MQTT endpoint"),
        ("websocket", "soap", 400, "AMQPWSB10 or amqp"),
        ("h2c", "AMQPWSB10", 400, "RFC 6455"),
    ] {
        let url = format!("{}/$iothub/websocket", running.emulator.iothub_endpoint());
        let request = client
            .get(url)
            .header("connection", "Upgrade")
            .header("upgrade", upgrade)
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
            .header("sec-websocket-protocol", protocol);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), status, "{protocol}");
        let text = response.text().await.unwrap();
        assert!(text.contains(reason), "{text}");
    }
}

/// ADT-HTTP-7: Digital Twins accepts bearer tokens only.
#[tokio::test]
async fn digital_twins_refuses_shared_access_signatures() {
    let running = Running::start().await;
    let url = format!(
        "{}/models?api-version=2023-10-31",
        running.emulator.digitaltwins_endpoint()
    );
    for authorization in [None, Some(running.token())] {
        let mut request = running.client.get(&url);
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        assert_eq!(request.send().await.unwrap().status(), 401);
    }
}
