//! Tests of the clients' requests and responses, over a mock transport.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod bulk;
mod clients;
mod register;
mod requests;
mod responses;
mod support;
