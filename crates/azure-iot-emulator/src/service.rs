//! What a service of the emulator is: something that turns a checked request into a response.
//!
//! The server does TLS, HTTP, faults and credentials once for all services; a service only sees requests that
//! passed. It needs no HTTP to be tested: make a [`ServiceRequest`], call [`Service::handle`].

use std::io::{self, Write};

use bytes::Bytes;
use futures::future::BoxFuture;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, Method, StatusCode};
use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde_json::Value;

use crate::auth::{AuthError, Caller};
use crate::durable::StateChange;

/// A service that the emulator can host.
pub trait Service: Send + Sync {
    /// The name in logs, fault rules and dumped state: `iothub` or `digitaltwins`.
    fn name(&self) -> &'static str;

    /// Answers a request whose credentials were checked.
    fn handle(&self, request: ServiceRequest) -> BoxFuture<'_, ServiceResponse>;

    /// Words a refusal that the server decided on the way this service words its errors.
    fn refuse(&self, refusal: &Refusal, request_id: &str) -> ServiceResponse;

    /// Answers a request to the management API below this service's name; `path` is what follows the name.
    /// `None` if there is no such operation.
    fn manage(&self, request: &ServiceRequest, path: &[&str]) -> Option<ServiceResponse> {
        let _ = (request, path);
        None
    }

    /// Whether the answer to a request has to wait until all that happened so far is on the disk, if there is a data
    /// file: a request that may change something, and one that asks how a job is getting on. Whoever has read that a
    /// job is over relies on what it did.
    fn is_durable(&self, request: &ServiceRequest) -> bool {
        let about_jobs = request
            .path_segments
            .first()
            .is_some_and(|word| word.eq_ignore_ascii_case("jobs"));
        about_jobs || !request.method.is_safe()
    }

    /// Notes what changes from now on, for [`take_changes`](Service::take_changes).
    fn record_changes(&self) {}

    /// What has changed since the last call, as one moment left it: made to the state of the moment before, it gives
    /// the state of that moment. Nothing if the service has no state.
    fn take_changes(&self) -> Vec<StateChange> {
        Vec::new()
    }

    /// The whole state as JSON, such that [`load`](Service::load) restores it.
    fn dump(&self) -> Value;

    /// Writes what [`dump`](Service::dump) gives, as it is at one moment, as JSON text.
    ///
    /// # Errors
    /// Those of `writer`.
    fn write_state(&self, writer: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer(writer, &self.dump()).map_err(io::Error::from)
    }

    /// Replaces the whole state by a dumped one; on an error nothing has changed.
    ///
    /// # Errors
    /// The text says what in `state` is not understood.
    fn load(&self, state: &Value) -> Result<(), String>;
}

/// Why the server itself refuses a request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// The credentials are missing or wrong.
    Unauthorized(AuthError),
    /// The request line can't be understood, for instance bad percent-encoding in the path.
    BadRequest(String),
    /// The body is longer than the server takes.
    BodyTooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// A fault rule asks for this status.
    Fault(StatusCode),
}

/// A request as a service sees it.
#[derive(Debug, Clone)]
pub struct ServiceRequest {
    /// The HTTP method.
    pub method: Method,
    /// The path split at `/` and percent-decoded once; one trailing slash is ignored. `/devices/a%2Fb/` is
    /// `["devices", "a/b"]`, `/` is empty.
    pub path_segments: Vec<String>,
    /// The path exactly as sent, without the query.
    pub raw_path: String,
    /// The query's pairs, decoded, in the order sent.
    pub query: Vec<(String, String)>,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// Who asks, as the credentials proved.
    pub caller: Caller,
    /// Scheme and authority as the client addressed them, for links in answers: `https://localhost:8443`.
    pub base_url: String,
    /// This request's id in logs and in the `x-ms-request-id` response header.
    pub request_id: String,
}

impl ServiceRequest {
    /// A request for tests and in-process use: no headers or body, from a caller who may do everything.
    ///
    /// # Errors
    /// See [`split_path`].
    pub fn new(method: Method, path_and_query: &str) -> Result<Self, String> {
        let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
        Ok(Self {
            method,
            path_segments: split_path(path)?,
            raw_path: path.to_owned(),
            query: split_query(query),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            caller: Caller::everything(),
            base_url: "https://localhost".to_owned(),
            request_id: uuid::Uuid::new_v4().to_string(),
        })
    }

    /// With a header.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.append(name, value);
        self
    }

    /// With a JSON body.
    #[must_use]
    pub fn with_json(mut self, body: &Value) -> Self {
        self.body = Bytes::from(body.to_string());
        self.headers
            .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self
    }

    /// From another caller.
    #[must_use]
    pub fn with_caller(mut self, caller: Caller) -> Self {
        self.caller = caller;
        self
    }

    /// The path segments as a slice that patterns can match.
    pub fn segments(&self) -> Vec<&str> {
        self.path_segments.iter().map(String::as_str).collect()
    }

    /// The first query parameter of this name, whose case does not matter.
    pub fn query_value(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The first header of this name, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// A response before it is written to the wire.
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
    /// A response without a body.
    pub fn empty(status: StatusCode) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body: Bytes::new(),
        }
    }

    /// A response with a JSON body, as `application/json; charset=utf-8`.
    pub fn json(status: StatusCode, body: &impl Serialize) -> Self {
        // Most answers fit, so that the text does not move while it grows.
        let mut text = Vec::with_capacity(512);
        match serde_json::to_writer(&mut text, body) {
            Ok(()) => Self::raw_json(status, text),
            // Only a map whose keys aren't strings gets here, and no service answers with one.
            Err(error) => {
                tracing::error!(%error, "a response body can't be written as JSON");
                Self::empty(StatusCode::INTERNAL_SERVER_ERROR)
            }
        }
    }

    /// A response whose body is JSON text already.
    pub fn raw_json(status: StatusCode, body: impl Into<Bytes>) -> Self {
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

    /// With a header; a value that no header can hold is left out.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(HeaderName::from_static(name), value);
        }
        self
    }

    /// The header of this name, if it is there and text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The body as JSON; `Value::Null` if it is empty.
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

/// Splits a raw path into segments, each percent-decoded once; one trailing slash is ignored.
///
/// # Errors
/// If a segment is not UTF-8 after decoding, or a `%` is not followed by two hexadecimal digits.
pub fn split_path(path: &str) -> Result<Vec<String>, String> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let path = path.strip_suffix('/').unwrap_or(path);
    if path.is_empty() {
        return Ok(Vec::new());
    }
    path.split('/').map(decode_segment).collect()
}

fn decode_segment(segment: &str) -> Result<String, String> {
    let mut rest = segment;
    while let Some(at) = rest.find('%') {
        let digits = rest.as_bytes().get(at + 1..at + 3).unwrap_or_default();
        if digits.len() != 2 || !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(format!(
                "the path segment {segment:?} is not percent-encoded correctly"
            ));
        }
        rest = &rest[at + 3..];
    }
    percent_decode_str(segment)
        .decode_utf8()
        .map(|text| text.into_owned())
        .map_err(|_| format!("the path segment {segment:?} is not UTF-8"))
}

/// Splits a raw query into decoded pairs.
pub fn split_query(query: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_decoded_once_and_a_trailing_slash_is_ignored() {
        assert_eq!(split_path("/").unwrap(), Vec::<String>::new());
        assert_eq!(split_path("/devices/").unwrap(), ["devices"]);
        assert_eq!(
            split_path("/devices/100%2525-%252F%2F").unwrap(),
            ["devices", "100%25-%2F/"]
        );
        assert_eq!(split_path("/a//b").unwrap(), ["a", "", "b"]);
        assert!(split_path("/devices/%zz").is_err());
        assert!(split_path("/devices/%").is_err());
        assert!(split_path("/devices/%ff").is_err());
        assert!(split_path("/devices/%é").is_err());
    }

    #[test]
    fn query_names_ignore_case() {
        let request = ServiceRequest::new(Method::GET, "/devices?Top=5&x=a%20b+c").unwrap();
        assert_eq!(request.query_value("top"), Some("5"));
        assert_eq!(request.query_value("x"), Some("a b c"));
    }
}
