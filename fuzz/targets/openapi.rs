//! Runs all stages of the code generator on bytes as an API description. The result is code or an error that names
//! the file, or another one that it refers to.

#![no_main]

use std::sync::Once;

use fuzz_targets::ScratchFile;
use libfuzzer_sys::fuzz_target;
use xtask::generate::{Unsupported, stages};

fuzz_target!(|bytes: &[u8]| {
    thread_local! {
        static FILE: ScratchFile = ScratchFile::new("description.json");
    }
    // The panics of progenitor become errors, so they must not end the process.
    static SILENCE: Once = Once::new();
    SILENCE.call_once(xtask::codegen::silence_panics);
    FILE.with(|file| {
        let path = file.write(bytes);
        let folder = path
            .parent()
            .and_then(|folder| folder.to_str())
            .expect("the folder is UTF-8");
        match stages(path, None, "the input", Unsupported::Skip) {
            Ok(stages) => assert!(!stages.files.is_empty()),
            Err(error) => assert!(error.to_string().contains(folder), "{error}"),
        }
    });
});
