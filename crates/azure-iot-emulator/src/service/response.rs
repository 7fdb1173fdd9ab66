//! Responses of services.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use serde_json::Value;

/// A response of a service.
#[derive(Debug, Clone)]
pub struct ServiceResponse {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl ServiceResponse {
    /// Creates a response without a body.
    pub(crate) fn empty(status: StatusCode) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body: Bytes::new(),
        }
    }

    /// Creates a response with a JSON body, as `application/json; charset=utf-8`.
    #[expect(
        clippy::expect_used,
        reason = "response bodies are values and records of this crate, which serialize"
    )]
    pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Self {
        // Large enough for most responses.
        let mut text = Vec::with_capacity(512);
        serde_json::to_writer(&mut text, body).expect("response bodies have string keys");
        Self::raw_json(status, text)
    }

    /// Creates a response from serialized JSON.
    pub(crate) fn raw_json(status: StatusCode, body: impl Into<Bytes>) -> Self {
        let mut response = Self {
            status,
            headers: HeaderMap::new(),
            body: body.into(),
        };
        response.headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/json; charset=utf-8"),
        );
        response
    }

    /// Sets a header, unless its value contains characters that are invalid in headers.
    #[must_use]
    pub(crate) fn with_header(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(HeaderName::from_static(name), value);
        }
        self
    }

    /// Returns the first header with this name, if its value is visible ASCII.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Parses the body; an empty body is `Value::Null`.
    ///
    /// # Errors
    /// If the body is not JSON.
    pub fn body_json(&self) -> serde_json::Result<Value> {
        if self.body.is_empty() {
            Ok(Value::Null)
        } else {
            serde_json::from_slice(&self.body)
        }
    }
}
