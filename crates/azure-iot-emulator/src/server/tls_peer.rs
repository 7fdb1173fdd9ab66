//! The client's part of a TLS handshake.

use rustls::ServerConnection;

/// The client's part of a TLS handshake; empty for plain HTTP.
#[derive(Debug, Clone, Default)]
pub(crate) struct TlsPeer {
    /// The name that the client connected to (SNI).
    pub(crate) server_name: Option<String>,
}

impl TlsPeer {
    pub(crate) fn of(connection: &ServerConnection) -> Self {
        Self {
            server_name: connection.server_name().map(str::to_owned),
        }
    }
}
