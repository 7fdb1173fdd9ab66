//! Refuses requests to the management API that web pages of other sites may have caused.
//!
//! A browser sends GET, and POST with the content type of a form, to another origin without a preflight. It
//! withholds the response from the page, but the request has already taken effect. All other requests need a
//! preflight (Fetch standard, section 3.2), which this API never grants. Therefore a request that changes something
//! is accepted only if it needs a preflight.

use http::header::{CONTENT_TYPE, HOST, HeaderMap, HeaderName, ORIGIN};
use http::{Method, StatusCode};

use crate::service::request::ServiceRequest;

/// A header whose presence forces a preflight, for requests without a body and thus without a content type.
const REQUESTED_WITH: HeaderName = HeaderName::from_static("x-requested-with");
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Returns an error for a request that a web page of another site may have caused.
pub(super) fn check(request: &ServiceRequest) -> Result<(), (StatusCode, String)> {
    if !is_local(&request.base_url) {
        // Prevents DNS rebinding: a web page can make its own host name resolve to this address, but cannot make the
        // browser send `localhost` as the host.
        return Err(forbidden(HOST, &request.base_url));
    }
    let headers = &request.headers;
    for origin in headers.get_all(ORIGIN) {
        // `null` is the origin of a file or of a sandboxed frame.
        if !origin.to_str().is_ok_and(is_local) {
            return Err(forbidden(ORIGIN, &String::from_utf8_lossy(origin.as_bytes())));
        }
    }
    if headers
        .get_all(FETCH_SITE)
        .iter()
        .any(|site| site == "cross-site")
    {
        return Err(forbidden(FETCH_SITE, "cross-site"));
    }
    if changes_state(&request.method) && !forces_preflight(headers) {
        let message = format!(
            "a request other than GET needs the header \"Content-Type: application/json\" or, without a body, \
             \"{REQUESTED_WITH}\" with any value, so that a web page cannot send it"
        );
        return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
    }
    Ok(())
}

fn forbidden(header: HeaderName, value: &str) -> (StatusCode, String) {
    let message = format!(
        "the management API accepts only requests to and from localhost or a loopback address, but {header} is \"{value}\""
    );
    (StatusCode::FORBIDDEN, message)
}

fn changes_state(method: &Method) -> bool {
    !method.is_safe()
}

fn forces_preflight(headers: &HeaderMap) -> bool {
    let is_json = |content_type: &str| {
        let essence = content_type.split(';').next();
        essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
    };
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    content_type.is_some_and(is_json) || headers.contains_key(REQUESTED_WITH)
}

/// Returns whether a URL or an origin names this machine.
fn is_local(url: &str) -> bool {
    url::Url::parse(url).is_ok_and(|url| match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    })
}
