//! Tests of the wire format of requests and responses, with an executor in place of a server.

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

use azure_protocol_runtime::TypedRequest;
use capture::Capture;
use digitaltwins_protocol::Client;

/// Returns a client that only builds requests.
fn api() -> Client {
    Client::new_with_client("https://twins.example", reqwest::Client::new(), None)
}

/// Returns the values of a header.
fn header<'a, T>(request: &'a TypedRequest<T>, name: &str) -> Vec<&'a str> {
    let values = request.headers.get_all(name).iter();
    values.map(|value| value.to_str().unwrap()).collect()
}

/// Returns the body as a string, empty if there is none.
fn body<T>(request: &TypedRequest<T>) -> &str {
    std::str::from_utf8(request.body.as_deref().unwrap_or_default()).unwrap()
}

/// Returns a client that sends to `capture`.
fn client(capture: &Arc<Capture>) -> Client {
    Client::new_with_client(
        "https://twins.example",
        reqwest::Client::new(),
        Some(capture.clone()),
    )
}

/// Runs a future that does no IO.
fn run<F: Future>(future: F) -> F::Output {
    futures::executor::block_on(future)
}
