//! Reads text with the JSON reader that keeps positions, and compares the result with `serde_json`: the same texts are
//! accepted, with the same values, and the range of each value is the text of that value.

#![no_main]

use dtdl::fuzzing::{MAX_JSON_DEPTH, read_json};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

/// Above this depth, `serde_json` refuses a text.
const SERDE_DEPTH: usize = 127;

fuzz_target!(|text: &str| {
    let unmarked = text.strip_prefix('\u{feff}').unwrap_or(text);
    let expected = serde_json::from_str::<Value>(unmarked);
    match (read_json(text), expected) {
        (Ok(read), Ok(expected)) => {
            assert_eq!(read.value, expected);
            for (range, value) in read.parts {
                assert!(range.start < range.end);
                let part = text.get(range).expect("a range is between characters");
                assert_eq!(serde_json::from_str::<Value>(part).ok(), Some(value), "{part}");
            }
        }
        (Ok(read), Err(error)) => {
            assert!(
                read.depth >= SERDE_DEPTH && read.depth <= MAX_JSON_DEPTH,
                "{error}"
            );
        }
        (Err(offset), Ok(_)) => panic!("refused at {offset}"),
        (Err(offset), Err(_)) => assert!(offset <= text.len()),
    }
});
