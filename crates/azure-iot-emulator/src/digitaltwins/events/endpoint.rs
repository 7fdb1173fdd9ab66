//! Why an endpoint of event routes can be refused.

use thiserror::Error;

/// Endpoints of one instance, as the service documents.
pub(super) const MAX_ENDPOINTS: usize = 6;

/// Why an endpoint was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EndpointError {
    /// An instance has at most six endpoints.
    #[error("an instance has at most {MAX_ENDPOINTS} endpoints")]
    TooMany,
    /// The name is empty.
    #[error("an endpoint must have a name")]
    Name,
    /// There is no webhook of this name.
    #[error("no webhook is called {name:?}")]
    NotFound {
        /// The name.
        name: String,
    },
    /// Event routes refer to the endpoint.
    #[error("{name:?} is the endpoint of the event routes {}: delete these first", routes.join(", "))]
    InUse {
        /// The name of the endpoint.
        name: String,
        /// The ids of the routes.
        routes: Vec<String>,
    },
    /// The address is neither `http` nor `https`, or has no host.
    #[error("events can't be sent to {url}: only http and https are possible")]
    Url {
        /// The address.
        url: String,
    },
    /// The PEM text holds no valid certificate.
    #[error("these are no certificates in PEM: {reason}")]
    Certificates {
        /// What is wrong.
        reason: String,
    },
    /// TLS for an `https` webhook could not be set up, for instance because the platform has no trusted certificates.
    #[error("events can't be sent over TLS: {reason}")]
    Tls {
        /// What is wrong.
        reason: String,
    },
    /// Webhooks are sent by a Tokio runtime, and the caller runs in none.
    #[error("webhooks need a Tokio runtime")]
    NoRuntime,
}
