//! What the crate logs and traces.
//!
//! A program of its own, whose tests take turns: `tracing` decides once per call site whether there is a subscriber, so
//! tests without one must not run beside these.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod events;
mod spans;
#[path = "../it/store.rs"]
#[allow(dead_code, reason = "the other tests need more of it")]
mod store;
#[path = "../it/support.rs"]
#[allow(dead_code, reason = "the other tests need more of it")]
mod support;
// The recorder of azure-service-core's own tests.
#[path = "../../../azure-service-core/tests/log/tracer.rs"]
mod tracer;

/// Held by a test while it listens.
static LISTENING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
