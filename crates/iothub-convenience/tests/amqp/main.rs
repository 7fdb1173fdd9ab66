//! Messages and notifications over AMQP, against the emulator.
#![cfg(feature = "amqp")]

mod messages;
mod support;
