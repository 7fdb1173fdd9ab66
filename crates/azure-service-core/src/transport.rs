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
    transport(builder().tls_certs_merge(certificates(pem)?))
}

/// Creates a transport that presents a client certificate. `identity` is PEM with the private key, the certificate and
/// its intermediates, in any order. The transport trusts the certificates in `trusted` in addition to those of the
/// system.
///
/// For `ClientOptions::transport`.
///
/// # Errors
///
/// [`ErrorKind::InvalidInput`] if `identity` lacks a key or a certificate, or if `trusted` is `Some` but contains no
/// certificate.
#[cfg(feature = "rustls")]
pub fn transport_with_identity(
    identity: &azure_core::credentials::Secret,
    trusted: Option<&str>,
) -> Result<azure_core::http::Transport> {
    // The source error is dropped because it may quote the key.
    let identity = reqwest::Identity::from_pem(identity.secret().as_bytes())
        .map_err(|_| Error::invalid_input("identity", "must be PEM with a private key and a certificate"))?;
    let mut builder = builder().identity(identity);
    if let Some(trusted) = trusted {
        builder = builder.tls_certs_merge(certificates(trusted)?);
    }
    transport(builder)
}

#[cfg(feature = "rustls")]
fn certificates(pem: &str) -> Result<Vec<reqwest::Certificate>> {
    let invalid = || Error::invalid_input("pem", "contains no PEM certificate");
    let certificates = reqwest::Certificate::from_pem_bundle(pem.as_bytes())
        .map_err(|error| invalid().with_source(error))?;
    match certificates.is_empty() {
        true => Err(invalid()),
        false => Ok(certificates),
    }
}

#[cfg(feature = "rustls")]
fn transport(builder: reqwest::ClientBuilder) -> Result<azure_core::http::Transport> {
    let client = build(builder)?;
    Ok(azure_core::http::Transport::new(std::sync::Arc::new(client)))
}
