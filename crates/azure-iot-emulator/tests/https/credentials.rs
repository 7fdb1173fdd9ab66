use std::time::Duration;

use serde_json::Value;

use crate::support::{ConnectionString, Running};

/// HUB-AUTH-4, HUB-AUTH-7, HUB-AUTH-8: both host names, with and without the port, percent-encoded or not, and any
/// scope of the host.
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
    let scoped = credentials.token(&format!("{escaped}%2Fdevices%2Fa"), expiry);
    assert_eq!(running.get("/devices/a", Some(&scoped)).await.status(), 200);
    assert_eq!(running.get("/devices/b", Some(&scoped)).await.status(), 401);
    assert_eq!(running.get("/twins/a", Some(&scoped)).await.status(), 401);
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

/// HUB-AUTH-14, HUB-AUTH-15, HUB-AUTH-18: permissions of a policy, over HTTPS.
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

/// The emulator's bearer token is valid until it expires; a token for another audience is refused.
/// HUB-AUTH-13.
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
