//! Reads bytes as the input file of an import job, with the client's validator and with the emulator. Whatever the validator
//! accepts as self-contained, the emulator imports without an error.

#![no_main]

use std::sync::LazyLock;

use azure_iot_emulator::{Clock, DigitalTwins};
use digitaltwins_convenience::ImportFileValidator;
use futures::executor::block_on;
use fuzz_targets::{assert_handled, request, scratch_folder};
use http::Method;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use tempfile::TempDir;

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = scratch_folder();
    std::fs::create_dir(folder.path().join("c")).expect("the folder is writable");
    folder
});

const JOB: &str = "/jobs/imports/j?api-version=2023-10-31";
const BODY: &[u8] = br#"{"inputBlobUri":"https://a.example/c/in","outputBlobUri":"https://a.example/c/out"}"#;

/// Runs an import and returns its job and its log.
fn import(file: &[u8]) -> (Value, String) {
    let (input, output) = (FOLDER.path().join("c/in"), FOLDER.path().join("c/out"));
    std::fs::write(input, file).expect("the folder is writable");
    let twins = DigitalTwins::new(Clock::new());
    twins.set_blob_directory(FOLDER.path());
    let started = block_on(twins.handle(request(Method::PUT, JOB, BODY)));
    assert_eq!(started.status, 201);
    loop {
        let job = block_on(twins.handle(request(Method::GET, JOB, b"")));
        assert_handled(&job);
        let job = job.body_json().expect("a job is JSON");
        if matches!(job["status"].as_str(), Some("succeeded" | "failed" | "cancelled")) {
            let log = std::fs::read_to_string(output).expect("a job writes its log");
            return (job, log);
        }
        std::thread::yield_now();
    }
}

fuzz_target!(|bytes: &[u8]| {
    let report = ImportFileValidator::new().with_self_contained().check(bytes);
    let report = report.expect("memory can be read");
    for problem in &report.problems {
        assert!(!problem.to_string().is_empty());
    }
    let (job, log) = import(bytes);
    if report.is_ok() {
        assert_eq!(job["status"], "succeeded", "{job} {log}");
        assert!(!log.contains("\"Error\""), "{log}");
    }
});
