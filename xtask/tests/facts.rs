//! The facts of each description match the listing that stands next to it, and its texts are written.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use std::path::PathBuf;

use support::pottery;
use xtask::description::load_openapi;
use xtask::facts::Facts;
use xtask::import::facts_file;
use xtask::texts;
use xtask::workspace::Workspace;

/// Returns the descriptions in `specs/`, those of versions that are not generated included.
fn descriptions() -> Vec<PathBuf> {
    let workspace = Workspace::here();
    let mut found = Vec::new();
    for service in workspace.services().unwrap() {
        for entry in std::fs::read_dir(workspace.spec(&service.name)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|e| e == "json") && !path.ends_with("overlay.json") {
                found.push(path);
            }
        }
        assert!(
            found.contains(&workspace.spec(&service.description)),
            "{}",
            service.name
        );
    }
    found
}

/// An edit of a description may change texts only. `import` writes the listing from the published file.
#[test]
fn facts_match_their_listings() {
    let update = std::env::var_os("UPDATE_FACTS").is_some();
    for description in descriptions() {
        let facts = Facts::of(&load_openapi(&description).unwrap())
            .unwrap()
            .to_string();
        let file = facts_file(&description);
        if update {
            std::fs::write(&file, &facts).unwrap();
        }
        let listed = std::fs::read_to_string(&file).unwrap_or_default();
        let changed = facts
            .lines()
            .zip(listed.lines())
            .position(|(now, listed)| now != listed);
        assert!(
            facts == listed,
            "{} differs from {} in line {}; only texts may be edited by hand, differences of the service belong in the overlay.\n\
             To accept the facts of the description: UPDATE_FACTS=1 cargo test -p xtask --test facts",
            description.display(),
            file.display(),
            changed.unwrap_or_else(|| facts.lines().count().min(listed.lines().count())) + 1
        );
    }
}

#[test]
fn every_text_is_written() {
    for description in descriptions() {
        let unwritten = texts::unwritten(&load_openapi(&description).unwrap());
        assert!(
            unwritten.is_empty(),
            "{}: write these texts in our own words:\n{}",
            description.display(),
            unwritten.join("\n")
        );
    }
}

#[test]
fn a_listing_has_facts_and_no_texts() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pottery.json");
    let listing = |document: &serde_json::Value| {
        std::fs::write(&file, document.to_string()).unwrap();
        Facts::of(&load_openapi(&file).unwrap()).unwrap().to_string()
    };
    let before = listing(&pottery());
    insta::assert_snapshot!(before);

    let mut texts_changed = pottery();
    texts_changed["info"]["title"] = "Another title".into();
    texts_changed["paths"]["/kilns"]["get"]["description"] = "Another description".into();
    assert_eq!(listing(&texts_changed), before);

    let mut facts_changed = pottery();
    facts_changed["paths"]["/kilns/{kilnId}"]["put"]["parameters"][1]["required"] = false.into();
    assert_ne!(listing(&facts_changed), before);
}
