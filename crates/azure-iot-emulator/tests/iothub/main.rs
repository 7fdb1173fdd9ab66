//! Tests of the hub's engine, in process and without HTTP, against the rules in `docs/service-behavior/iothub.md`.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod attributes;
mod bulk;
mod configuration_rules;
mod configurations;
mod device_registry;
mod digital_twins;
mod edge_devices;
mod errors;
mod identities;
mod jobs;
mod messages;
mod methods;
mod modules;
mod query;
mod query_functions;
mod regenerate_keys;
mod state;
mod support;
mod throttling;
mod transfers;
mod twin_refusals;
mod twins;
