//! The emulator over HTTPS: TLS, credentials, faults and the management API.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod containers;
mod credentials;
mod data_file;
mod error_words;
mod faults;
mod host_names;
mod lifetime;
mod management;
mod provisioning;
mod settings;
mod support;
mod time_limits;
mod unread_bodies;
mod wire;
