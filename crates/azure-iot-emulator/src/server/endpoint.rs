//! An HTTP endpoint of a service.

use std::sync::Arc;

use tokio_rustls::TlsAcceptor;

use crate::amqp::node::Node;
use crate::auth::authenticator::Authenticator;
use crate::durable::journal::Journal;
use crate::faults::Faults;
use crate::service::Service;

/// A service with its authenticator, fault rules and TLS configuration.
pub(crate) struct Endpoint {
    pub(crate) service: Arc<dyn Service>,
    pub(crate) authenticator: Authenticator,
    pub(crate) faults: Faults,
    /// `None` for plain HTTP.
    pub(crate) tls: Option<TlsAcceptor>,
    /// The AMQP node for WebSockets, if the service has one.
    pub(crate) amqp: Option<Arc<Node>>,
    /// Makes changes durable before the response, if there is a data file.
    pub(crate) journal: Option<Journal>,
}
