//! Reading response and request headers.

use std::convert::Infallible;

use azure_core::http::headers::{HeaderName, HeaderValue, Headers};

/// Returns a header's value if it is not empty. `name` must be in lower case.
///
/// `Headers::get_optional_str` makes an error for an absent header and drops it. With `RUST_BACKTRACE=1` that error
/// has a backtrace, which costs more than the whole request.
#[expect(clippy::expect_used, reason = "the only error would be one of the conversion")]
pub(crate) fn header<'a>(headers: &'a Headers, name: &'static str) -> Option<&'a str> {
    let value = |value: &'a HeaderValue| Ok::<_, Infallible>(value.as_str());
    headers
        .get_optional_with(&HeaderName::from_static(name), value)
        .expect("the conversion is infallible")
        .filter(|value| !value.is_empty())
}
