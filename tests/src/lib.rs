//! Scenarios, and the examples, benchmarks and tests that span crates.
//!
//! * [`environment`]: clients for both services, on the embedded emulator or live.
//! * [`fault_soak`]: the clients against an emulator with faults, checked by a model.
//! * [`imports`]: the import graph of source files, for the tests of layers and cycles.
//! * [`public_api`]: listings of a crate's public API, which `tests/public_api.rs` compares with the committed ones.
//! * [`scenarios`]: calls of the clients with assertions; `tests/scenarios.rs` runs them on the emulator, the program
//!   `conformance-live` on live services.
//! * [`client_methods`]: the public methods of the clients, and those that a source file calls.

/// The README's examples compile.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;

/// The examples of the emulator's Rust page run.
#[cfg(doctest)]
#[doc = include_str!("../../docs/emulator/rust.md")]
pub struct EmulatorPage;

pub mod client_methods;
pub mod environment;
pub mod fault_soak;
pub mod imports;
pub mod public_api;
mod resources;
pub mod scenarios;

/// The failure of a scenario: the error of a client, or a message.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;
