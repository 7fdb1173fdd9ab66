//! Scenarios, the quickstart and the benchmarks that span crates.
//!
//! * [`environment`]: the two services under test, the embedded emulator or real ones.
//! * [`imports`]: the import graph of source files, for the tests of layers and import cycles.
//! * [`public_api`]: listings of a crate's public API, which `tests/public_api.rs` compares with the committed ones.
//! * [`scenarios`]: typical uses of the clients; `tests/` runs them against the emulator, or against real services if
//!   environment variables name them.

/// Compiles the README's examples.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;

/// The examples of the emulator's Rust page run.
#[cfg(doctest)]
#[doc = include_str!("../../docs/emulator/rust.md")]
pub struct EmulatorPage;

pub mod environment;
pub mod imports;
pub mod public_api;
pub mod scenarios;

/// The error of a scenario: that of either client, or a message.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;
