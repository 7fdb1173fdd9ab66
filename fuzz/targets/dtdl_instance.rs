//! Validates JSON as a twin of interfaces with all kinds of schemas.

#![no_main]

use std::sync::LazyLock;

use dtdl::{Model, Parser, validate_twin};
use libfuzzer_sys::fuzz_target;

static MODEL: LazyLock<Model> = LazyLock::new(|| {
    Parser::new()
        .parse([include_str!("../seeds/dtdl_model/every-schema.json")])
        .expect("the model is valid")
});

fuzz_target!(|bytes: &[u8]| {
    let Ok(value) = serde_json::from_slice::<serde_json::Value>(bytes) else {
        return;
    };
    for interface in MODEL.interfaces() {
        for error in validate_twin(&value, &interface) {
            assert!(error.pointer.is_empty() || error.pointer.starts_with('/'));
            assert!(!error.to_string().is_empty());
        }
    }
});
