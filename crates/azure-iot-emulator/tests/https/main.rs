//! The emulator over HTTPS: TLS, credentials, faults and the management API.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod containers;
mod credentials;
mod data_file;
mod faults;
mod lifetime;
mod management;
mod settings;
mod support;
