//! The client against a transport that records requests and gives prepared answers.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod answers;
mod bulk;
mod modify;
mod requests;
mod support;
