//! Tests of the client against the emulator, over TLS.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod bulk;
mod errors;
mod models;
mod queries;
mod relationships;
mod routes_and_jobs;
mod twins;

#[path = "../../examples/common/mod.rs"]
mod common;

use azure_core::http::Etag;
use azure_iot_emulator::Emulator;
use digitaltwins_convenience::{DigitalTwinsClient, Precondition};

const ANY: Precondition = Precondition::Unconditional;

/// Every character that is valid in ids and reserved in URLs.
const SPECIAL: &str = "dev:1.2+3%_#*?!(),=@;$'";

/// Starts an emulator with a small building, and returns it with a client.
async fn building() -> (Emulator, DigitalTwinsClient) {
    common::building().await.unwrap()
}

/// Starts an empty emulator, and returns it with a client.
async fn empty() -> (Emulator, DigitalTwinsClient) {
    common::emulated().await.unwrap()
}

fn if_match(etag: Option<Etag>) -> Precondition {
    Precondition::IfMatch(etag.unwrap())
}
