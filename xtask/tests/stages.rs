//! What each stage makes of the fixture, which has every construct that the stages know.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::path::PathBuf;

use xtask::generate::{Stages, stages};

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
    // Only what the overlay touches; the rest is the snapshot above.
    let shown = [
        "/paths/~1query/post/x-idempotent",
        "/components/schemas/Glaze",
        "/components/schemas/Kiln/properties/door",
    ];
    let shown: Vec<_> = shown
        .iter()
        .map(|place| (place, stages.overlaid.pointer(place)))
        .collect();
    insta::assert_json_snapshot!(shown);
}

#[test]
fn lowered() {
    let lowered = pottery().lowered;
    insta::assert_json_snapshot!("lowered_document", lowered.document);
    insta::assert_json_snapshot!("lowered_operations", (lowered.operations, lowered.secrets));
}

#[test]
fn generated() {
    for part in pottery().parts {
        insta::assert_snapshot!(format!("generated_{}", part.name.replace('.', "_")), part.text);
    }
}
