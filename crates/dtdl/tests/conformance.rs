//! The conformance cases of the DTDLParser project, if they are at hand: set `DTDL_CASES` to their folder.

#![cfg(test)]

#[path = "support/suite.rs"]
mod suite;

#[test]
fn agrees_with_every_case() {
    let Some(folder) = std::env::var_os("DTDL_CASES") else {
        println!("skipped: DTDL_CASES does not name a folder of cases");
        return;
    };
    let outcome = suite::run(folder.as_ref()).unwrap();
    for (version, (passed, failed)) in &outcome.by_version {
        println!("version {version}: {passed} passed, {failed} failed");
    }
    assert!(
        !outcome.by_version.is_empty(),
        "there are no cases in {}",
        folder.display()
    );
    let first: Vec<&String> = outcome.failures.iter().take(20).collect();
    assert_eq!(outcome.failed(), 0, "the first failures: {first:#?}");
    assert!(!outcome.codes.is_empty());
}
