//! Tests without a service: which requests are sent, and how responses are read.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, and prints when it is skipped"
)]

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
