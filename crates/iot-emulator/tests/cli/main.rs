//! The program `iot-emulator`: options, ready line, signals, data file, webhooks.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a panic fails the test")]

mod bad_options;
mod data_file;
mod digitaltwins_data_file;
mod options;
mod program;
#[path = "../../../azure-iot-emulator/tests/digitaltwins/receiver.rs"]
mod receiver;
mod webhooks;
