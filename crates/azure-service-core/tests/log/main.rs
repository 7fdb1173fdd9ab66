//! Log events and spans.
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
mod secrets;
mod spans;
#[path = "../it/support.rs"]
#[allow(dead_code, reason = "the other test program uses more of it")]
mod support;
mod tracer;

/// The lock that a test holds while its subscriber is set.
static SUBSCRIBER: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
