//! State that all endpoints share.

use std::net::SocketAddr;

use tokio_rustls::TlsAcceptor;

use crate::builder::error::StartError;
use crate::durable::journal::Journal;
use crate::faults::Faults;
use crate::server::endpoint::Endpoint;
use crate::server::listener::Server;

/// State that all endpoints share.
pub(super) struct Shared {
    pub(super) tls: TlsAcceptor,
    /// A TLS acceptor that asks clients for a certificate.
    pub(super) tls_with_client_certificates: TlsAcceptor,
    pub(super) faults: Faults,
    pub(super) journal: Option<Journal>,
    /// Maximum number of connections of each endpoint of a service.
    pub(super) connections: usize,
}

/// Starts a server that accepts at most `connections` simultaneous connections.
pub(super) async fn listen(
    service: &'static str,
    address: SocketAddr,
    endpoint: Endpoint,
    connections: usize,
) -> Result<Server, StartError> {
    let server = Server::start(address, endpoint, connections).await;
    server.map_err(|source| StartError::Bind {
        service,
        address,
        source,
    })
}
