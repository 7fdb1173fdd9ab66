//! An HTTP endpoint of a service.

use std::sync::Arc;

use http::{Request, Response};
use hyper::body::Incoming;
use tokio_rustls::TlsAcceptor;

use crate::auth::authenticator::Authenticator;
use crate::durable::journal::Journal;
use crate::faults::Faults;
use crate::server::tls_peer::TlsPeer;
use crate::service::{Refusal, Service};

/// A service with its authenticator, fault rules and TLS configuration.
pub(crate) struct Endpoint {
    pub(crate) service: Arc<dyn Service>,
    pub(crate) authenticator: Authenticator,
    pub(crate) faults: Faults,
    /// The TLS configuration; `None` for plain HTTP.
    pub(crate) tls: Option<TlsAcceptor>,
    /// The other protocol on this port, if any.
    pub(crate) upgrade: Option<Arc<dyn Upgrade>>,
    /// Makes changes durable before the response, if there is a data file.
    pub(crate) journal: Option<Journal>,
}

/// A protocol to which HTTP requests can switch. It checks credentials itself.
pub(crate) trait Upgrade: Send + Sync {
    /// Responds to a request to switch protocols. Returns `None` for any other request.
    fn upgrade(
        &self,
        request: &mut Request<Incoming>,
        peer: &TlsPeer,
    ) -> Option<Result<Response<()>, Refusal>>;
}
