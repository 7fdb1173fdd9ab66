//! Tests of the Digital Twins emulator, without HTTP, against the rules in `docs/service-behavior/digitaltwins.md`.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod components;
mod concurrency;
mod delete_jobs;
mod error_messages;
mod event_routes;
mod events;
mod fixture;
mod gateway;
mod import_jobs;
mod model_lists;
mod models;
mod over_tls;
mod patches;
mod preconditions;
mod preset;
mod queries;
mod query_graph;
mod query_lag;
mod query_pages;
mod query_rules;
mod random_changes;
mod random_queries;
mod rates;
mod receiver;
mod relationships;
mod sizes;
mod state;
mod twins;
mod values;
mod webhooks;
