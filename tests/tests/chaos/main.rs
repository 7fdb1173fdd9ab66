//! Both clients against a server that breaks the rules of HTTP and of the services.
//!
//! Connections that break at each AMQP frame are in `crates/iothub-convenience/tests/amqp/interruptions.rs`, an emulator that
//! is killed or whose disk is full in `crates/iot-emulator/tests/cli`.

#![expect(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod bodies;
mod clients;
mod evil_server;
mod heads;
mod links;
#[path = "../../../crates/iothub-convenience/tests/amqp/server_tls.rs"]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod server_tls;
mod soak;
mod waits;
