//! Tests of requests and responses, with a mock transport in place of the service.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod auto_traits;
mod bulk;
mod call_options;
mod clouds;
mod faults;
mod fixtures;
mod graph;
mod import_file;
mod jobs;
mod models;
mod modify;
mod pages;
mod patches;
mod requests;
mod spans;
mod store;
mod support;
mod typed;
