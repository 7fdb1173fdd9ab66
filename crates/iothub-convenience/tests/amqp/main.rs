//! Messages and notifications over AMQP, against the emulator.
#![cfg(feature = "amqp")]

mod connections;
mod messages;
mod notifications;
mod outcomes;
mod proxies;
mod support;
