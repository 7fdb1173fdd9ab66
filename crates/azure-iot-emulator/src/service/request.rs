//! Requests to services, and parsing of their URLs.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, Method};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::auth::caller::Caller;
use crate::error::PathError;

/// A request with checked credentials.
#[derive(Debug, Clone)]
pub struct ServiceRequest {
    /// The HTTP method.
    pub method: Method,
    /// The path, split at `/` and percent-decoded once; one trailing slash is ignored. `/devices/a%2Fb/` is
    /// `["devices", "a/b"]`, `/` is empty.
    pub path_segments: Vec<String>,
    /// The path exactly as sent, without the query.
    pub raw_path: String,
    /// The decoded query parameters, in the order sent.
    pub query: Vec<(String, String)>,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// The certificates of the TLS client in DER, its own first; empty if it has none.
    pub client_certificates: Vec<Bytes>,
    /// The authenticated sender.
    pub caller: Caller,
    /// Scheme and authority as addressed by the client, for links in responses: `https://localhost:8443`.
    pub base_url: String,
    /// The request id in logs and in the response header `x-ms-request-id`.
    pub request_id: String,
}

impl ServiceRequest {
    /// Creates a request without headers and body, from the [owner](Caller::owner).
    ///
    /// # Errors
    /// If the path is not percent-encoded UTF-8.
    pub fn new(method: Method, path_and_query: &str) -> Result<Self, PathError> {
        let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
        Ok(Self {
            method,
            path_segments: split_path(path)?,
            raw_path: path.to_owned(),
            query: split_query(query),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            client_certificates: Vec::new(),
            caller: Caller::owner(),
            base_url: "https://localhost".to_owned(),
            request_id: uuid::Uuid::new_v4().to_string(),
        })
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.append(name, value);
        self
    }

    /// Sets a JSON body.
    #[must_use]
    pub fn with_json(mut self, body: &Value) -> Self {
        self.body = Bytes::from(body.to_string());
        self.headers
            .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self
    }

    /// Sets the certificates of the TLS client, its own first.
    #[must_use]
    pub fn with_client_certificates(mut self, certificates: Vec<Bytes>) -> Self {
        self.client_certificates = certificates;
        self
    }

    /// Sets the sender.
    #[must_use]
    pub fn with_caller(mut self, caller: Caller) -> Self {
        self.caller = caller;
        self
    }

    /// Returns the path segments for matching with slice patterns.
    pub(crate) fn segments(&self) -> Vec<&str> {
        self.path_segments.iter().map(String::as_str).collect()
    }

    /// Returns the first query parameter with this name, ignoring case.
    pub(crate) fn query_value(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Returns the first header with this name, if its value is visible ASCII.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// Splits a raw path at `/` and percent-decodes each segment once. One trailing slash is ignored.
pub(crate) fn split_path(path: &str) -> Result<Vec<String>, PathError> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let path = path.strip_suffix('/').unwrap_or(path);
    if path.is_empty() {
        return Ok(Vec::new());
    }
    path.split('/').map(decode_segment).collect()
}

fn decode_segment(segment: &str) -> Result<String, PathError> {
    for (position, _) in segment.match_indices('%') {
        let digits = segment.as_bytes().get(position + 1..position + 3);
        if !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
            let segment = segment.to_owned();
            return Err(PathError::PercentEncoding { segment, position });
        }
    }
    percent_decode_str(segment)
        .decode_utf8()
        .map(|text| text.into_owned())
        .map_err(|_| PathError::Utf8 {
            segment: segment.to_owned(),
        })
}

/// Splits a raw query into decoded pairs.
pub(crate) fn split_query(query: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// HUB-ID-5, HUB-HTTP-6, ADT-HTTP-14.
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
        assert_eq!(
            split_path("/devices/a%20%2"),
            Err(PathError::PercentEncoding {
                segment: "a%20%2".to_owned(),
                position: 4
            })
        );
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
