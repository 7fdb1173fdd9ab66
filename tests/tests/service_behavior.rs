//! The rules of `docs/service-behavior`, checked against the code that names them.
//!
//! Every id in the code must exist in the documents, and every rule must be named by a test or marked `untested:`.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
const DOCUMENTS: &str = "docs/service-behavior";
const SERVICES: [&str; 3] = ["HUB", "ADT", "DPS"];
const EVIDENCE: [&str; 3] = ["recorded", "documented", "inferred"];
const COLUMNS: usize = 5;

/// One row of a document.
struct Rule {
    location: String,
    untested: bool,
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Splits a row of a Markdown table into trimmed cells; `\|` is part of a cell.
fn cells(row: &str) -> Vec<String> {
    let row = row.replace("\\|", "\u{0}");
    let row = row.trim().trim_start_matches('|');
    let row = row.strip_suffix('|').unwrap_or(row);
    row.split('|')
        .map(|cell| cell.replace('\u{0}', "|").trim().to_owned())
        .collect()
}

/// Collects the rules of all documents and fails on a repeated id or a malformed row.
fn rules() -> BTreeMap<String, Rule> {
    let mut rules = BTreeMap::new();
    let folder = Path::new(ROOT).join(DOCUMENTS);
    let entries = fs::read_dir(&folder).expect("the folder of the documents");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("a file").path()).collect();
    files.sort();
    for file in files {
        for (number, line) in read(&file).lines().enumerate() {
            let location = format!("{}:{}", file.display(), number + 1);
            let row = cells(line);
            let Some(id) = row.first().filter(|cell| ids(cell) == [cell.as_str()]) else {
                continue;
            };
            assert_eq!(row.len(), COLUMNS, "{location}: {id} has {} columns", row.len());
            assert!(
                row.iter().take(4).all(|cell| !cell.is_empty()),
                "{location}: {id} has an empty column"
            );
            assert!(
                EVIDENCE.contains(&row[2].as_str()),
                "{location}: {id} has the unknown evidence {:?}",
                row[2]
            );
            let untested = !row[4].is_empty();
            let reason = row[4].strip_prefix("untested: ").unwrap_or_default();
            assert!(
                !untested || !reason.is_empty(),
                "{location}: the last column of {id} is {:?}; expected it empty or \"untested: <reason>\"",
                row[4]
            );
            let rule = Rule {
                location: location.clone(),
                untested,
            };
            if let Some(first) = rules.insert(id.clone(), rule) {
                panic!("{location}: {id} is also the id of {}", first.location);
            }
        }
    }
    assert!(!rules.is_empty(), "no rules in {}", folder.display());
    rules
}

/// Finds ids such as `HUB-ETAG-3` in a string: a service, at least one noun, a number.
fn ids(text: &str) -> Vec<&str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'))
        .filter(|word| is_id(word))
        .collect()
}

fn is_id(word: &str) -> bool {
    let parts: Vec<&str> = word.split('-').collect();
    let [service, nouns @ .., number] = parts.as_slice() else {
        return false;
    };
    let is_noun =
        |noun: &&str| !noun.is_empty() && noun.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
    SERVICES.contains(service)
        && !nouns.is_empty()
        && nouns.iter().all(is_noun)
        && !number.is_empty()
        && number.chars().all(|c| c.is_ascii_digit())
}

/// Returns the tracked Rust files of the workspace.
fn sources() -> Vec<PathBuf> {
    let output = Command::new("git")
        .args(["ls-files", "-z", "--", "crates", "tests", "xtask"])
        .current_dir(ROOT)
        .output()
        .expect("git");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let names = String::from_utf8(output.stdout).expect("UTF-8");
    // The ids in this file are examples.
    names
        .split('\0')
        .filter(|name| name.ends_with(".rs") && *name != "tests/tests/service_behavior.rs")
        .map(|name| Path::new(ROOT).join(name))
        .filter(|path| path.exists())
        .collect()
}

/// Returns the test code of a source file: all of it, or the part after `#[cfg(test)]`.
fn tests_of<'a>(path: &Path, text: &'a str) -> &'a str {
    let inside = path.strip_prefix(ROOT).expect("below the root");
    let in_folder = inside.components().any(|part| part.as_os_str() == "tests");
    let name = inside
        .file_stem()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    if in_folder || name == "tests" || name.ends_with("_tests") {
        return text;
    }
    text.find("#[cfg(test)]").map_or("", |start| &text[start..])
}

#[test]
fn every_id_in_the_code_exists() {
    let rules = rules();
    let mut unknown = Vec::new();
    for path in sources() {
        for (number, line) in read(&path).lines().enumerate() {
            for id in ids(line).into_iter().filter(|id| !rules.contains_key(*id)) {
                unknown.push(format!("{}:{}: {id}", path.display(), number + 1));
            }
        }
    }
    assert!(
        unknown.is_empty(),
        "ids without a rule in {DOCUMENTS}:\n{}",
        unknown.join("\n")
    );
}

#[test]
fn every_rule_is_named_by_a_test_or_marked_untested() {
    let mut named = BTreeSet::new();
    for path in sources() {
        let text = read(&path);
        named.extend(ids(tests_of(&path, &text)).into_iter().map(str::to_owned));
    }
    let mut wrong = Vec::new();
    for (id, rule) in rules() {
        match (named.contains(&id), rule.untested) {
            (false, false) => wrong.push(format!("{}: no test names {id}", rule.location)),
            (true, true) => wrong.push(format!(
                "{}: {id} is untested, but a test names it",
                rule.location
            )),
            (true, false) | (false, true) => {}
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn ids_are_found_as_whole_words() {
    assert_eq!(ids("/// HUB-ETAG-3, ADT-QUERY-7."), ["HUB-ETAG-3", "ADT-QUERY-7"]);
    assert_eq!(ids("(DPS-REG-LIST-12)"), ["DPS-REG-LIST-12"]);
    for no_id in [
        "HUB-3",
        "HUB-etag-3",
        "XHUB-ETAG-3",
        "HUB-ETAG-3a",
        "HUB-ETAG-",
        "HUB-ETAG",
    ] {
        assert_eq!(ids(no_id), [""; 0], "{no_id}");
    }
}
