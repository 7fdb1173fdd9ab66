//! The hub's AMQP endpoint, as service clients use it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod authentication;
mod devicebound;
mod notifications;
mod support;
