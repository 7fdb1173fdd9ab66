//! Runs conformance cases in the format of the DTDLParser project; see `tests/README.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use dtdl::{Document, Dtmi, Parser, UnknownExtensions};
use serde_json::Value;

/// A few of this project's cases, in the suite's format.
pub(crate) const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/conformance");

/// The result of a run.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// The numbers of passed and failed cases, by DTDL version.
    pub(crate) by_version: BTreeMap<String, (usize, usize)>,
    pub(crate) failures: Vec<String>,
    /// The number of times each code was reported.
    pub(crate) codes: BTreeMap<String, usize>,
}

impl Outcome {
    pub(crate) fn passed(&self) -> usize {
        self.by_version.values().map(|(passed, _)| passed).sum()
    }

    /// Returns whether at least one case ran and none failed.
    pub(crate) fn is_success(&self) -> bool {
        self.failures.is_empty() && self.passed() > 0
    }
}

/// Runs every case of every `.json` file in a folder. A file has a list of cases or one case.
pub(crate) fn run(folder: &Path) -> io::Result<Outcome> {
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
        let cases = match serde_json::from_str(text.trim_start_matches('\u{feff}'))
            .map_err(|error| io::Error::other(format!("{name}: {error}")))?
        {
            Value::Array(cases) => cases,
            case => vec![case],
        };
        let version = name
            .rsplit_once('V')
            .map_or("?", |(_, version)| version)
            .to_owned();
        for (index, case) in cases.iter().enumerate() {
            let failure = check(case, &mut outcome.codes);
            let counts = outcome.by_version.entry(version.clone()).or_default();
            match failure {
                None => counts.0 += 1,
                Some(failure) => {
                    counts.1 += 1;
                    outcome.failures.push(format!("{name}[{index}]: {failure}"));
                }
            }
        }
    }
    Ok(outcome)
}

/// Runs a case. Returns the difference from the expected result, if there is one.
fn check(case: &Value, codes: &mut BTreeMap<String, usize>) -> Option<String> {
    let Some(valid) = case["valid"].as_bool() else {
        return Some(format!("the case has no `valid`: {case}"));
    };
    let Some(input) = case["input"].as_array().filter(|input| !input.is_empty()) else {
        return Some(format!("the case has no `input`: {case}"));
    };
    let documents: Vec<String> = input.iter().map(Value::to_string).collect();
    let result = parser(case).parse_with(documents.iter(), &mut |missing: &[Dtmi]| resolved(case, missing));
    if let Err(error) = &result {
        for diagnostic in &error.diagnostics {
            *codes.entry(diagnostic.code.id().to_owned()).or_default() += 1;
        }
    }
    let documents = documents.join(" ");
    match (&result, valid) {
        (Ok(_), false) => return Some(format!("accepted, but invalid: {documents}")),
        (Err(error), true) => return Some(format!("refused, but valid: {error}: {documents}")),
        _ => {}
    }
    let expected = case["expect"]["unresolvedIdentifiers"].as_array()?;
    let expected: BTreeSet<&str> = expected.iter().filter_map(Value::as_str).collect();
    let found = result
        .err()
        .map(|error| error.unresolved_ids())
        .unwrap_or_default();
    let found: BTreeSet<&str> = found.iter().map(|id| id.as_str()).collect();
    (expected != found)
        .then(|| format!("expected {expected:?} to be unresolved, found {found:?}: {documents}"))
}

/// Returns the documents that the case's resolver has for the missing identifiers.
fn resolved(case: &Value, missing: &[Dtmi]) -> Vec<Document<'static>> {
    let exchanges = case["resolution"].as_array().into_iter().flatten();
    let exchanges = exchanges.filter(|exchange| {
        let mut requested = exchange["request"].as_array().into_iter().flatten();
        requested.any(|id| missing.iter().any(|missing| id == missing.as_str()))
    });
    exchanges
        .filter_map(|exchange| exchange["response"].as_array())
        .flatten()
        .map(|document| Document::from(document.to_string()))
        .collect()
}

fn parser(case: &Value) -> Parser {
    let has_option = |name: &str| {
        case["options"]
            .as_array()
            .into_iter()
            .flatten()
            .any(|option| option == name)
    };
    let mut parser = Parser::new();
    if has_option("AllowUndefinedExtensions") {
        parser = parser.unknown_extensions(UnknownExtensions::Allow);
    } else if has_option("DisallowUndefinedExtensions") {
        parser = parser.unknown_extensions(UnknownExtensions::Refuse);
    }
    let mut quirks = case["quirks"].as_array().into_iter().flatten();
    parser = parser.tolerate_solecisms(quirks.any(|quirk| quirk == "TolerateSolecismsInParse"));
    if let Some(max) = case["maxDtdlVersion"].as_u64() {
        parser = parser.versions((2..=4).filter(|version| u64::from(*version) <= max));
    }
    if let Some(limits) = case["acceptableLimits"].as_array() {
        parser = parser.limits(limits.iter().filter_map(Value::as_str));
    }
    parser
}
