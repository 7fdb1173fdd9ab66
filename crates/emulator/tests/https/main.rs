//! The emulator as clients meet it: TLS, credentials, faults, the management API, and the program.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on fails"
)]

mod bad_options;
mod containers;
mod credentials;
mod data_file;
mod digitaltwins_data_file;
mod faults;
mod lifetime;
mod management;
mod options;
mod program;
mod settings;
mod support;
