//! Scenarios, the quickstart and the benchmarks that span crates.
//!
//! * [`environment`]: the two services to talk to, the embedded emulator or live ones.
//! * [`imports`]: which source file imports which, for the tests of layers and circles.
//! * [`public_api`]: listings of a crate's public API, which `tests/public_api.rs` compares with the committed ones.
//! * [`scenarios`]: what a user does with the clients, written once; `tests/scenarios.rs` runs them on the emulator, the
//!   program `conformance-live` on live services.
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
pub mod imports;
pub mod public_api;
mod resources;
pub mod scenarios;

/// What goes wrong in a scenario: the error of either client, or a sentence.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;
