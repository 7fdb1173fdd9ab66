//! Runs the soak tests.

use std::time::{Duration, Instant};

use crate::ci::Ci;
use crate::error::Error;
use crate::workspace::Workspace;

/// The tests of the program that kill it, or fill its disk, and then check every acknowledged write.
const LOSSES: [&str; 2] = ["kill_loses_no_acknowledged", "disk_full::"];

/// Puts load on the emulator, built with the given cargo profile.
///
/// # Errors
/// [`Error::Step`] if it fails.
pub fn load(workspace: &Workspace, profile: &str, arguments: &[String]) -> Result<(), Error> {
    let mut words = vec!["bench", "--quiet", "--locked", "--package", "azure-iot-emulator"];
    words.extend(["--bench", "soak", "--profile", profile, "--"]);
    words.extend(arguments.iter().map(String::as_str));
    Ci { workspace }.cargo("soak", &words)
}

/// Runs all soak tests, each for the same part of the time: load on each service, both clients under faults, and an emulator
/// that is killed or whose disk is full.
///
/// # Errors
/// [`Error::Step`] for the first that fails.
pub fn soak_all(workspace: &Workspace, time: Duration) -> Result<(), Error> {
    let part = time / 4;
    let seconds = part.as_secs().to_string();
    for service in ["iothub", "digitaltwins"] {
        load(workspace, "bench", &[service.to_owned(), seconds.clone()])?;
    }
    let ci = Ci { workspace };
    let faults = [
        "run",
        "--quiet",
        "--locked",
        "--release",
        "--package",
        "integration-tests",
    ];
    let program = ["--bin", "fault-soak", "--", &seconds];
    ci.cargo("soak with faults", &[&faults[..], &program].concat())?;
    let losses = [
        "test",
        "--quiet",
        "--locked",
        "--release",
        "--package",
        "iot-emulator",
    ];
    let filters = [&["--test", "cli", "--"], &LOSSES[..]].concat();
    let begin = Instant::now();
    loop {
        ci.cargo("soak with losses", &[&losses[..], &filters].concat())?;
        if begin.elapsed() >= part {
            return Ok(());
        }
    }
}
