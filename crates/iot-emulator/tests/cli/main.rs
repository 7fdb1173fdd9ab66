//! The program `iot-emulator`: options, ready line, signals, data file, webhooks.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod bad_options;
mod data_file;
mod digitaltwins_data_file;
#[cfg(unix)]
mod disk_full;
#[cfg(unix)]
mod flood;
mod limits_table;
mod models;
mod options;
mod program;
#[path = "../../../azure-iot-emulator/tests/digitaltwins/receiver.rs"]
mod receiver;
mod webhooks;
