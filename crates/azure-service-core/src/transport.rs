//! The HTTP client underneath.

use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};

/// How long a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

/// The client that builds requests and, unless the caller has a transport of their own, sends them.
///
/// It follows no redirect, because the credential must not go anywhere else. It has no timeout for the answer,
/// because that differs from call to call: see [`ResponseTimeout`](crate::ResponseTimeout).
pub(crate) fn http_client() -> Result<reqwest::Client> {
    build(builder())
}

fn builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
}

fn build(builder: reqwest::ClientBuilder) -> Result<reqwest::Client> {
    builder.build().map_err(|error| {
        Error::with_message(ErrorKind::Other, "the HTTP client cannot be built").with_source(error)
    })
}

/// A transport that trusts the certificates in `pem` besides those of the system, such as the emulator's.
///
/// Goes into `ClientOptions::transport`.
///
/// # Errors
///
/// [`ErrorKind::InvalidInput`] if `pem` is no certificate.
#[cfg(feature = "rustls")]
pub fn transport_trusting(pem: &str) -> Result<azure_core::http::Transport> {
    let invalid = || Error::invalid_input("pem", "holds no certificate");
    let certificates = reqwest::Certificate::from_pem_bundle(pem.as_bytes())
        .map_err(|error| invalid().with_source(error))?;
    if certificates.is_empty() {
        return Err(invalid());
    }
    let client = build(builder().tls_certs_merge(certificates))?;
    Ok(azure_core::http::Transport::new(std::sync::Arc::new(client)))
}
