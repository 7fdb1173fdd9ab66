//! Opens a data file and its journal. The result is the state of the services, or an error; a state that a service loads is
//! dumped and loaded again without a difference.
//!
//! The first line of the input is the data file, the others are the JSON of the journal's lines. The target adds the
//! checksums, except to lines that begin with `!`. `JOURNAL` stands for the id of the journal.

#![no_main]

use std::fmt::Write as _;

use azure_iot_emulator::{Clock, DigitalTwins, IotHub, fuzzing};
use fuzz_targets::scratch_folder;
use libfuzzer_sys::fuzz_target;

const ID: &str = "6f2d5b0e-3c57-4d2b-9c0c-6f7d6a1f2b3c";

fn journal(lines: &str) -> String {
    let mut journal = String::new();
    for line in lines.split_inclusive('\n') {
        match line.strip_prefix('!') {
            Some(unchecked) => journal.push_str(unchecked),
            None => {
                let json = line.strip_suffix('\n').unwrap_or(line);
                let checksum = crc32fast::hash(json.as_bytes());
                write!(journal, "{checksum:08x} {line}").expect("a string can be written to");
            }
        }
    }
    journal
}

fuzz_target!(|text: &str| {
    thread_local! {
        static FOLDER: tempfile::TempDir = scratch_folder();
    }
    let text = text.replace("JOURNAL", ID);
    let (file, lines) = text.split_once('\n').unwrap_or((&text, ""));
    let path = FOLDER.with(|folder| folder.path().join("data.json"));
    let journal_path = path.with_extension("json.journal");
    std::fs::write(&path, file).expect("the folder is writable");
    std::fs::write(&journal_path, journal(lines)).expect("the folder is writable");
    let services = match fuzzing::open_data_file(&path) {
        Ok(services) => services,
        Err(error) => return assert!(!error.is_empty()),
    };
    // A second start finds the same state.
    assert_eq!(fuzzing::open_data_file(&path).as_ref(), Ok(&services));
    if let Some(state) = services.get("iothub") {
        let hub = IotHub::new(Clock::new());
        match hub.load(state) {
            Ok(()) => {
                let dump = hub.dump();
                let again = IotHub::new(Clock::new());
                again.load(&dump).expect("dumped state loads");
                assert_eq!(again.dump(), dump);
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
    if let Some(state) = services.get("digitaltwins") {
        let twins = DigitalTwins::new(Clock::new());
        match twins.load(state) {
            Ok(()) => {
                let dump = twins.dump();
                let again = DigitalTwins::new(Clock::new());
                again.load(&dump).expect("dumped state loads");
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
});
