//! A hub with a manual clock, and requests to it.

use std::time::Duration;

use azure_iot_emulator::{Caller, Clock, IotHub, ServiceRequest, ServiceResponse};
use futures::executor::block_on;
use http::header::IF_MATCH;
use http::{HeaderName, HeaderValue, Method};
use serde_json::{Map, Value, json};
use time::macros::datetime;

pub(crate) const API_VERSION: &str = "api-version=2021-04-12";

pub(crate) struct Hub {
    pub(crate) engine: IotHub,
    pub(crate) clock: Clock,
}

/// A response with its decoded body.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) raw: ServiceResponse,
}

impl Hub {
    pub(crate) fn new() -> Self {
        let clock = Clock::manual(datetime!(2026-03-01 12:00:00.1234567 UTC));
        Self {
            engine: IotHub::new(clock.clone()),
            clock,
        }
    }

    pub(crate) fn request(&self, request: ServiceRequest) -> Response {
        let raw = block_on(self.engine.handle(request));
        let body = raw.body_json().expect("every body is JSON");
        Response {
            status: raw.status.as_u16(),
            body,
            raw,
        }
    }

    /// Sends a request with the owner policy, an optional `If-Match` and an optional body.
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        if_match: Option<&str>,
        body: Option<&Value>,
    ) -> Response {
        self.request(build(method, path, if_match, body))
    }

    pub(crate) fn get(&self, path: &str) -> Response {
        self.send("GET", path, None, None)
    }

    pub(crate) fn put(&self, path: &str, body: &Value) -> Response {
        self.send("PUT", path, None, Some(body))
    }

    pub(crate) fn put_if(&self, path: &str, if_match: &str, body: &Value) -> Response {
        self.send("PUT", path, Some(if_match), Some(body))
    }

    pub(crate) fn patch(&self, path: &str, body: &Value) -> Response {
        self.send("PATCH", path, None, Some(body))
    }

    pub(crate) fn delete(&self, path: &str, if_match: &str) -> Response {
        self.send("DELETE", path, Some(if_match), None)
    }

    /// Sends a request like [`send`](Self::send), but with a bearer token.
    pub(crate) fn with_bearer(
        &self,
        method: &str,
        path: &str,
        if_match: Option<&str>,
        body: Option<&Value>,
    ) -> Response {
        self.request(build(method, path, if_match, body).with_caller(bearer()))
    }

    /// Registers a device and returns its identity.
    pub(crate) fn create(&self, device_id: &str) -> Value {
        self.put(
            &format!("/devices/{device_id}"),
            &json!({ "deviceId": device_id }),
        )
        .ok()
    }

    /// Registers an edge device and returns its identity.
    pub(crate) fn create_edge(&self, device_id: &str) -> Value {
        let body = json!({"deviceId": device_id, "capabilities": {"iotEdge": true}});
        self.put(&format!("/devices/{device_id}"), &body).ok()
    }

    pub(crate) fn report(&self, device_id: &str, patch: Value) {
        let patch: Map<String, Value> = serde_json::from_value(patch).expect("an object");
        self.engine
            .report_properties(device_id, None, patch)
            .expect("the device reports");
    }

    pub(crate) fn tick(&self) {
        self.clock.advance(Duration::from_secs(1));
    }
}

pub(crate) fn build(
    method: &str,
    path: &str,
    if_match: Option<&str>,
    body: Option<&Value>,
) -> ServiceRequest {
    let separator = if path.contains('?') { '&' } else { '?' };
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    let mut request =
        ServiceRequest::new(method, &format!("{path}{separator}{API_VERSION}")).expect("a valid path");
    if let Some(value) = if_match {
        request = request.with_header(IF_MATCH, HeaderValue::from_str(value).expect("a header value"));
    }
    match body {
        Some(body) => request.with_json(body),
        None => request,
    }
}

pub(crate) fn with_header(request: ServiceRequest, name: &'static str, value: &str) -> ServiceRequest {
    request.with_header(
        HeaderName::from_static(name),
        HeaderValue::from_str(value).expect("a header value"),
    )
}

/// Returns a caller with one of the policies that every hub has.
pub(crate) fn policy(name: &str) -> Caller {
    Caller::policy(name).expect("a policy")
}

pub(crate) fn bearer() -> Caller {
    Caller::bearer()
}

impl Response {
    /// Returns the body of a response whose status must be 200.
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{}", self.body);
        self.body
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.raw.header(name)
    }

    /// Returns the message after `ErrorCode:<name>;`. Status, header and body must have the expected code.
    #[track_caller]
    pub(crate) fn error(&self, status: u16, code: &str) -> String {
        assert_eq!(self.status, status, "{}", self.body);
        assert_eq!(self.header("iothub-errorcode"), Some(code), "{}", self.body);
        let message = self.body["Message"].as_str().expect("an error has a message");
        let (name, text) = message.split_once(';').expect("the message holds a semicolon");
        assert_eq!(name, format!("ErrorCode:{code}"));
        text.to_owned()
    }
}

/// Returns an ETag from a response body in quotes, as `If-Match` requires.
#[track_caller]
pub(crate) fn quoted(etag: &Value) -> String {
    format!("\"{}\"", etag.as_str().expect("an etag is a string"))
}
