//! What the crate logs and traces, and what it never does.
//!
//! A program of its own, whose tests take turns: `tracing` decides once per call site whether anybody listens, and with
//! tests beside it that set no subscriber it may decide that nobody does.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may end when it cannot go on"
)]

mod events;
mod secrets;
mod spans;
#[path = "../it/support.rs"]
#[allow(dead_code, reason = "the other tests need more of it")]
mod support;
mod tracer;

/// Held by a test while it listens.
static LISTENING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
