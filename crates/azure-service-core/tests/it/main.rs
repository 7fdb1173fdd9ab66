//! The request path from a generated method to an answer or an error, over transports that misbehave on purpose.

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
mod lists;
mod network;
mod requests;
mod retries;
mod service_words;
mod support;
