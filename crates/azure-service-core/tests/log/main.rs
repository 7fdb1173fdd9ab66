//! Log events and spans.
//!
//! A test program of its own, whose tests run one at a time: `tracing` caches the interest in each call site, so tests
//! without a subscriber would disable the events of the others.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod events;
mod secrets;
mod spans;
#[path = "../it/support.rs"]
#[allow(dead_code, reason = "the other test program uses more of it")]
mod support;
mod tracer;

/// Held by a test while its subscriber is set.
static SUBSCRIBER: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
