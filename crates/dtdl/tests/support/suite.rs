//! Runs the language-neutral conformance cases of the DTDLParser project; see `tests/README.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use dtdl::{Parser, UnknownExtensions};
use serde_json::Value;

/// How many cases passed and failed, by version, and the first failures in words.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) by_version: BTreeMap<String, (usize, usize)>,
    pub(crate) failures: Vec<String>,
    pub(crate) codes: BTreeMap<String, usize>,
}

impl Outcome {
    pub(crate) fn failed(&self) -> usize {
        self.by_version.values().map(|(_, failed)| failed).sum()
    }
}

/// Runs every case of every `.json` file in a folder.
pub(crate) fn run(folder: &Path) -> std::io::Result<Outcome> {
    let mut files: Vec<_> = std::fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    files.sort();
    let mut outcome = Outcome::default();
    for file in files
        .iter()
        .filter(|file| file.extension().is_some_and(|extension| extension == "json"))
    {
        let name = file
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let text = std::fs::read_to_string(file)?;
        let cases: Value = serde_json::from_str(text.trim_start_matches('\u{feff}'))?;
        let version = name
            .rsplit_once('V')
            .map_or("?", |(_, version)| version)
            .to_owned();
        for (index, case) in cases.as_array().into_iter().flatten().enumerate() {
            let finding = check(case, &mut outcome.codes);
            let counts = outcome.by_version.entry(version.clone()).or_default();
            match finding {
                None => counts.0 += 1,
                Some(finding) => {
                    counts.1 += 1;
                    outcome.failures.push(format!("{name}[{index}]: {finding}"));
                }
            }
        }
    }
    Ok(outcome)
}

/// What is different from what the case says, if anything.
fn check(case: &Value, codes: &mut BTreeMap<String, usize>) -> Option<String> {
    let has_option = |wanted: &str| {
        case["options"]
            .as_array()
            .into_iter()
            .flatten()
            .any(|option| option == wanted)
    };
    let mut parser = Parser::new();
    if has_option("AllowUndefinedExtensions") {
        parser = parser.unknown_extensions(UnknownExtensions::Allow);
    } else if has_option("DisallowUndefinedExtensions") {
        parser = parser.unknown_extensions(UnknownExtensions::Refuse);
    }
    if let Some(limits) = case["acceptableLimits"].as_array() {
        parser = parser.limits(limits.iter().filter_map(Value::as_str));
    }
    let documents: Vec<String> = case["input"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|input| input.to_string())
        .collect();
    let result = parser.parse(documents.iter());
    let valid = case["valid"].as_bool().unwrap_or(false);
    if let Err(error) = &result {
        for diagnostic in &error.diagnostics {
            *codes.entry(diagnostic.code.id().to_owned()).or_default() += 1;
        }
    }
    let mut finding = String::new();
    match (&result, valid) {
        (Ok(_), false) => {
            let _ = write!(finding, "accepted, but invalid: {}", case["input"]);
        }
        (Err(error), true) => {
            let _ = write!(finding, "refused, but valid: {error}: {}", case["input"]);
        }
        _ => {}
    }
    if let Some(expected) = case["expect"]["unresolvedIdentifiers"].as_array() {
        let expected: BTreeSet<&str> = expected.iter().filter_map(Value::as_str).collect();
        let found = result
            .err()
            .map(|error| error.unresolved_ids())
            .unwrap_or_default();
        let found: BTreeSet<&str> = found.iter().map(|id| id.as_str()).collect();
        if expected != found {
            let _ = write!(
                finding,
                "expected {expected:?} to be unresolved, found {found:?}: {}",
                case["input"]
            );
        }
    }
    (!finding.is_empty()).then_some(finding)
}
