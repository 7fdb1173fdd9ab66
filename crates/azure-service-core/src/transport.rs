//! The default HTTP client.

use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};

/// The timeout for establishing a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

/// Creates the client that builds requests and, without a custom transport, sends them.
///
/// It follows no redirects, because the credential must not be sent to another host. It has no timeout for responses;
/// the pipeline applies the timeouts.
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

/// Creates a transport that trusts the certificates in `pem` in addition to those of the system, such as the
/// certificate of an emulator.
///
/// For `ClientOptions::transport`.
///
/// # Errors
///
/// [`ErrorKind::InvalidInput`] if `pem` contains no certificate.
#[cfg(feature = "rustls")]
pub fn transport_trusting(pem: &str) -> Result<azure_core::http::Transport> {
    let invalid = || Error::invalid_input("pem", "contains no PEM certificate");
    let certificates = reqwest::Certificate::from_pem_bundle(pem.as_bytes())
        .map_err(|error| invalid().with_source(error))?;
    if certificates.is_empty() {
        return Err(invalid());
    }
    let client = build(builder().tls_certs_merge(certificates))?;
    Ok(azure_core::http::Transport::new(std::sync::Arc::new(client)))
}
