//! Runs [`integration_tests::fault_soak`] for a number of seconds, by default 60. `cargo xtask soak --minutes N` calls it.
//!
//! ```sh
//! cargo run --release -p integration-tests --bin fault-soak -- [seconds] [seed]
//! ```
#![allow(clippy::print_stdout, reason = "a program prints its results")]

use std::time::Duration;

use integration_tests::{Failure, fault_soak};

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut numbers = std::env::args().skip(1).map(|argument| argument.parse::<u64>());
    let seconds = numbers.next().unwrap_or(Ok(60))?;
    let seed = numbers.next().unwrap_or_else(|| Ok(fastrand::u64(..)))?;
    println!("clients under faults, {seconds} s, seed {seed}");
    let summary = fault_soak::run(Duration::from_secs(seconds), seed).await?;
    println!("  {summary}");
    Ok(())
}
