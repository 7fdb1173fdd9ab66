use std::time::Duration;

use serde_json::Value;

use crate::support::{Parts, Running};

/// HUB-AUTH-4, HUB-AUTH-7, HUB-AUTH-8: both spellings of the host, with and without the port, escaped or not, and any
/// scope of it.
#[tokio::test]
async fn signatures_match_every_spelling_of_the_host_and_scope() {
    let running = Running::start().await;
    running.create("a").await;
    let parts = running.parts();
    let expiry = running.now() + 60;
    let escaped = parts.host.replace(':', "%3A");
    for resource in [
        &parts.host,
        &escaped,
        "localhost",
        "LOCALHOST",
        "emulator.azure-devices.net",
    ] {
        let response = running
            .get("/devices/a", Some(&parts.token(resource, expiry)))
            .await;
        assert_eq!(response.status(), 200, "{resource}");
    }
    let scoped = parts.token(&format!("{escaped}%2Fdevices%2Fa"), expiry);
    assert_eq!(running.get("/devices/a", Some(&scoped)).await.status(), 200);
    assert_eq!(running.get("/devices/b", Some(&scoped)).await.status(), 401);
    assert_eq!(running.get("/twins/a", Some(&scoped)).await.status(), 401);
}

/// HUB-AUTH-10, HUB-AUTH-11, HUB-AUTH-12, HUB-AUTH-21.
#[tokio::test]
async fn bad_credentials_are_unauthorized() {
    let running = Running::start().await;
    let parts = running.parts();
    let (host, expiry) = (parts.host.clone(), running.now() + 60);
    let other_key = Parts {
        key: "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=".to_owned(),
        ..running.parts()
    };
    let other_policy = Parts {
        policy: "nobody".to_owned(),
        ..running.parts()
    };
    let refused = [
        Some(other_key.token(&host, expiry)),
        Some(other_policy.token(&host, expiry)),
        // Five minutes are forgiven.
        Some(parts.token(&host, running.now() - 301)),
        Some(parts.token("elsewhere.azure-devices.net", expiry)),
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

/// HUB-AUTH-14, HUB-AUTH-15, HUB-AUTH-18: a policy's rights, over the wire.
#[tokio::test]
async fn policy_permissions_are_checked() {
    let running = Running::start().await;
    running.create("a").await;
    let read = Parts::of(
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

/// Bearer tokens: our own until it expires, one for another service never.
/// HUB-AUTH-13.
#[tokio::test]
async fn bearer_tokens() {
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

/// Digital Twins takes bearer tokens only.
/// ADT-HTTP-7.
#[tokio::test]
async fn digital_twins_takes_no_signatures() {
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
