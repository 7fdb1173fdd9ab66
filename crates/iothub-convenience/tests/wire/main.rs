//! Tests of the client over a mock transport.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod bulk;
mod clients;
mod conventions;
mod faults;
mod hosts;
mod jobs;
mod keys;
mod modify;
mod requests;
mod responses;
mod secrets;
mod support;
