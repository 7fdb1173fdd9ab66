use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::support::{Dps, HUB, KEY, hmac};

/// A webhook that records requests and returns the response that the test has set.
struct Webhook {
    url: String,
    requests: Arc<Mutex<Vec<Value>>>,
    response: Arc<Mutex<(u16, String)>>,
}

impl Webhook {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!(
            "http://localhost:{}/allocate",
            listener.local_addr().unwrap().port()
        );
        let requests = Arc::new(Mutex::new(Vec::new()));
        let response = Arc::new(Mutex::new((200, json!({ "iotHubHostName": HUB }).to_string())));
        tokio::spawn({
            let (requests, response) = (requests.clone(), response.clone());
            async move {
                loop {
                    let (mut stream, _) = listener.accept().await.unwrap();
                    let mut text = Vec::new();
                    let body = loop {
                        let mut part = [0; 4096];
                        let length = stream.read(&mut part).await.unwrap();
                        text.extend_from_slice(&part[..length]);
                        if let Some(body) = whole_body(&text) {
                            break body;
                        }
                    };
                    requests.lock().unwrap().push(body);
                    let (status, body) = response.lock().unwrap().clone();
                    let head = format!(
                        "HTTP/1.1 {status} x\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                        body.len()
                    );
                    stream
                        .write_all(format!("{head}{body}").as_bytes())
                        .await
                        .unwrap();
                    stream.shutdown().await.unwrap();
                }
            }
        });
        Self {
            url,
            requests,
            response,
        }
    }

    fn respond(&self, status: u16, body: &Value) {
        *self.response.lock().unwrap() = (status, body.to_string());
    }

    fn requests(&self) -> Vec<Value> {
        self.requests.lock().unwrap().clone()
    }

    /// Returns the members of an enrollment that uses the webhook.
    fn members(&self) -> Value {
        json!({
            "allocationPolicy": "custom",
            "customAllocationDefinition": {"webhookUrl": self.url, "apiVersion": "2021-10-01"},
        })
    }
}

/// Returns the body of a request, or `None` if it has not arrived completely.
fn whole_body(text: &[u8]) -> Option<Value> {
    let end = text.windows(4).position(|part| part == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&text[..end]).unwrap().to_ascii_lowercase();
    let (_, length) = head.split_once("content-length: ").unwrap();
    let length: usize = length.split("\r\n").next().unwrap().parse().unwrap();
    (text.len() >= end + length).then(|| serde_json::from_slice(&text[end..]).unwrap())
}

/// DPS-CUSTOM-2, DPS-CUSTOM-3, DPS-REG-2.
#[tokio::test]
async fn webhook_gets_the_device_and_allocates_the_hub() {
    let (dps, webhook) = (Dps::new(), Webhook::start().await);
    dps.enroll_group("g", &webhook.members()).await;
    webhook.respond(
        200,
        &json!({
            "iotHubHostName": HUB.to_uppercase(),
            "initialTwin": {"tags": {"from": "webhook"}},
            "payload": {"hello": [1, 2]},
        }),
    );
    let key = hmac(KEY, b"a");
    let started = dps.start("a", &key, Some(json!({"model": 7}))).await;
    assert_eq!(started.status, 202);
    assert_eq!(dps.get("/registrations/a").await.ok()["status"], "assigning");
    let end = dps.poll("a", &key, &started.body).await.ok();
    assert_eq!(end["status"], "assigned");
    assert_eq!(end["registrationState"]["payload"], json!({"hello": [1, 2]}));
    let twin = dps.of_hub("GET", "/twins/a").await.ok();
    assert_eq!(twin["tags"], json!({"from": "webhook"}));

    let request = &webhook.requests()[0];
    assert_eq!(request["enrollmentGroup"]["enrollmentGroupId"], "g");
    assert_eq!(
        request["enrollmentGroup"]["attestation"],
        json!({"type": "symmetricKey"})
    );
    assert_eq!(request["linkedHubs"], json!([HUB]));
    assert_eq!(
        request["deviceRuntimeContext"],
        json!({"registrationId": "a", "symmetricKey": {}, "payload": {"model": 7}})
    );
    // In the second registration, the device already has a hub.
    let again = dps.start("a", &key, None).await;
    dps.poll("a", &key, &again.body).await.ok();
    let context = &webhook.requests()[1]["deviceRuntimeContext"];
    assert_eq!(context["currentIotHubHostName"], HUB.to_uppercase());
    assert_eq!(context["currentDeviceId"], "a");
    assert_eq!(context.get("payload"), None);
}

/// DPS-CUSTOM-4.
#[tokio::test]
async fn twin_of_the_webhook_replaces_that_of_the_device() {
    let (dps, webhook) = (Dps::new(), Webhook::start().await);
    dps.enroll("a", &webhook.members()).await;
    let register = async || {
        let started = dps.start("a", KEY, None).await;
        dps.poll("a", KEY, &started.body).await.ok()["registrationState"].clone()
    };
    register().await;
    let request = crate::support::build("PATCH", "/twins/a", Some(&json!({"tags": {"from": "operator"}})));
    assert_eq!(dps.hub.handle(request).await.status, 200);
    assert_eq!(register().await["substatus"], "reprovisionedToInitialAssignment");
    assert_eq!(
        dps.of_hub("GET", "/twins/a").await.ok()["tags"]["from"],
        "operator"
    );
    webhook.respond(
        200,
        &json!({"iotHubHostName": HUB, "initialTwin": {"tags": {"from": "webhook"}}}),
    );
    assert_eq!(register().await["substatus"], "deviceDataReset");
    assert_eq!(
        dps.of_hub("GET", "/twins/a").await.ok()["tags"]["from"],
        "webhook"
    );
}

/// DPS-CUSTOM-5.
#[tokio::test]
async fn other_responses_fail_the_registration() {
    let (dps, webhook) = (Dps::new(), Webhook::start().await);
    dps.enroll("a", &webhook.members()).await;
    for (status, body, code) in [
        (200, json!({}), 400_208),
        (200, json!({"iotHubHostName": ""}), 400_208),
        (200, json!({"iotHubHostName": "other.azure-devices.net"}), 400_207),
        (200, json!([]), 400_207),
        (401, json!({}), 400_209),
        (404, json!({}), 400_207),
        (302, json!({}), 400_207),
    ] {
        webhook.respond(status, &body);
        let started = dps.start("a", KEY, None).await;
        let end = dps.poll("a", KEY, &started.body).await.ok();
        assert_eq!(end["status"], "failed", "{status} {body}");
        assert_eq!(end["registrationState"]["errorCode"], code, "{status} {body}");
        assert!(end["registrationState"]["errorMessage"].is_string());
    }
    assert_eq!(dps.of_hub("GET", "/devices/a").await.status, 404);
}

/// DPS-CUSTOM-6, DPS-CUSTOM-7.
#[tokio::test]
async fn busy_webhook_is_called_again_with_growing_delays() {
    let (dps, webhook) = (Dps::new(), Webhook::start().await);
    dps.enroll("a", &webhook.members()).await;
    webhook.respond(503, &json!({}));
    let started = dps.start("a", KEY, None).await;
    let poll = async || dps.poll("a", KEY, &started.body).await;
    for retry in 0..10 {
        let response = poll().await;
        assert_eq!(response.status, 202, "{retry}");
        assert_eq!(response.header("retry-after"), Some("3"));
        assert_eq!(
            response.body["registrationState"],
            json!({"registrationId": "a", "status": "assigning"})
        );
        assert_eq!(webhook.requests().len(), retry + 1);
        // The webhook is not called again before the delay has elapsed.
        let delay = 1 + 9 * u64::try_from(retry).unwrap();
        dps.clock.advance(Duration::from_millis(delay * 1000 - 1));
        assert_eq!(poll().await.status, 202);
        assert_eq!(webhook.requests().len(), retry + 1);
        dps.clock.advance(Duration::from_millis(1));
    }
    let end = poll().await.ok();
    assert_eq!(webhook.requests().len(), 11);
    assert_eq!(end["registrationState"]["errorCode"], 400_207);

    // A webhook that recovers allocates the hub, even after the state has been loaded into a different instance.
    let started = dps.start("a", KEY, None).await;
    assert_eq!(dps.poll("a", KEY, &started.body).await.status, 202);
    webhook.respond(200, &json!({ "iotHubHostName": HUB }));
    let other = Dps::new();
    other.clock.set(dps.clock.now() + Duration::from_secs(1));
    other.engine.load(&dps.engine.dump()).unwrap();
    let end = other.poll("a", KEY, &started.body).await.ok();
    assert_eq!(end["status"], "assigned");
}

/// DPS-CUSTOM-1, DPS-CUSTOM-7.
#[tokio::test]
async fn webhook_must_be_on_the_same_computer() {
    let dps = Dps::new();
    let put = async |definition: Value| {
        let body = json!({
            "registrationId": "a", "attestation": {"type": "symmetricKey"}, "allocationPolicy": "custom",
            "customAllocationDefinition": definition,
        });
        dps.put("/enrollments/a", &body).await
    };
    let webhook = |url: &str| json!({"webhookUrl": url, "apiVersion": "2021-10-01"});
    put(Value::Null).await.error(400_004);
    put(webhook("localhost:9000")).await.error(400_004);
    put(webhook("ftp://localhost/")).await.error(400_004);
    put(webhook("https://allocate.azurewebsites.net/api"))
        .await
        .error(501_000);
    put(webhook("http://192.0.2.1/")).await.error(501_000);
    for good in [
        "http://localhost:9/",
        "https://127.0.0.1/",
        "http://[::1]:9000/a?code=1",
    ] {
        put(webhook(good)).await.ok();
    }
    // A call to an unreachable webhook is retried.
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = closed.local_addr().unwrap().port();
    drop(closed);
    let definition = webhook(&format!("http://127.0.0.1:{port}/"));
    dps.enroll(
        "b",
        &json!({"allocationPolicy": "custom", "customAllocationDefinition": definition}),
    )
    .await;
    let started = dps.start("b", KEY, None).await;
    assert_eq!(dps.poll("b", KEY, &started.body).await.status, 202);
}
