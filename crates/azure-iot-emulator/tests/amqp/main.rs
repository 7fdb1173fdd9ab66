//! The hub's AMQP endpoint as clients of every kind meet it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod authentication;
mod devicebound;
mod notifications;
mod support;
