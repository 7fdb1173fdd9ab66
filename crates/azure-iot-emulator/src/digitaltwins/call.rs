//! Parsing of the request parts that operations share.

use std::borrow::Cow;

use http::StatusCode;
use serde_json::Value;

use crate::digitaltwins::errors::{self, ServiceError, ServiceResult};
use crate::digitaltwins::events::notify::Origin;
use crate::digitaltwins::rules::limits::Limits;
use crate::digitaltwins::rules::precondition::{IfMatch, parse_if_none_match};
use crate::service::{ServiceRequest, ServiceResponse};

/// The stable api-versions, oldest first. A preview has the behavior of the stable version that followed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ApiVersion {
    V2020_10_31,
    V2022_05_31,
    V2023_06_30,
    V2023_10_31,
}

/// All versions that were ever published.
const API_VERSIONS: [(&str, ApiVersion); 7] = [
    ("2020-05-31-preview", ApiVersion::V2020_10_31),
    ("2020-10-31", ApiVersion::V2020_10_31),
    ("2021-06-30-preview", ApiVersion::V2022_05_31),
    ("2022-05-31", ApiVersion::V2022_05_31),
    ("2023-02-27-preview", ApiVersion::V2023_06_30),
    ("2023-06-30", ApiVersion::V2023_06_30),
    ("2023-10-31", ApiVersion::V2023_10_31),
];

impl ApiVersion {
    fn parse(text: &str) -> Option<Self> {
        API_VERSIONS
            .iter()
            .find(|(name, _)| *name == text)
            .map(|(_, version)| *version)
    }

    /// Returns whether `$metadata` has `$lastUpdateTime`.
    pub(crate) fn has_update_times(self) -> bool {
        self >= ApiVersion::V2022_05_31
    }

    /// Returns whether errors carry the header `x-ms-error-code`.
    pub(crate) fn has_error_header(self) -> bool {
        self >= ApiVersion::V2022_05_31
    }
}

/// A request with a known api-version.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    request: &'a ServiceRequest,
    pub(crate) version: ApiVersion,
    version_name: &'a str,
}

impl<'a> Call<'a> {
    pub(crate) fn new(request: &'a ServiceRequest) -> ServiceResult<Self> {
        let version_name = request
            .query_value("api-version")
            .ok_or_else(errors::missing_api_version)?;
        let version = ApiVersion::parse(version_name).ok_or_else(|| unsupported(version_name))?;
        Ok(Call {
            request,
            version,
            version_name,
        })
    }

    pub(crate) fn header(&self, name: &str) -> Option<&'a str> {
        self.request.header(name)
    }

    /// Returns an error if the api-version is older than `first`, which introduced the operation.
    pub(crate) fn check_since(&self, first: ApiVersion) -> ServiceResult<()> {
        if self.version < first {
            return Err(unsupported(self.version_name));
        }
        Ok(())
    }

    /// Returns every value of a query parameter.
    pub(crate) fn query_values(&self, name: &str) -> impl Iterator<Item = &'a str> {
        self.request
            .query
            .iter()
            .filter(move |(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn query_value(&self, name: &str) -> Option<&'a str> {
        self.request.query_value(name)
    }

    /// Parses a boolean query parameter; absent means false.
    pub(crate) fn query_flag(&self, name: &str) -> ServiceResult<bool> {
        match self.query_value(name) {
            None | Some("") => Ok(false),
            Some(text) if text.eq_ignore_ascii_case("true") => Ok(true),
            Some(text) if text.eq_ignore_ascii_case("false") => Ok(false),
            Some(text) => Err(errors::invalid_argument(format!(
                "The value '{text}' of the query parameter {name} is neither true nor false."
            ))),
        }
    }

    /// Returns `max-items-per-page`, clamped to `maximum`.
    pub(crate) fn page_size(&self, default: usize, maximum: usize) -> ServiceResult<usize> {
        let Some(text) = self.header("max-items-per-page") else {
            return Ok(default);
        };
        match text.trim().parse::<u64>() {
            Ok(size) if size > 0 => Ok(usize::try_from(size).unwrap_or(usize::MAX).min(maximum)),
            _ => Err(errors::invalid_page_size(text)),
        }
    }

    /// Returns the origin of the events that this request causes.
    pub(crate) fn origin(&self) -> Origin<'a> {
        let url = self.request.base_url.as_str();
        Origin {
            host: url.split_once("://").map_or(url, |(_, host)| host),
            traceparent: self.header("traceparent"),
        }
    }

    pub(crate) fn if_match(&self) -> ServiceResult<IfMatch> {
        IfMatch::parse(self.precondition("if-match").as_deref())
    }

    /// Returns whether the request has `If-None-Match: *`, so that an existing resource must not be replaced.
    pub(crate) fn must_be_new(&self) -> ServiceResult<bool> {
        parse_if_none_match(self.precondition("if-none-match").as_deref())
    }

    /// Returns a precondition header. Non-ASCII values are included; ignoring one would make the write unconditional.
    fn precondition(&self, name: &str) -> Option<Cow<'a, str>> {
        let value = self.request.headers.get(name)?;
        Some(String::from_utf8_lossy(value.as_bytes()))
    }

    /// Parses the body. Returns an error for an empty body; leaves syntax errors to the caller.
    pub(crate) fn json_body(&self) -> ServiceResult<serde_json::Result<Value>> {
        if self.request.body.iter().all(u8::is_ascii_whitespace) {
            return Err(errors::empty_body());
        }
        Ok(serde_json::from_slice(&self.request.body))
    }

    /// Returns the body, or an error if it exceeds the limit for requests about one twin.
    pub(crate) fn limited_body(&self, limits: &Limits) -> ServiceResult<&'a [u8]> {
        if self.request.body.len() > limits.payload_bytes {
            return Err(errors::payload_too_large(limits.payload_bytes));
        }
        Ok(&self.request.body)
    }

    /// Parses the body as [`json_body`](Self::json_body) does, after checking the limit of
    /// [`limited_body`](Self::limited_body).
    pub(crate) fn limited_json_body(&self, limits: &Limits) -> ServiceResult<serde_json::Result<Value>> {
        self.limited_body(limits)?;
        self.json_body()
    }

    /// Returns an absolute link to a path of this instance. Ids in `path` are already percent-encoded; the
    /// api-version is the last query parameter.
    pub(crate) fn link(&self, path: &str, query: &[(&str, &str)]) -> String {
        let mut link = format!("{}{path}?", self.request.base_url);
        for (name, value) in query {
            link.push_str(name);
            link.push('=');
            link.push_str(&encode(value));
            link.push('&');
        }
        link.push_str("api-version=");
        link.push_str(self.version_name);
        link
    }
}

fn unsupported(version: &str) -> ServiceError {
    errors::unknown_api_version(version, &API_VERSIONS.map(|(name, _)| name))
}

/// Splits the path of a request into decoded segments. `%2F` is not decoded, because the service treats it as part
/// of the id.
pub(crate) fn path_segments(request: &ServiceRequest) -> ServiceResult<Vec<String>> {
    let path = request.raw_path.strip_prefix('/').unwrap_or(&request.raw_path);
    let path = path.strip_suffix('/').unwrap_or(path);
    let decode = |segment: &str| {
        let segment = segment.replace("%2F", "%252F").replace("%2f", "%252f");
        let decoded = percent_encoding::percent_decode_str(&segment).decode_utf8();
        decoded
            .map(|decoded| decoded.into_owned())
            .map_err(|_| errors::invalid_argument(format!("The path /{path} is not UTF-8.")))
    };
    path.split('/').map(decode).collect()
}

/// Returns a 204 response. The service sends it with `Content-Length: 0`.
pub(crate) fn no_content() -> ServiceResponse {
    ServiceResponse::empty(StatusCode::NO_CONTENT)
}

/// Percent-encodes everything but the unreserved characters of RFC 3986.
pub(crate) fn encode(text: &str) -> String {
    const UNRESERVED: percent_encoding::AsciiSet = percent_encoding::NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'.')
        .remove(b'_')
        .remove(b'~');
    percent_encoding::utf8_percent_encode(text, &UNRESERVED).to_string()
}
