//! Taking over a new version.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use serde_json::{Value, json};
use support::{Scratch, pottery};
use xtask::{generate, import};

fn read(scratch: &Scratch, path: &str) -> String {
    std::fs::read_to_string(scratch.path(path)).unwrap()
}

#[test]
fn a_new_version_is_written_reported_and_generated() {
    let scratch = Scratch::new();
    generate::write(&scratch.workspace).unwrap();
    let mut document = pottery();
    document["info"]["version"] = json!("2031-06-01");
    document["definitions"]["Kiln"]["properties"]["colour"] =
        json!({ "type": "string", "description": "Not ours." });
    let file = scratch.write("new.json", format!("\u{feff}{document}"));

    let done = import::import(&scratch.workspace, "pottery", &file).unwrap();
    assert!(done.changed);
    assert_eq!(
        done.report.to_string(),
        "2030-01-01 → 2031-06-01: 1 change(s), 0 breaking\n          added    property Kiln.colour"
    );
    assert_eq!(
        done.foreign_words,
        ["/components/schemas/Kiln/properties/colour/description"]
    );

    let written: Value = serde_json::from_str(&read(&scratch, "specs/pottery/2031-06-01.json")).unwrap();
    assert_eq!(written["openapi"], "3.0.3");
    assert!(!written.to_string().contains("x-ms-examples"));
    let services = read(&scratch, "specs/services.toml");
    assert!(
        services.starts_with("# The services.\n[pottery]\nversion = \"2031-06-01\"\n"),
        "{services}"
    );
    assert!(
        services.contains("description = \"pottery/2031-06-01.json\""),
        "{services}"
    );
    assert!(
        services.contains("overlay = \"pottery/overlay.json\""),
        "{services}"
    );
    assert!(
        scratch.path("specs/pottery/2030-01-01.json").exists(),
        "the old one stays"
    );

    assert!(generate::check(&scratch.workspace).is_err());
    generate::write(&scratch.workspace).unwrap();
    let operations = read(&scratch, "crates/pottery-protocol/src/generated/operations.rs");
    assert!(operations.contains("\"2031-06-01\""));
    assert!(read(&scratch, "crates/pottery-protocol/src/generated/types.rs").contains("pub colour:"));
}

#[test]
fn an_imported_file_can_be_imported_again_without_a_change() {
    let scratch = Scratch::new();
    let file = support::fixture("pottery.json");
    assert!(
        import::import(&scratch.workspace, "pottery", &file)
            .unwrap()
            .changed
    );
    let before = scratch.everything();
    // First from Swagger, then from the OpenAPI file that came of it.
    for file in [file, scratch.path("specs/pottery/2030-01-01.json")] {
        let done = import::import(&scratch.workspace, "pottery", &file).unwrap();
        assert!(!done.changed);
        assert_eq!(done.report.to_string(), "2030-01-01 → 2030-01-01: no changes");
        assert_eq!(done.foreign_words, Vec::<String>::new());
    }
    assert_eq!(scratch.everything(), before);
}

#[test]
fn our_own_words_stay() {
    let scratch = Scratch::new();
    import::import(&scratch.workspace, "pottery", &support::fixture("pottery.json")).unwrap();
    let mut document = pottery();
    let words =
        |document: &mut Value, place: &str, text: &str| *document.pointer_mut(place).unwrap() = json!(text);
    words(&mut document, "/info/title", "Other title");
    words(&mut document, "/paths/~1kilns/get/summary", "Other summary");
    words(
        &mut document,
        "/parameters/kilnId/description",
        "Other description",
    );
    document["paths"]["/kilns"]["get"]
        .as_object_mut()
        .unwrap()
        .remove("description")
        .unwrap();
    // The order of parameters is no matter.
    document["paths"]["/kilns"]["get"]["parameters"]
        .as_array_mut()
        .unwrap()
        .reverse();
    let file = scratch.write("new.json", document.to_string());
    let done = import::import(&scratch.workspace, "pottery", &file).unwrap();
    assert_eq!(done.foreign_words, Vec::<String>::new());
    let written = read(&scratch, "specs/pottery/2030-01-01.json");
    for theirs in ["Other title", "Other summary", "Other description"] {
        assert!(!written.contains(theirs), "{theirs}");
    }
    assert!(written.contains("Only these rooms."));
    assert!(
        written.contains("Lists the kilns of the workshop."),
        "words that only we have"
    );
}
