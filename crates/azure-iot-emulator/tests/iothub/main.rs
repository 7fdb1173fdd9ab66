//! The hub's engine, in process and without HTTP. Tests name the section of the facts about the service and the
//! number of the case that they show.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on fails"
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
