//! The HTTP server in front of a service: TLS, HTTP/1.1 and HTTP/2, faults, credentials, request ids, logging.

mod body;
mod connection;
pub(crate) mod connections;
pub(crate) mod endpoint;
pub(crate) mod exchange;
pub(crate) mod limits;
pub(crate) mod listener;
mod reset;
pub(crate) mod tls_peer;
mod unread;
