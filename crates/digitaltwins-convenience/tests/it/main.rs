//! Everything that can be tested without a service: what is sent, and what becomes of the answers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, and says when it is skipped"
)]

mod bulk;
mod faults;
mod fixtures;
mod graph;
mod import_file;
mod jobs;
mod modify;
mod pages;
mod patches;
mod requests;
mod spans;
mod store;
mod support;
mod typed;
