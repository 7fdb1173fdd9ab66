//! One request, with the parts that every operation reads in the same way.

use http::StatusCode;
use serde::Serialize;
use serde_json::Value;

use crate::digitaltwins::errors::{self, Answer};
use crate::digitaltwins::events::Origin;
use crate::digitaltwins::rules::limits::Limits;
use crate::digitaltwins::rules::precondition::{IfMatch, parse_if_none_match};
use crate::service::{ServiceRequest, ServiceResponse};

/// The published api-versions, oldest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ApiVersion {
    V2020_10_31,
    V2022_05_31,
    V2023_06_30,
    V2023_10_31,
}

/// How the versions are written in requests.
pub(crate) const API_VERSIONS: [(&str, ApiVersion); 4] = [
    ("2020-10-31", ApiVersion::V2020_10_31),
    ("2022-05-31", ApiVersion::V2022_05_31),
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

    /// How requests write it.
    pub(crate) fn name(self) -> &'static str {
        API_VERSIONS
            .iter()
            .find(|(_, version)| *version == self)
            .map_or("", |(name, _)| name)
    }

    /// Whether `$metadata` has `$lastUpdateTime`.
    pub(crate) fn has_update_times(self) -> bool {
        self >= ApiVersion::V2022_05_31
    }

    /// Whether errors carry the header `x-ms-error-code`.
    pub(crate) fn has_error_header(self) -> bool {
        self >= ApiVersion::V2022_05_31
    }
}

/// A request of a known api-version.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    request: &'a ServiceRequest,
    pub(crate) version: ApiVersion,
}

impl<'a> Call<'a> {
    pub(crate) fn new(request: &'a ServiceRequest) -> Answer<Self> {
        let version = request
            .query_value("api-version")
            .ok_or_else(errors::missing_api_version)?;
        let version = ApiVersion::parse(version).ok_or_else(|| errors::unknown_api_version(version))?;
        Ok(Call { request, version })
    }

    pub(crate) fn header(&self, name: &str) -> Option<&'a str> {
        self.request.header(name)
    }

    /// Every value of a query parameter.
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

    /// A query parameter that is `true` or `false`; absent means false.
    pub(crate) fn query_flag(&self, name: &str) -> Answer<bool> {
        match self.query_value(name) {
            None | Some("") => Ok(false),
            Some(text) if text.eq_ignore_ascii_case("true") => Ok(true),
            Some(text) if text.eq_ignore_ascii_case("false") => Ok(false),
            Some(text) => Err(errors::invalid_argument(format!(
                "The value '{text}' of the query parameter {name} is neither true nor false."
            ))),
        }
    }

    /// `max-items-per-page`: what the caller wants, at most `maximum`.
    pub(crate) fn page_size(&self, default: usize, maximum: usize) -> Answer<usize> {
        let Some(text) = self.header("max-items-per-page") else {
            return Ok(default);
        };
        match text.trim().parse::<u64>() {
            Ok(size) if size > 0 => Ok(usize::try_from(size).unwrap_or(usize::MAX).min(maximum)),
            _ => Err(errors::invalid_page_size(text)),
        }
    }

    /// Who may be told about what this request does.
    pub(crate) fn origin(&self) -> Origin<'a> {
        let url = self.request.base_url.as_str();
        Origin {
            host: url.split_once("://").map_or(url, |(_, host)| host),
            traceparent: self.header("traceparent"),
        }
    }

    pub(crate) fn if_match(&self) -> Answer<IfMatch> {
        IfMatch::parse(self.header("if-match"))
    }

    /// Whether `If-None-Match: *` asks for a new resource.
    pub(crate) fn must_be_new(&self) -> Answer<bool> {
        parse_if_none_match(self.header("if-none-match"))
    }

    /// The body as JSON, or the fault of the text; refuses an absent body.
    pub(crate) fn json_body(&self) -> Answer<serde_json::Result<Value>> {
        if self.request.body.iter().all(u8::is_ascii_whitespace) {
            return Err(errors::empty_body());
        }
        Ok(serde_json::from_slice(&self.request.body))
    }

    /// The body, if it is no longer than one about a single twin may be.
    pub(crate) fn limited_body(&self, limits: &Limits) -> Answer<&'a [u8]> {
        if self.request.body.len() > limits.payload_bytes {
            return Err(errors::payload_too_large(limits.payload_bytes));
        }
        Ok(&self.request.body)
    }

    /// [`json_body`](Self::json_body) within the limit of [`limited_body`](Self::limited_body).
    pub(crate) fn limited_json_body(&self, limits: &Limits) -> Answer<serde_json::Result<Value>> {
        self.limited_body(limits)?;
        self.json_body()
    }

    /// An absolute link to a path of this instance, ids in it percent-encoded already. The api-version comes last.
    pub(crate) fn link(&self, path: &str, query: &[(&str, &str)]) -> String {
        let mut link = format!("{}{path}?", self.request.base_url);
        for (name, value) in query {
            link.push_str(name);
            link.push('=');
            link.push_str(&encode(value));
            link.push('&');
        }
        link.push_str("api-version=");
        link.push_str(self.query_value("api-version").unwrap_or_default());
        link
    }
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

/// One page of a list, laid out as the service does.
#[derive(Debug, Serialize)]
pub(crate) struct Page<T> {
    #[serde(rename = "nextLink")]
    pub(crate) next_link: Option<String>,
    pub(crate) value: Vec<T>,
}

/// 204, which the service sends with a length of zero.
pub(crate) fn no_content() -> ServiceResponse {
    ServiceResponse::empty(StatusCode::NO_CONTENT)
}
