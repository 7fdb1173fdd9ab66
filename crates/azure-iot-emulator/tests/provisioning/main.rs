//! The provisioning service in process, without HTTP, against the rules of `docs/service-behavior/provisioning.md`.

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
