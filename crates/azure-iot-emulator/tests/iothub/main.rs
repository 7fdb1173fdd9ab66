//! The hub's engine in process, without HTTP, against the rules of `docs/service-behavior/iothub.md`.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod bulk;
mod configurations;
mod digital_twins;
mod errors;
mod identities;
mod jobs;
mod methods;
mod modules;
mod query;
mod state;
mod support;
mod throttling;
mod transfers;
mod twins;
