//! The output of each stage for the fixture, which has every supported construct.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::path::PathBuf;

use serde_json::{Value, json};
use xtask::codegen;
use xtask::generate::{Stages, Unsupported, stages};

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures")
        .join(name)
}

fn pottery() -> Stages {
    stages(
        &fixture("pottery.json"),
        Some(&fixture("pottery-overlay.json")),
        "the fixture",
        Unsupported::Refuse,
    )
    .unwrap()
}

#[test]
fn converted() {
    insta::assert_json_snapshot!(pottery().description);
}

#[test]
fn overlaid() {
    let stages = pottery();
    let mut changes = Vec::new();
    compare(
        Some(&stages.description),
        Some(&stages.overlaid),
        String::new(),
        &mut changes,
    );
    insta::assert_json_snapshot!(changes);
}

/// Collects the differences between two documents.
fn compare(before: Option<&Value>, after: Option<&Value>, at: String, changes: &mut Vec<Value>) {
    match (before, after) {
        (Some(Value::Object(old)), Some(Value::Object(new))) => {
            let added = new.keys().filter(|key| !old.contains_key(*key));
            for key in old.keys().chain(added) {
                let token = key.replace('~', "~0").replace('/', "~1");
                compare(old.get(key), new.get(key), format!("{at}/{token}"), changes);
            }
        }
        (before, after) if before == after => {}
        (before, after) => changes.push(json!({ "at": at, "before": before, "after": after })),
    }
}

#[test]
fn lowered() {
    let lowered = pottery().lowered;
    insta::assert_json_snapshot!("lowered_document", lowered.document);
    insta::assert_json_snapshot!("lowered_operations", (lowered.operations, lowered.secrets));
}

/// The generator's own output, to show what the post-pass changes.
#[test]
fn generated_before_the_corrections() {
    let code = codegen::generate(&pottery().lowered.document).unwrap();
    insta::assert_snapshot!(prettyplease::unparse(&code));
}

#[test]
fn generated() {
    for file in pottery().files {
        insta::assert_snapshot!(format!("generated_{}", file.name.replace('.', "_")), file.text);
    }
}
