//! The hub's AMQP endpoint, as service clients use it.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod authentication;
mod client_errors;
mod devicebound;
mod notifications;
mod support;
