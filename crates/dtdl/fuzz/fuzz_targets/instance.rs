//! Validates arbitrary JSON as a twin of an Interface with all kinds of schemas.
//!
//! `cargo +nightly fuzz run instance`, in `crates/dtdl`

#![no_main]

use dtdl::{Model, Parser, validate_twin};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static MODEL: LazyLock<Model> = LazyLock::new(|| {
    Parser::new().parse([include_str!("../corpus/parse/every-schema.json")]).expect("the model is valid")
});

fuzz_target!(|bytes: &[u8]| {
    let Ok(value) = serde_json::from_slice::<serde_json::Value>(bytes) else { return };
    for interface in MODEL.interfaces() {
        for error in validate_twin(&value, &interface) {
            let _ = error.to_string();
        }
    }
});
