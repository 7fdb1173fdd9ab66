//! Messages and notifications over AMQP, against the emulator.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod connections;
mod messages;
mod notifications;
mod outcomes;
mod proxies;
mod support;
