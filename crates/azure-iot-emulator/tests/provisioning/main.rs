//! Tests of the provisioning service, in process and without HTTP, against the rules in
//! `docs/service-behavior/provisioning.md`.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod attestation;
mod bulk;
mod certificates;
mod custom_allocation;
mod enrollments;
mod errors;
mod queries;
mod rates;
mod registrations;
mod reprovisioning;
mod state;
mod support;
