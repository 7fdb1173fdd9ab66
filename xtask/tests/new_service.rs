//! Adding a service, in a temporary workspace.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use support::{Scratch, fixture, pottery};
use xtask::generate::{self, Unsupported};
use xtask::import::{self, Existing};
use xtask::new_service::new_service;
use xtask::texts;
use xtask::workspace::Workspace;

const MANIFEST: &str = "# The workspace.\n[workspace]\nmembers = [\"crates/*\"]\n\n[workspace.dependencies]\n# Ours.\n\
                        pottery-protocol = { path = \"crates/pottery-protocol\" }\n\n# Theirs.\nserde = \"1\"\n";

fn scratch() -> Scratch {
    let scratch = Scratch::new();
    scratch.write("Cargo.toml", MANIFEST);
    scratch
}

fn read(scratch: &Scratch, path: &str) -> String {
    std::fs::read_to_string(scratch.path(path)).unwrap()
}

#[test]
fn description_entry_dependency_and_crate_are_written() {
    let scratch = scratch();
    generate::write(&scratch.workspace, Unsupported::Refuse).unwrap();
    let services = read(&scratch, "specs/services.toml");
    let done = new_service(&scratch.workspace, "tea-house", &fixture("pottery.json")).unwrap();
    assert_eq!(done.operations, 11);
    let mut files: Vec<_> = done
        .files
        .iter()
        .map(|file| {
            file.strip_prefix(scratch.workspace.root())
                .unwrap()
                .display()
                .to_string()
        })
        .collect();
    files.sort();
    assert_eq!(
        files,
        [
            "Cargo.toml",
            "crates/tea-house-protocol/Cargo.toml",
            "crates/tea-house-protocol/src/generated/client.rs",
            "crates/tea-house-protocol/src/generated/mod.rs",
            "crates/tea-house-protocol/src/generated/operations.rs",
            "crates/tea-house-protocol/src/generated/types.rs",
            "crates/tea-house-protocol/src/lib.rs",
            "specs/services.toml",
            "specs/tea-house/2030-01-01.facts.txt",
            "specs/tea-house/2030-01-01.json",
        ]
    );
    assert_eq!(
        read(&scratch, "specs/services.toml"),
        services
            + "\n[tea-house]\nversion = \"2030-01-01\"\ndescription = \"tea-house/2030-01-01.json\"\n\
               crate = \"crates/tea-house-protocol\"\n"
    );
    let protocol = "pottery-protocol = { path = \"crates/pottery-protocol\" }\n";
    let added = "tea-house-protocol = { path = \"crates/tea-house-protocol\" }\n";
    assert_eq!(
        read(&scratch, "Cargo.toml"),
        MANIFEST.replace(protocol, &format!("{protocol}{added}"))
    );
    // The generated code is fresh, so the freshness test includes the service without an edit.
    generate::check(&scratch.workspace, Unsupported::Refuse).unwrap();
}

#[test]
fn every_foreign_text_is_listed_and_none_is_written() {
    let scratch = scratch();
    let mut document = pottery();
    document["definitions"]["Kiln"]["properties"]["accessToken"] = json!({ "type": "string" });
    let file = scratch.write("new.json", document.to_string());
    let done = new_service(&scratch.workspace, "tea-house", &file).unwrap();
    let written: Value = serde_json::from_str(&read(&scratch, "specs/tea-house/2030-01-01.json")).unwrap();
    let listed: Vec<_> = done
        .foreign_texts
        .iter()
        .map(|text| text.pointer.clone())
        .collect();
    assert_eq!(texts::unwritten(&written), listed);
    assert!(listed.len() > 20, "{listed:?}");
    for text in &done.foreign_texts {
        assert_eq!(written.pointer(&text.pointer), Some(&json!(texts::TO_WRITE)));
        for file in done.files.iter().filter(|_| text.published.contains(' ')) {
            let content = std::fs::read_to_string(file).unwrap();
            assert!(
                !content.contains(&text.published),
                "{}: {}",
                file.display(),
                text.published
            );
        }
    }
    assert_eq!(
        done.possible_secrets,
        ["/components/schemas/Kiln/properties/accessToken"]
    );
}

#[test]
fn a_new_service_moves_to_the_next_version_like_the_others() {
    let scratch = scratch();
    new_service(&scratch.workspace, "tea-house", &fixture("pottery.json")).unwrap();
    let mut document = pottery();
    document["info"]["version"] = json!("2031-06-01");
    let file = scratch.write("new.json", document.to_string());
    let done = import::import(&scratch.workspace, "tea-house", &file, Existing::Keep).unwrap();
    assert_eq!(done.report.to_string(), "2030-01-01 → 2031-06-01: no changes");
    generate::write(&scratch.workspace, Unsupported::Refuse).unwrap();
    let operations = read(&scratch, "crates/tea-house-protocol/src/generated/operations.rs");
    assert!(operations.contains("\"2031-06-01\""));
}

#[test]
fn nothing_is_written_if_the_description_cannot_be_generated() {
    let scratch = scratch();
    let mut document = pottery();
    document["paths"]["/kilns"]["get"]["operationId"] = json!("Kilns_Get");
    let file = scratch.write("new.json", document.to_string());
    let before = scratch.everything();
    let error = new_service(&scratch.workspace, "tea-house", &file).unwrap_err();
    assert!(
        error.to_string().starts_with(&file.display().to_string()),
        "{error}"
    );
    assert_eq!(scratch.everything(), before);
}

#[test]
fn an_operation_that_cannot_be_generated_is_reported_in_the_new_description() {
    let scratch = scratch();
    let mut document = pottery();
    document["paths"]["/query"]["post"]["consumes"] = json!(["application/xml"]);
    let file = scratch.write("new.json", document.to_string());
    let done = new_service(&scratch.workspace, "tea-house", &file).unwrap();
    assert_eq!(done.operations, 10);
    assert!(
        done.skipped[0].starts_with("Query_Ask (POST /query): specs/tea-house/2030-01-01.json#/paths/"),
        "{:?}",
        done.skipped
    );
}

/// The skeleton compiles as a member of this workspace, reduced to the crates that it needs.
#[test]
fn the_new_crate_compiles_in_a_copy_of_the_workspace() {
    let scratch = scratch();
    let here = Workspace::here();
    let manifest = std::fs::read_to_string(here.path("Cargo.toml")).unwrap();
    let members = "members = [\"crates/*\", \"tests\", \"xtask\"]";
    assert!(
        manifest.contains(members),
        "the members of the workspace have changed"
    );
    scratch.write(
        "Cargo.toml",
        manifest.replace(members, "members = [\"crates/*\"]"),
    );
    std::fs::copy(here.path("Cargo.lock"), scratch.path("Cargo.lock")).unwrap();
    let runtime = "crates/azure-protocol-runtime";
    copy(&here.path(runtime), &scratch.path(runtime));
    new_service(&scratch.workspace, "tea-house", &fixture("pottery.json")).unwrap();

    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .args(["check", "--offline", "--quiet", "--package", "tea-house-protocol"])
        .current_dir(scratch.workspace.root());
    if std::env::var_os("CARGO_TARGET_DIR").is_none() {
        cargo.env("CARGO_TARGET_DIR", here.path("target"));
    }
    let output = cargo.output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}
