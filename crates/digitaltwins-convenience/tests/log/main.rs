//! Logs and traces.
//!
//! These tests are a separate program and run one at a time, because `tracing` caches the interest in each call site:
//! a test without a subscriber would disable the events of the others.
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

/// The lock that a test holds while its subscriber is set.
static SUBSCRIBER: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
