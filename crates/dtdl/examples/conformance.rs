//! Runs the conformance cases of the DTDLParser project.
//!
//! `cargo run -p dtdl --example conformance -- <folder of cases>`, or with the folder in `DTDL_CASES`.

#[path = "../tests/support/suite.rs"]
mod suite;

use std::path::Path;
use std::process::ExitCode;

#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that talks to its user"
)]
fn main() -> ExitCode {
    let Some(folder) = std::env::args()
        .nth(1)
        .or_else(|| std::env::var("DTDL_CASES").ok())
    else {
        println!("nothing to do: conformance <folder of cases>, or the folder in DTDL_CASES");
        return ExitCode::SUCCESS;
    };
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
    println!("in {:.1?}", started.elapsed());
    if outcome.failed() == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
