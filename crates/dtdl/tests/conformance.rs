//! The conformance suite of the DTDLParser project, which is not part of this repository; see `README.md`.

#![cfg(test)]

#[path = "support/suite.rs"]
mod suite;

use std::path::Path;

use suite::SAMPLE;

#[test]
#[ignore = "needs the cases of the DTDLParser project: set DTDL_CASES to their folder and pass `--ignored`"]
fn the_parser_agrees_with_every_case_of_the_suite() {
    let folder = std::env::var_os("DTDL_CASES").expect("DTDL_CASES names the folder of the cases");
    let outcome = suite::run(folder.as_ref()).unwrap();
    for (version, (passed, failed)) in &outcome.by_version {
        println!("version {version}: {passed} passed, {failed} failed");
    }
    let first: Vec<&String> = outcome.failures.iter().take(20).collect();
    assert!(first.is_empty(), "the first failures: {first:#?}");
    assert!(outcome.is_success(), "no cases in {}", folder.display());
    assert!(!outcome.codes.is_empty());
}

#[test]
fn the_sample_passes() {
    let outcome = suite::run(SAMPLE.as_ref()).unwrap();
    assert_eq!(outcome.failures, [""; 0]);
    assert_eq!(outcome.passed(), 5);
    assert!(outcome.is_success());
}

#[test]
fn a_folder_without_cases_is_not_a_success() {
    // The `src` folder of this crate has no JSON files.
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
    assert!(!suite::run(folder.as_ref()).unwrap().is_success());
    assert!(suite::run(Path::new("no such folder")).is_err());
}

#[test]
fn cases_that_disagree_or_are_incomplete_are_failures() {
    let empty_model =
        r#"{"@context": "dtmi:dtdl:context;3", "@id": "dtmi:com:example:Door;1", "@type": "Interface"}"#;
    let cases = [
        format!(r#"{{"valid": false, "input": [{empty_model}]}}"#),
        r#"{"valid": true, "input": [{}]}"#.to_owned(),
        format!(
            r#"{{"valid": true, "input": [{empty_model}], "expect": {{"unresolvedIdentifiers": ["dtmi:a;1"]}}}}"#
        ),
        format!(r#"{{"input": [{empty_model}]}}"#),
        r#"{"valid": true, "input": []}"#.to_owned(),
    ];
    let folder = std::env::temp_dir().join(format!("dtdl-cases-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("WrongV3.json"), format!("[{}]", cases.join(","))).unwrap();
    let outcome = suite::run(&folder);
    std::fs::remove_dir_all(&folder).unwrap();
    let outcome = outcome.unwrap();
    assert_eq!(outcome.by_version["3"], (0, cases.len()));
    assert_eq!(outcome.failures.len(), cases.len());
    assert!(!outcome.is_success());
}
