//! What goes over the wire, seen by an executor instead of a server.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod capture;
mod ids;
mod reading;
mod writing;

use std::sync::Arc;

use capture::Capture;
use digitaltwins_protocol::Client;

/// A client that sends to `capture`.
fn client(capture: &Arc<Capture>) -> Client {
    Client::new_with_client(
        "https://twins.example",
        reqwest::Client::new(),
        Some(capture.clone()),
    )
}

/// Runs a future; nothing here waits for anything.
fn run<F: Future>(future: F) -> F::Output {
    futures::executor::block_on(future)
}
