//! Cases of our own: a small model for every rule, and the identifiers of what is wrong with it.
//!
//! Each file in `tests/cases` is a list of cases. A case has a `rule` in words and a model as one of
//!
//! - `interface`: members of an Interface, or `contents`: the values of its property, or `schema`: the schema of
//!   a Telemetry in it. `context` adds to its `@context`; `@id` and `@type` are added;
//! - `documents`: whole documents; `{V}` in any text stands for the version of DTDL;
//! - `text`: text that need not even be JSON.
//!
//! It is tried with every version in `versions` (all by default). `errors` has the expected identifiers without
//! `dtmi:dtdl:parsingError:`, each as often as it is expected; `unresolved` has identifiers that nothing defines.
//! With neither, the model is valid. `at` is the JSON pointer of the first error. `options` are those of the parser.

#![cfg(test)]

use std::collections::BTreeSet;
use std::path::Path;

use dtdl::{Code, Document, Parser, UnknownExtensions};
use serde_json::{Map, Value, json};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases");

fn files() -> Vec<(String, Vec<Value>)> {
    let mut files: Vec<_> = std::fs::read_dir(FOLDER)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
        .into_iter()
        .map(|path| {
            let name = Path::new(&path)
                .file_name()
                .unwrap()
                .to_string_lossy()
                .into_owned();
            let cases = serde_json::from_str(&std::fs::read_to_string(&path).unwrap());
            (
                name.clone(),
                cases.unwrap_or_else(|error| panic!("{name}: {error}")),
            )
        })
        .collect()
}

fn parser(options: &Value) -> Parser {
    let mut parser = Parser::new();
    match options["unknownExtensions"].as_str() {
        Some("allow") => parser = parser.unknown_extensions(UnknownExtensions::Allow),
        Some("refuse") => parser = parser.unknown_extensions(UnknownExtensions::Refuse),
        _ => {}
    }
    if let Some(versions) = options["versions"].as_array() {
        parser = parser.versions(
            versions
                .iter()
                .filter_map(|version| version.as_u64()?.try_into().ok()),
        );
    }
    if let Some(limits) = options["limits"].as_array() {
        parser = parser.limits(limits.iter().filter_map(Value::as_str));
    }
    parser
}

fn documents(case: &Value, version: u64) -> Vec<String> {
    if let Some(text) = case["text"].as_str() {
        return vec![text.to_owned()];
    }
    if let Some(documents) = case["documents"].as_array() {
        return documents
            .iter()
            .map(|document| document.to_string().replace("{V}", &version.to_string()))
            .collect();
    }
    let mut context = vec![json!(format!("dtmi:dtdl:context;{version}"))];
    context.extend(case["context"].as_array().into_iter().flatten().cloned());
    let mut interface = Map::new();
    interface.insert("@context".into(), context.into());
    interface.insert("@id".into(), "dtmi:com:example:Pump;1".into());
    interface.insert("@type".into(), "Interface".into());
    if let Some(members) = case["interface"].as_object() {
        interface.extend(members.clone());
    }
    if let Some(contents) = case.get("contents") {
        interface.insert("contents".into(), contents.clone());
    }
    if let Some(schema) = case.get("schema") {
        let telemetry = json!([{ "@type": "Telemetry", "name": "flow", "schema": schema }]);
        interface.insert("contents".into(), telemetry);
    }
    vec![
        Value::Object(interface)
            .to_string()
            .replace("{V}", &version.to_string()),
    ]
}

fn strings(value: &Value) -> Vec<String> {
    let mut strings: Vec<String> = value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|text| text.as_str().map(str::to_owned))
        .collect();
    strings.sort();
    strings
}

/// ADT-DTDL-1, ADT-DTDL-2, ADT-DTDL-3, ADT-DTDL-4, ADT-DTDL-5, ADT-DTDL-8, ADT-DTDL-9, ADT-DTDL-10, ADT-DTDL-11,
/// ADT-DTDL-12, ADT-DTDL-13, ADT-DTDL-16, ADT-DTDL-17, ADT-DTDL-18, ADT-DTDL-19, ADT-DTDL-20, ADT-DTDL-21, ADT-DTDL-22,
/// ADT-DTDL-23, ADT-DTDL-24, ADT-DTDL-25, ADT-DTDL-26, ADT-DTDL-27, ADT-DTDL-28, ADT-DTDL-29, ADT-DTDL-30, ADT-DTDL-31,
/// ADT-DTDL-32.
#[test]
fn every_rule() {
    let mut failures = Vec::new();
    let mut count = 0;
    for (file, cases) in files() {
        for case in &cases {
            let rule = case["rule"]
                .as_str()
                .unwrap_or_else(|| panic!("{file}: a case without rule"));
            let versions = case["versions"].as_array().cloned();
            let versions = versions.unwrap_or_else(|| vec![json!(2), json!(3), json!(4)]);
            for version in versions.iter().filter_map(Value::as_u64) {
                count += 1;
                let documents = documents(case, version);
                let result = parser(&case["options"]).parse(documents.iter());
                let (errors, unresolved, at) = match &result {
                    Ok(_) => (Vec::new(), Vec::new(), None),
                    Err(error) => {
                        let ids = error.diagnostics.iter().map(|diagnostic| {
                            let id = diagnostic.code.id();
                            id.strip_prefix("dtmi:dtdl:parsingError:")
                                .unwrap_or(id)
                                .to_owned()
                        });
                        let mut ids: Vec<String> = ids.collect();
                        ids.sort();
                        let unresolved = error.unresolved_ids().iter().map(ToString::to_string).collect();
                        let first = error.diagnostics.first();
                        (
                            ids,
                            unresolved,
                            first.map(|diagnostic| diagnostic.location.pointer.to_string()),
                        )
                    }
                };
                let wrong_place = case["at"]
                    .as_str()
                    .is_some_and(|pointer| at.as_deref() != Some(pointer));
                if errors != strings(&case["errors"])
                    || unresolved != strings(&case["unresolved"])
                    || wrong_place
                {
                    let said = result.err().map(|error| error.to_string()).unwrap_or_default();
                    failures.push(format!(
                        "{file}, version {version}: {rule}: found {errors:?} {unresolved:?} at {at:?}\n{said}"
                    ));
                }
            }
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

/// Every identifier that the parser can give is expected somewhere.
#[test]
fn every_code_has_a_case() {
    let expected: BTreeSet<String> = files()
        .iter()
        .flat_map(|(_, cases)| cases)
        .flat_map(|case| strings(&case["errors"]))
        .map(|name| format!("dtmi:dtdl:parsingError:{name}"))
        .collect();
    // These need large models, see `limits.rs`; and no table has a property of the kind of the other three.
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
        .map(|code| code.id())
        .filter(|id| !expected.contains(*id))
        .collect();
    assert!(missing.is_empty(), "no case for {missing:#?}");
}

/// What a person reads names the place and says what to do.
#[test]
fn every_message_is_a_sentence() {
    for (file, cases) in files() {
        for case in &cases {
            let version = case["versions"][0].as_u64().unwrap_or(3);
            let documents = documents(case, version);
            let named = documents.iter().map(|text| Document::named("model.json", text));
            let Err(error) = parser(&case["options"]).parse(named) else {
                continue;
            };
            for diagnostic in &error.diagnostics {
                let rule = &case["rule"];
                let message = &diagnostic.message;
                let is_sentence = message.ends_with(['.', '?'])
                    && message.starts_with(|c: char| c.is_uppercase() || "`{d".contains(c));
                assert!(is_sentence, "{file}: {rule}: {message}");
                assert!(
                    diagnostic.help.ends_with(['.', '?']),
                    "{file}: {rule}: {}",
                    diagnostic.help
                );
                assert_eq!(&*diagnostic.location.document, "model.json", "{file}: {rule}");
                assert!(diagnostic.location.line >= Some(1), "{file}: {rule}");
            }
        }
    }
}
