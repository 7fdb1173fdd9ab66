//! Import of a new API version.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use serde_json::{Value, json};
use support::{Scratch, pottery};
use xtask::generate::Unsupported;
use xtask::import::Existing;
use xtask::texts::{self, ForeignText};
use xtask::{generate, import};

fn read(scratch: &Scratch, path: &str) -> String {
    std::fs::read_to_string(scratch.path(path)).unwrap()
}

#[test]
fn a_new_version_is_written_reported_and_selected() {
    let scratch = Scratch::new();
    generate::write(&scratch.workspace, Unsupported::Refuse).unwrap();
    let mut document = pottery();
    document["info"]["version"] = json!("2031-06-01");
    document["definitions"]["Kiln"]["properties"]["colour"] =
        json!({ "type": "string", "description": "Not ours." });
    let file = scratch.write("new.json", format!("\u{feff}{document}"));

    let done = import::import(&scratch.workspace, "pottery", &file, Existing::Replace).unwrap();
    assert!(done.changed);
    assert_eq!(
        done.report.to_string(),
        "2030-01-01 → 2031-06-01: 1 change(s), 0 breaking\n          added    property Kiln.colour"
    );
    assert_eq!(
        done.foreign_texts,
        [ForeignText {
            pointer: "/components/schemas/Kiln/properties/colour/description".to_owned(),
            published: "Not ours.".to_owned(),
        }]
    );

    let written: Value = serde_json::from_str(&read(&scratch, "specs/pottery/2031-06-01.json")).unwrap();
    assert_eq!(written["openapi"], "3.0.3");
    assert!(!written.to_string().contains("x-ms-examples"));
    assert_eq!(
        texts::unwritten(&written),
        ["/components/schemas/Kiln/properties/colour/description"]
    );
    let facts = read(&scratch, "specs/pottery/2031-06-01.facts.txt");
    assert!(facts.contains("\n  colour: string\n"), "{facts}");
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
        "the old description is kept"
    );

    assert!(generate::check(&scratch.workspace, Unsupported::Refuse).is_err());
    generate::write(&scratch.workspace, Unsupported::Refuse).unwrap();
    let operations = read(&scratch, "crates/pottery-protocol/src/generated/operations.rs");
    assert!(operations.contains("\"2031-06-01\""));
    assert!(read(&scratch, "crates/pottery-protocol/src/generated/types.rs").contains("pub colour:"));
}

#[test]
fn importing_a_file_again_changes_nothing() {
    let scratch = Scratch::new();
    let file = support::fixture("pottery.json");
    assert!(
        import::import(&scratch.workspace, "pottery", &file, Existing::Replace)
            .unwrap()
            .changed
    );
    let before = scratch.everything();
    // From Swagger, then from the resulting OpenAPI file.
    for file in [file, scratch.path("specs/pottery/2030-01-01.json")] {
        let done = import::import(&scratch.workspace, "pottery", &file, Existing::Replace).unwrap();
        assert!(!done.changed);
        assert_eq!(done.report.to_string(), "2030-01-01 → 2030-01-01: no changes");
        assert_eq!(done.foreign_texts, []);
    }
    assert_eq!(scratch.everything(), before);
}

#[test]
fn a_text_to_write_is_reported_until_it_is_written() {
    let scratch = Scratch::new();
    let mut document = pottery();
    document["info"]["version"] = json!("2031-06-01");
    document["definitions"]["Kiln"]["properties"]["colour"] =
        json!({ "type": "string", "description": "Not ours." });
    let file = scratch.write("new.json", document.to_string());
    let import = || import::import(&scratch.workspace, "pottery", &file, Existing::Replace).unwrap();
    assert_eq!(import().foreign_texts.len(), 1);
    assert_eq!(import().foreign_texts[0].published, "Not ours.");
    let description = read(&scratch, "specs/pottery/2031-06-01.json");
    let ours = description.replace("\"TODO\"", "\"The color of the glaze.\"");
    scratch.write("specs/pottery/2031-06-01.json", &ours);
    assert_eq!(import().foreign_texts, []);
    assert_eq!(read(&scratch, "specs/pottery/2031-06-01.json"), ours);
}

#[test]
fn our_descriptions_are_kept() {
    let scratch = Scratch::new();
    import::import(
        &scratch.workspace,
        "pottery",
        &support::fixture("pottery.json"),
        Existing::Replace,
    )
    .unwrap();
    let mut document = pottery();
    let set = |document: &mut Value, pointer: &str, text: &str| {
        *document.pointer_mut(pointer).unwrap() = json!(text)
    };
    set(&mut document, "/info/title", "Other title");
    set(&mut document, "/paths/~1kilns/get/summary", "Other summary");
    set(
        &mut document,
        "/parameters/kilnId/description",
        "Other description",
    );
    document["paths"]["/kilns"]["get"]
        .as_object_mut()
        .unwrap()
        .remove("description")
        .unwrap();
    // The order of parameters does not matter.
    document["paths"]["/kilns"]["get"]["parameters"]
        .as_array_mut()
        .unwrap()
        .reverse();
    let file = scratch.write("new.json", document.to_string());
    let done = import::import(&scratch.workspace, "pottery", &file, Existing::Replace).unwrap();
    assert_eq!(done.foreign_texts, []);
    let written = read(&scratch, "specs/pottery/2030-01-01.json");
    for theirs in ["Other title", "Other summary", "Other description"] {
        assert!(!written.contains(theirs), "{theirs}");
    }
    assert!(written.contains("Only these rooms."));
    assert!(
        written.contains("Lists the kilns of the workshop."),
        "a description that only ours has"
    );
}

#[test]
fn an_existing_version_changes_only_with_replace() {
    let scratch = Scratch::new();
    let mut document = pottery();
    document["definitions"]["Kiln"]["properties"]["colour"] = json!({ "type": "string" });
    let file = scratch.write("new.json", document.to_string());
    let before = scratch.everything();
    let error = import::import(&scratch.workspace, "pottery", &file, Existing::Keep).unwrap_err();
    assert!(error.to_string().contains("pass --replace"), "{error}");
    assert_eq!(scratch.everything(), before);
    let done = import::import(&scratch.workspace, "pottery", &file, Existing::Replace).unwrap();
    assert!(done.changed);
}

#[test]
fn members_that_look_like_secrets_are_reported_unless_marked() {
    let scratch = Scratch::new();
    let mut document = pottery();
    document["info"]["version"] = json!("2031-06-01");
    document["definitions"]["Kiln"]["properties"]["accessToken"] = json!({ "type": "string" });
    let file = scratch.write("new.json", document.to_string());
    let done = import::import(&scratch.workspace, "pottery", &file, Existing::Keep).unwrap();
    // `secretKey` is marked, so it is not reported.
    assert_eq!(
        done.possible_secrets,
        ["/components/schemas/Kiln/properties/accessToken"]
    );
}
