//! The client's part of a TLS handshake.

use bytes::Bytes;
use rustls::ServerConnection;

/// The client's part of a TLS handshake; empty for plain HTTP.
#[derive(Debug, Clone, Default)]
pub(crate) struct TlsPeer {
    /// The server name (SNI).
    pub(crate) server_name: Option<String>,
    /// The client's certificates in DER, its own first. Only their keys are checked, not their issuers.
    pub(crate) certificates: Vec<Bytes>,
}

impl TlsPeer {
    pub(crate) fn of(connection: &ServerConnection) -> Self {
        let certificates = connection.peer_certificates().unwrap_or_default();
        Self {
            server_name: connection.server_name().map(str::to_owned),
            certificates: certificates
                .iter()
                .map(|certificate| Bytes::copy_from_slice(certificate))
                .collect(),
        }
    }
}
