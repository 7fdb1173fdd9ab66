//! Messages and notifications over AMQP, against the emulator.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod connections;
mod frame_proxy;
mod interruptions;
mod messages;
mod notifications;
mod outcomes;
mod proxied;
mod proxies;
mod server_tls;
mod support;
#[path = "../../../azure-service-core/tests/log/tracer.rs"]
mod tracer;
