//! Authentication, framing and a complete session over HTTPS.

use azure_iot_emulator::{Clock, Emulator};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::{Certificate, Client, Method, Response};
use serde_json::{Value, json};

use crate::fixture::building;

struct Running {
    emulator: Emulator,
    client: Client,
}

impl Running {
    async fn start() -> Self {
        let emulator = Emulator::builder()
            .without_iothub()
            .clock(Clock::new())
            .start()
            .await
            .expect("it starts");
        let certificate =
            Certificate::from_pem(emulator.ca_certificate_pem().as_bytes()).expect("a certificate");
        let client = Client::builder()
            .tls_certs_only([certificate])
            .build()
            .expect("a client");
        Running { emulator, client }
    }

    async fn send(&self, method: Method, path: &str, token: Option<&str>, body: Option<&Value>) -> Response {
        let mark = if path.contains('?') { '&' } else { '?' };
        let url = format!(
            "{}{path}{mark}api-version=2023-10-31",
            self.emulator.digitaltwins_endpoint()
        );
        let mut request = self.client.request(method, url);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        request.send().await.expect("a response")
    }

    async fn json(&self, method: Method, path: &str, body: Option<&Value>) -> Value {
        let token = self.emulator.bearer_token();
        let response = self.send(method, path, Some(&token), body).await;
        assert!(response.status().is_success(), "{path}: {}", response.status());
        response.json().await.unwrap_or(Value::Null)
    }
}

/// ADT-HTTP-7, ADT-ERROR-2, ADT-ERROR-4: the token is missing, expired, or for another audience.
#[tokio::test]
async fn missing_or_invalid_token_gets_the_gateways_error() {
    let running = Running::start().await;
    let token = |audience: &str, lifetime: i64| {
        let expiry = running.emulator.clock().now().unix_timestamp() + lifetime;
        let part = |part: Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let claims = json!({"aud": audience, "exp": expiry, "nbf": expiry - 7200, "iss": "https://sts.windows.net/x/"});
        format!(
            "{}.{}.c2ln",
            part(json!({"alg": "RS256", "typ": "JWT"})),
            part(claims)
        )
    };
    for audience in [
        "https://digitaltwins.azure.net",
        "0b07f429-9f4b-4714-9392-cc5e8e80c8b0",
    ] {
        let good = token(audience, 3600);
        let response = running.send(Method::GET, "/digitaltwins/a", Some(&good), None);
        assert_eq!(response.await.status(), 404, "{audience}");
    }
    let expired = token("https://digitaltwins.azure.net", -3600);
    let foreign = token("https://storage.azure.com", 3600);
    for token in [None, Some(""), Some(&*expired), Some(&*foreign)] {
        let response = running.send(Method::GET, "/digitaltwins/a", token, None).await;
        assert_eq!(response.status(), 401, "{token:?}");
        // ADT-HTTP-1: the gateway sends none of the service's headers.
        assert_eq!(response.headers()["content-type"], "application/json");
        for header in [
            "mise-correlation-id",
            "traceresponse",
            "strict-transport-security",
        ] {
            assert!(!response.headers().contains_key(header), "{header}");
        }
        let body: Value = response.json().await.expect("JSON");
        assert_eq!(body, json!({"statusCode": 401, "message": "Unauthorized"}));
    }
    let token = running.emulator.bearer_token();
    let response = running
        .send(Method::GET, "/digitaltwins/a", Some(&token), None)
        .await;
    assert_eq!(response.status(), 404);
    assert_eq!(response.headers()["x-ms-error-code"], "DigitalTwinNotFound");
}

/// ADT-HTTP-2: only query responses are chunked.
#[tokio::test]
async fn only_query_responses_are_chunked() {
    let mut running = Running::start().await;
    let pem = running.emulator.ca_certificate_pem();
    let certificate = Certificate::from_pem(pem.as_bytes()).expect("a certificate");
    let client = Client::builder().tls_certs_only([certificate]);
    running.client = client.http1_only().build().expect("a client");
    let token = running.emulator.bearer_token();
    let query = json!({"query": "SELECT * FROM DIGITALTWINS"});
    let response = running
        .send(Method::POST, "/query", Some(&token), Some(&query))
        .await;
    assert_eq!(response.headers()["transfer-encoding"], "chunked");
    assert_eq!(response.headers().get("content-length"), None);
    assert_eq!(
        response.json::<Value>().await.expect("JSON"),
        json!({"value": [], "continuationToken": null})
    );
    let response = running.send(Method::GET, "/models", Some(&token), None).await;
    assert_eq!(response.headers().get("transfer-encoding"), None);
    let length = response.headers()["content-length"].to_str().map(str::to_owned);
    let body = response.bytes().await.expect("a body");
    assert_eq!(length.expect("a text"), body.len().to_string());
}

/// ADT-REL-18, ADT-ID-2: a complete session, from a model upload to a query. Links and ids are percent-encoded.
#[tokio::test]
async fn models_twins_relationships_and_queries_work_over_https() {
    let running = Running::start().await;
    let models = running.json(Method::POST, "/models", Some(&building())).await;
    assert_eq!(models.as_array().map(Vec::len), Some(4));
    let floor = json!({"$metadata": {"$model": "dtmi:test:Floor;1"}, "name": "B\u{fc}ro \u{2603}"});
    let id = "a%3Ab%3B1%23%3F%27";
    let twin = running
        .json(Method::PUT, &format!("/digitaltwins/{id}"), Some(&floor))
        .await;
    assert_eq!(
        (&twin["$dtId"], &twin["name"]),
        (&json!("a:b;1#?'"), &json!("B\u{fc}ro \u{2603}"))
    );
    for number in 0..12 {
        running
            .json(Method::PUT, &format!("/digitaltwins/f{number}"), Some(&floor))
            .await;
        let body = json!({"$relationshipName": "adjacent", "$targetId": format!("f{number}")});
        running
            .json(
                Method::PUT,
                &format!("/digitaltwins/{id}/relationships/r{number}"),
                Some(&body),
            )
            .await;
    }
    let page = running
        .json(Method::GET, &format!("/digitaltwins/{id}/relationships"), None)
        .await;
    let link = page["nextLink"].as_str().expect("a link");
    assert!(
        link.starts_with(running.emulator.digitaltwins_endpoint()),
        "{link}"
    );
    let token = running.emulator.bearer_token();
    let rest: Value = running
        .client
        .get(link)
        .bearer_auth(&token)
        .send()
        .await
        .expect("a response")
        .json()
        .await
        .expect("JSON");
    assert_eq!(
        (rest["value"].as_array().map(Vec::len), &rest["nextLink"]),
        (Some(2), &Value::Null)
    );
    let query = json!({"query": "SELECT COUNT() FROM DIGITALTWINS WHERE name = 'B\u{fc}ro \u{2603}'"});
    let response = running
        .send(Method::POST, "/query", Some(&token), Some(&query))
        .await;
    assert!(response.headers().contains_key("query-charge"));
    assert_eq!(
        response.json::<Value>().await.expect("JSON")["value"],
        json!([{"COUNT": 13}])
    );
    let response = running
        .send(Method::DELETE, &format!("/digitaltwins/{id}"), Some(&token), None)
        .await;
    assert_eq!(response.status(), 400);
}
