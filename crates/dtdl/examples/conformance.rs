//! Runs conformance cases in the format of the DTDLParser project; see `tests/README.md`.
//!
//! `cargo run -p dtdl --example conformance -- [<folder of cases>]`
//!
//! Without an argument, the environment variable `DTDL_CASES` names the folder. Without either, the few cases in
//! `tests/conformance` run. Exits with 0 if all cases pass, 1 if a case fails or there are no cases, and 2 if the cases
//! cannot be read.

#[path = "../tests/support/suite.rs"]
mod suite;

use std::path::Path;
use std::process::ExitCode;

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line program")]
fn main() -> ExitCode {
    let folder = std::env::args()
        .nth(1)
        .or_else(|| std::env::var("DTDL_CASES").ok())
        .unwrap_or_else(|| suite::SAMPLE.to_owned());
    let started = std::time::Instant::now();
    let outcome = match suite::run(Path::new(&folder)) {
        Ok(outcome) => outcome,
        Err(error) => {
            eprintln!("{folder}: {error}");
            return ExitCode::from(2);
        }
    };
    for failure in outcome.failures.iter().take(40) {
        println!("{}", failure.chars().take(600).collect::<String>());
    }
    for (version, (passed, failed)) in &outcome.by_version {
        println!("version {version}: {passed} passed, {failed} failed");
    }
    if std::env::var_os("DTDL_CODES").is_some() {
        for (code, count) in &outcome.codes {
            println!("{count:>7} {code}");
        }
    }
    println!("{} passed in {:.1?}", outcome.passed(), started.elapsed());
    if outcome.is_success() {
        return ExitCode::SUCCESS;
    }
    if outcome.failures.is_empty() {
        eprintln!("no cases in {folder}");
    }
    ExitCode::FAILURE
}
