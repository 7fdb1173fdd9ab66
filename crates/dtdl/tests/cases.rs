//! The project's test cases: a small model for every rule, with the expected error codes. See `support/cases.rs` for
//! the format.

#![cfg(test)]

#[path = "support/cases.rs"]
mod cases;

use std::collections::BTreeSet;

use cases::{Case, short_name};
use dtdl::{Code, Document};

/// ADT-DTDL-1, ADT-DTDL-2, ADT-DTDL-3, ADT-DTDL-4, ADT-DTDL-5, ADT-DTDL-8, ADT-DTDL-9, ADT-DTDL-10, ADT-DTDL-11,
/// ADT-DTDL-12, ADT-DTDL-13, ADT-DTDL-16, ADT-DTDL-17, ADT-DTDL-18, ADT-DTDL-19, ADT-DTDL-20, ADT-DTDL-21, ADT-DTDL-22,
/// ADT-DTDL-23, ADT-DTDL-24, ADT-DTDL-25, ADT-DTDL-26, ADT-DTDL-27, ADT-DTDL-28, ADT-DTDL-29, ADT-DTDL-30, ADT-DTDL-31,
/// ADT-DTDL-32.
#[test]
fn every_case_gives_the_expected_errors() {
    let mut failures = Vec::new();
    let mut count = 0;
    for case in cases::all() {
        for version in case.versions() {
            count += 1;
            failures.extend(failure(&case, version));
        }
    }
    println!("{count} cases");
    assert!(
        failures.is_empty(),
        "{} failures\n{}",
        failures.len(),
        failures.join("\n")
    );
}

/// Returns the expected strings of a member, sorted.
fn expected(case: &Case, member: &str) -> Vec<String> {
    let strings = case.json[member].as_array().into_iter().flatten();
    let mut strings: Vec<String> = strings
        .filter_map(|string| string.as_str().map(str::to_owned))
        .collect();
    strings.sort();
    strings
}

fn failure(case: &Case, version: u64) -> Option<String> {
    let result = case.parser().parse(case.documents(version).iter());
    let (errors, unresolved, at) = match &result {
        Ok(_) => (Vec::new(), Vec::new(), None),
        Err(error) => {
            let names = error.diagnostics.iter().map(|diagnostic| diagnostic.code);
            let mut names: Vec<&str> = names.map(short_name).collect();
            names.sort_unstable();
            let unresolved = error.unresolved_ids().iter().map(ToString::to_string).collect();
            let first = error.diagnostics.first();
            (
                names,
                unresolved,
                first.map(|first| first.location.pointer.as_str()),
            )
        }
    };
    let is_at = |pointer| at == Some(pointer);
    let is_expected = errors == expected(case, "errors")
        && unresolved == expected(case, "unresolved")
        && case.json["at"].as_str().is_none_or(is_at);
    (!is_expected).then(|| {
        format!(
            "{}, version {version}: {}: found {errors:?} {unresolved:?} at {at:?}\n{}",
            case.file,
            case.rule(),
            result.as_ref().err().map(ToString::to_string).unwrap_or_default()
        )
    })
}

#[test]
fn every_code_has_a_case() {
    let errors = |case: &Case| expected(case, "errors");
    let expected: BTreeSet<String> = cases::all().iter().flat_map(errors).collect();
    // The first five need large models, see `limits.rs`. No model causes the others, see `error_texts.rs`.
    let elsewhere = [
        Code::ExcessiveCount,
        Code::ExcessiveDepthNarrow,
        Code::IdTooLong,
        Code::IdentifierTooLong,
        Code::PartitionTooLarge,
        Code::BooleanCountBelowMin,
        Code::MissingIdentifierProperty,
        Code::ValueAboveMax,
    ];
    let missing: Vec<&str> = Code::ALL
        .iter()
        .filter(|code| !elsewhere.contains(code))
        .map(|code| short_name(*code))
        .filter(|name| !expected.contains(*name))
        .collect();
    assert!(missing.is_empty(), "no case for {missing:#?}");
}

#[test]
fn every_diagnostic_has_sentences_and_a_location() {
    for case in cases::all() {
        let documents = case.documents(case.versions()[0]);
        let named = documents.iter().map(|text| Document::named("model.json", text));
        let Err(error) = case.parser().parse(named) else {
            continue;
        };
        for diagnostic in &error.diagnostics {
            let context = format!("{}: {}: {diagnostic}", case.file, case.rule());
            let message = &diagnostic.message;
            let starts_as_sentence = message.starts_with(|c: char| c.is_uppercase() || "`d".contains(c));
            assert!(starts_as_sentence && message.ends_with('.'), "{context}");
            assert!(diagnostic.help.ends_with('.'), "{context}");
            assert_eq!(&*diagnostic.location.document, "model.json", "{context}");
            assert!(diagnostic.location.line >= Some(1), "{context}");
        }
    }
}
