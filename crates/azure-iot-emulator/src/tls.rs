//! A temporary certificate authority and the server certificate that it signs.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::NoClientAuth;
use rustls::server::danger::ClientCertVerifier;
use thiserror::Error;

mod client_certificates;

/// The names of a server on the loopback address.
const LOCAL_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

pub(crate) fn local_names() -> Vec<String> {
    LOCAL_NAMES.map(str::to_owned).to_vec()
}

/// An error in the server certificate, for example a malformed host name. Its source has the details.
#[derive(Debug, Error)]
#[error("could not create the server certificate")]
pub struct CertificateError(#[source] Box<dyn std::error::Error + Send + Sync>);

/// The server certificate and the CA certificate that clients must trust.
#[derive(Debug, Clone)]
pub(crate) struct Certificates {
    /// The CA certificate. Its key is discarded.
    pub(crate) ca_pem: String,
    pub(crate) server_config: Arc<ServerConfig>,
    /// Asks clients for a certificate, which may be of any issuer.
    pub(crate) with_client_certificates: Arc<ServerConfig>,
}

/// Creates certificates for the loopback names and for `extra_names`.
pub(crate) fn generate(extra_names: &[String]) -> Result<Certificates, CertificateError> {
    try_generate(extra_names).map_err(CertificateError)
}

fn try_generate(extra_names: &[String]) -> Result<Certificates, Box<dyn std::error::Error + Send + Sync>> {
    let mut authority = CertificateParams::new(Vec::<String>::new())?;
    authority
        .distinguished_name
        .push(DnType::CommonName, "IoT emulator certificate authority");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let authority_key = KeyPair::generate()?;
    let authority_certificate = authority.self_signed(&authority_key)?;
    let issuer = Issuer::new(authority, authority_key);

    let names = LOCAL_NAMES
        .iter()
        .map(ToString::to_string)
        .chain(extra_names.iter().cloned());
    let mut server = CertificateParams::new(names.collect::<Vec<_>>())?;
    server.distinguished_name.push(DnType::CommonName, "localhost");
    server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    // Python 3.13 and later reject certificates without this extension.
    server.use_authority_key_identifier_extension = true;
    let server_key = KeyPair::generate()?;
    let server_certificate = server.signed_by(&server_key, &issuer)?;

    let config = |clients: Arc<dyn ClientCertVerifier>| -> Result<Arc<ServerConfig>, rustls::Error> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_client_cert_verifier(clients)
            .with_single_cert(
                vec![server_certificate.der().clone()],
                PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(server_key.serialize_der())),
            )?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    };
    Ok(Certificates {
        ca_pem: authority_certificate.pem(),
        server_config: config(Arc::new(NoClientAuth))?,
        with_client_certificates: config(Arc::new(client_certificates::AnyIssuer::default()))?,
    })
}
