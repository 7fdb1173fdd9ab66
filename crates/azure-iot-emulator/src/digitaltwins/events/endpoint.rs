//! Endpoint errors.

use thiserror::Error;
use url::Url;

/// Maximum number of endpoints per instance, as documented.
pub(super) const MAX_ENDPOINTS: usize = 6;

/// Returns the URL for display, with `***` in place of the password.
#[expect(clippy::expect_used, reason = "a URL with a password has a host")]
pub(crate) fn without_password(url: &Url) -> Url {
    let mut url = url.clone();
    if url.password().is_some() {
        let replaced = url.set_password(Some("***"));
        replaced.expect("only URLs without a host can have no password");
    }
    url
}

/// An error of an endpoint or webhook operation.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EndpointError {
    /// The instance already has six endpoints, the maximum.
    #[error("an instance can have at most {MAX_ENDPOINTS} endpoints; remove one first")]
    TooMany,
    /// The name is empty.
    #[error("the name of an endpoint must not be empty")]
    Name,
    /// There is no webhook with this name.
    #[error("there is no webhook named \"{name}\"")]
    NotFound {
        /// The name.
        name: String,
    },
    /// Event routes refer to the endpoint.
    #[error("the endpoint \"{name}\" is used by event routes; delete these first: {}", routes.join(", "))]
    InUse {
        /// The name of the endpoint.
        name: String,
        /// The ids of the routes.
        routes: Vec<String>,
    },
    /// The URL is neither `http` nor `https`, or has no host.
    #[error("cannot send events to {url}: the URL must have the scheme http or https, and a host")]
    Url {
        /// The URL.
        url: String,
    },
    /// The PEM has no certificate, or an invalid one.
    #[error("the trusted certificates are not valid PEM: {reason}")]
    Certificates {
        /// The cause.
        reason: String,
    },
    /// TLS for an `https` webhook could not be set up, for example because the platform has no trusted certificates.
    #[error("could not set up TLS for the webhook: {reason}")]
    Tls {
        /// The cause.
        reason: String,
    },
    /// Webhooks need a Tokio runtime, and the caller runs outside of one.
    #[error("webhooks need a Tokio runtime; add them from inside one")]
    NoRuntime,
}
