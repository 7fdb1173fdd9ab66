//! Scenarios, wire snapshots, the quickstart and the benchmarks that span crates.
