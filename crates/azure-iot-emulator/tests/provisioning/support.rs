//! A provisioning service with a hub and a manual clock, and requests from services and devices.

use std::sync::Arc;

use azure_iot_emulator::{Caller, Clock, IotHub, ProvisioningService, ServiceRequest, ServiceResponse};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use http::header::{AUTHORIZATION, IF_MATCH};
use http::{HeaderName, HeaderValue, Method};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use sha2::Sha256;
use time::macros::datetime;

pub(crate) const API_VERSION: &str = "api-version=2026-11-01";
pub(crate) const ID_SCOPE: &str = "0ne00000001";
pub(crate) const HUB: &str = "emulator.azure-devices.net";
pub(crate) const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
pub(crate) const OTHER_KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZg==";

pub(crate) struct Dps {
    pub(crate) engine: ProvisioningService,
    pub(crate) hub: Arc<IotHub>,
    pub(crate) clock: Clock,
}

/// A response with its decoded body.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) raw: ServiceResponse,
}

impl Response {
    fn new(raw: ServiceResponse) -> Self {
        Self {
            status: raw.status.as_u16(),
            body: raw.body_json().expect("every body is JSON"),
            raw,
        }
    }

    /// Returns the body of a response with the status 200.
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{}", self.body);
        self.body
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.raw.header(name)
    }

    /// Asserts that the response is an error with the code `number`, and returns its message.
    #[track_caller]
    pub(crate) fn error(&self, number: u32) -> String {
        assert_eq!(u32::from(self.status), number / 1000, "{}", self.body);
        assert_eq!(self.body["errorCode"], number, "{}", self.body);
        assert_eq!(self.header("x-ms-error-code"), Some(number.to_string().as_str()));
        self.body["message"]
            .as_str()
            .expect("an error has a message")
            .to_owned()
    }
}

impl Dps {
    pub(crate) fn new() -> Self {
        let clock = Clock::manual(datetime!(2026-03-01 12:00:00.1234567 UTC));
        let hub = Arc::new(IotHub::new(clock.clone()));
        Self {
            engine: ProvisioningService::new(clock.clone(), ID_SCOPE, HUB, hub.clone()),
            hub,
            clock,
        }
    }

    pub(crate) async fn request(&self, request: ServiceRequest) -> Response {
        Response::new(self.engine.handle(request).await)
    }

    /// Sends a request with the permissions of the owner policy.
    pub(crate) async fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Response {
        self.request(build(method, path, body)).await
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.send("GET", path, None).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Response {
        self.send("PUT", path, Some(body)).await
    }

    pub(crate) async fn put_if(&self, path: &str, if_match: &str, body: &Value) -> Response {
        self.request(with_if_match(build("PUT", path, Some(body)), if_match))
            .await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Response {
        self.send("POST", path, Some(body)).await
    }

    /// Creates an individual enrollment with the key [`KEY`] and these members.
    pub(crate) async fn enroll(&self, id: &str, members: &Value) -> Value {
        let path = format!("/enrollments/{id}");
        self.put(&path, &symmetric("registrationId", id, members))
            .await
            .ok()
    }

    /// Creates an enrollment group with the key [`KEY`] and these members.
    pub(crate) async fn enroll_group(&self, id: &str, members: &Value) -> Value {
        let path = format!("/enrollmentGroups/{id}");
        self.put(&path, &symmetric("enrollmentGroupId", id, members))
            .await
            .ok()
    }

    /// Registers a device with a key, and returns the response to the first request.
    pub(crate) async fn start(&self, id: &str, key: &str, payload: Option<Value>) -> Response {
        let mut body = json!({ "registrationId": id });
        if let Some(payload) = payload {
            body["payload"] = payload;
        }
        let path = format!("/{ID_SCOPE}/registrations/{id}/register");
        self.request(self.of_device("PUT", &path, id, key, Some(&body)))
            .await
    }

    /// Polls an operation.
    pub(crate) async fn poll(&self, id: &str, key: &str, operation: &Value) -> Response {
        let operation = operation["operationId"].as_str().expect("an operation has an id");
        let path = format!("/{ID_SCOPE}/registrations/{id}/operations/{operation}");
        self.request(self.of_device("GET", &path, id, key, None)).await
    }

    /// Registers a device with a key, and returns the result of the operation.
    pub(crate) async fn register(&self, id: &str, key: &str) -> Value {
        let started = self.start(id, key, None).await;
        assert_eq!(started.status, 202, "{}", started.body);
        self.poll(id, key, &started.body).await.ok()
    }

    /// Returns a request that a device signs with a key.
    pub(crate) fn of_device(
        &self,
        method: &str,
        path: &str,
        id: &str,
        key: &str,
        body: Option<&Value>,
    ) -> ServiceRequest {
        let expiry = self.clock.now().unix_timestamp() + 3600;
        let token = token(&format!("{ID_SCOPE}%2Fregistrations%2F{id}"), key, expiry);
        with_token(build(method, path, body), &token)
    }

    /// Sends a request to the hub.
    pub(crate) async fn of_hub(&self, method: &str, path: &str) -> Response {
        let request = build(method, path, None);
        let request = with_if_match(request, "*");
        Response::new(self.hub.handle(request).await)
    }
}

fn symmetric(member: &str, id: &str, members: &Value) -> Value {
    let mut body = members.clone();
    body[member] = json!(id);
    body["attestation"] = json!({
        "type": "symmetricKey", "symmetricKey": {"primaryKey": KEY, "secondaryKey": OTHER_KEY},
    });
    body
}

pub(crate) fn build(method: &str, path: &str, body: Option<&Value>) -> ServiceRequest {
    let separator = if path.contains('?') { '&' } else { '?' };
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    let request = ServiceRequest::new(method, &format!("{path}{separator}{API_VERSION}"));
    let request = request
        .expect("a valid path")
        .with_caller(Caller::policy("provisioningserviceowner").expect("a policy"));
    match body {
        Some(body) => request.with_json(body),
        None => request,
    }
}

pub(crate) fn with_if_match(request: ServiceRequest, tag: &str) -> ServiceRequest {
    request.with_header(IF_MATCH, HeaderValue::from_str(tag).expect("a header value"))
}

pub(crate) fn with_header(request: ServiceRequest, name: &'static str, value: &str) -> ServiceRequest {
    let value = HeaderValue::from_str(value).expect("a header value");
    request.with_header(HeaderName::from_static(name), value)
}

pub(crate) fn with_token(request: ServiceRequest, token: &str) -> ServiceRequest {
    request.with_header(
        AUTHORIZATION,
        HeaderValue::from_str(token).expect("a header value"),
    )
}

/// Returns a shared access signature of a device for a percent-encoded resource.
pub(crate) fn token(resource: &str, key: &str, expiry: i64) -> String {
    let signature = hmac(key, format!("{resource}\n{expiry}").as_bytes());
    let signature = utf8_percent_encode(&signature, NON_ALPHANUMERIC);
    format!("SharedAccessSignature sr={resource}&sig={signature}&se={expiry}&skn=registration")
}

/// Returns the HMAC-SHA256 of `text`. Both the key and the result are base64.
pub(crate) fn hmac(key: &str, text: &[u8]) -> String {
    let key = STANDARD.decode(key).expect("the key is base64");
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("HMAC takes a key of any length");
    mac.update(text);
    STANDARD.encode(mac.finalize().into_bytes())
}
