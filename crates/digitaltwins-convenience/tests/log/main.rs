//! Logs and traces.
//!
//! A test binary of its own whose tests run one at a time: `tracing` caches per call site whether a subscriber is
//! interested, so tests without a subscriber must not run concurrently.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod events;
mod spans;
#[path = "../it/store.rs"]
#[allow(dead_code, reason = "the other test binary uses the rest")]
mod store;
#[path = "../it/support.rs"]
#[allow(dead_code, reason = "the other test binary uses the rest")]
mod support;
// Shared with the tests of azure-service-core.
#[path = "../../../azure-service-core/tests/log/tracer.rs"]
mod tracer;

/// Held by a test while its subscriber is set.
static SUBSCRIBER: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
