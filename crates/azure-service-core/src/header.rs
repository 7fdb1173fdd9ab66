//! Access to request and response headers.

use std::convert::Infallible;
use std::time::Duration;

use azure_core::http::headers::{
    HeaderName, HeaderValue, Headers, RETRY_AFTER, RETRY_AFTER_MS, X_MS_RETRY_AFTER_MS,
};
use azure_core::http::policies::get_retry_after;
use azure_core::time::parse_rfc7231;
use time::OffsetDateTime;

/// Returns a header's value if it is not empty. `name` must be in lower case.
///
/// Avoids `Headers::get_optional_str`, which creates and drops an error for an absent header. With `RUST_BACKTRACE=1`
/// that error captures a backtrace, which costs more than the request.
#[expect(clippy::expect_used, reason = "the only error would be one of the conversion")]
pub(crate) fn header<'a>(headers: &'a Headers, name: &'static str) -> Option<&'a str> {
    let value = |value: &'a HeaderValue| Ok::<_, Infallible>(value.as_str());
    headers
        .get_optional_with(&HeaderName::from_static(name), value)
        .expect("the conversion is infallible")
        .filter(|value| !value.is_empty())
}

/// Returns the wait from the first of the `Retry-After` headers that azure_core supports. A negative wait counts as
/// zero.
pub(crate) fn retry_after(headers: &Headers) -> Option<Duration> {
    let names = [X_MS_RETRY_AFTER_MS, RETRY_AFTER_MS, RETRY_AFTER];
    get_retry_after(headers, OffsetDateTime::now_utc, &names)
        .map(|wait| wait.try_into().unwrap_or(Duration::ZERO))
}

/// Returns the time at which the service sent the response, from the header `Date`.
pub(crate) fn service_time(headers: &Headers) -> Option<OffsetDateTime> {
    parse_rfc7231(header(headers, "date")?).ok()
}
