//! The client against a transport that records requests and gives prepared answers.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod answers;
mod bulk;
mod clients;
mod conventions;
mod faults;
mod jobs;
mod modify;
mod requests;
mod secrets;
mod support;
