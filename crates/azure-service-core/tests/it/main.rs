//! End-to-end tests of calls, from a generated client to a response or an error, over mock and faulty transports.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod call_options;
#[cfg(feature = "rustls")]
mod certificates;
mod connection_strings;
mod credentials;
mod envelopes;
mod jobs;
mod limits;
mod lists;
mod network;
mod requests;
mod retries;
mod service_names;
mod support;
