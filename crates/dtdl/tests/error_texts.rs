//! The user-facing error texts of the crate, in one listing so that they can be reviewed together.
//!
//! `UPDATE_ERROR_TEXTS=1 cargo test -p dtdl --test error_texts` rewrites the listing.

#![cfg(test)]

#[path = "support/cases.rs"]
mod cases;
#[path = "support/interfaces.rs"]
mod interfaces;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use cases::short_name;
use dtdl::{Code, Dtmi, ParseError, Parser, validate_instance, validate_relationship, validate_twin};
use interfaces::{chain, fan, interface, oversized};
use serde_json::{Value, json};

/// Codes that no model can cause: DTDLParser defines them, but no property in the metamodel tables has such a rule.
const UNREACHABLE: [Code; 3] = [
    Code::BooleanCountBelowMin,
    Code::MissingIdentifierProperty,
    Code::ValueAboveMax,
];

/// Documents that produce additional texts for codes that a case already covers.
const OTHER_TEXTS: &[&str] = &[
    "",
    "{",
    "[1,]",
    r#"{"a" 1}"#,
    "{a: 1}",
    "[1 2]",
    "\"abc",
    "\"\u{1}\"",
    "\"\\q\"",
    "01",
    "nul",
    "1 1",
    r#"{"@context": 5}"#,
    r#"{"@context": ["dtmi:dtdl:context;4#limits"]}"#,
    r#"{"@context": ["dtmi:dtdl:context;3", "dtmi:com:example"]}"#,
    r#"{"@context": ["dtmi:dtdl:context;2", "dtmi:com:example"]}"#,
];

/// The error texts by code. Each text, a message and its help, maps to a model that produces it.
#[derive(Default)]
struct Report {
    lines: BTreeMap<&'static str, BTreeMap<String, String>>,
}

impl Report {
    /// Adds the diagnostics of a model. If several models cause the same text, the first is kept.
    fn add(&mut self, error: &ParseError, model: &str) {
        for diagnostic in &error.diagnostics {
            let location = &diagnostic.location;
            let pointer = if location.pointer.is_empty() {
                "/"
            } else {
                &location.pointer
            };
            let text = format!("{} {}", diagnostic.message, diagnostic.help);
            let texts = self.lines.entry(short_name(diagnostic.code)).or_default();
            texts
                .entry(text)
                .or_insert_with(|| format!("{model} at {pointer}"));
        }
    }

    fn add_documents(&mut self, parser: &Parser, documents: &[String], model: &str) {
        let error = parser.parse(documents).expect_err(model);
        self.add(&error, model);
    }
}

fn report() -> Report {
    let mut report = Report::default();
    for case in cases::all() {
        // Other DTDL versions produce the same texts with a different version number.
        let documents = case.documents(case.versions()[0]);
        if let Err(error) = case.parser().parse(&documents) {
            report.add(&error, &documents.join(" "));
        }
    }
    let parser = Parser::new();
    for text in OTHER_TEXTS {
        report.add_documents(&parser, &[(*text).to_owned()], text);
    }
    let error = parser.parse([&b"\xff"[..]]).unwrap_err();
    report.add(&error, "the byte 0xff");
    let deep = "[".repeat(200);
    report.add_documents(&parser, &[deep], "200 nested arrays");
    report.add_documents(&parser, &chain(3, 12), "a chain of 12 Interfaces");
    report.add_documents(&parser, &fan(3, 1025), "an Interface that extends 1025 others");
    report.add_documents(&parser, &[oversized(3)], "an Interface with 2200 contents");
    let long = format!("dtmi:com:example:{};1", "a".repeat(2049));
    let id = format!(r#"{{"@context": "dtmi:dtdl:context;3", "@id": "{long}", "@type": "Interface"}}"#);
    report.add_documents(&parser, &[id], "an `@id` of 2068 characters");
    let target =
        format!(r#", "contents": [{{"@type": "Relationship", "name": "feeds", "target": "{long}"}}]"#);
    let target = interface(3, "Pump", &target);
    report.add_documents(&parser, &[target], "a `target` of 2068 characters");
    report
}

#[test]
fn every_code_has_an_error_text() {
    let report = report();
    let reported: BTreeSet<&str> = report.lines.keys().copied().collect();
    for code in Code::ALL {
        let is_expected = !UNREACHABLE.contains(code);
        let name = short_name(*code);
        assert_eq!(reported.contains(name), is_expected, "models that cause {name}");
    }
}

#[test]
fn error_texts_match_the_listing() {
    let mut text = String::new();
    for (name, texts) in report().lines {
        writeln!(text, "models: {name}").unwrap();
        for (sentence, model) in texts {
            writeln!(text, "    {sentence}\n        {model}").unwrap();
        }
    }
    text.push_str("unresolved references\n");
    let error = Parser::new()
        .parse([interface(
            3,
            "Pump",
            r#", "extends": "dtmi:com:example:Machine;1""#,
        )])
        .unwrap_err();
    writeln!(text, "    {error}").unwrap();
    text.push_str("identifiers\n");
    writeln!(text, "    {}", "dtmi::pump;1".parse::<Dtmi>().unwrap_err()).unwrap();
    text.push_str("data\n");
    for line in instance_texts() {
        writeln!(text, "    {line}").unwrap();
    }
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/error_texts.txt");
    if std::env::var_os("UPDATE_ERROR_TEXTS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap();
    assert_eq!(
        text, committed,
        "if the change is intended, run with UPDATE_ERROR_TEXTS=1 and review the listing"
    );
}

/// Returns an error text for each kind of error in data, and for each JSON form that a schema requires.
fn instance_texts() -> Vec<String> {
    let primitives = [
        "boolean",
        "byte",
        "bytes",
        "date",
        "dateTime",
        "decimal",
        "double",
        "duration",
        "float",
        "integer",
        "long",
        "short",
        "string",
        "time",
        "unsignedByte",
        "unsignedInteger",
        "unsignedLong",
        "unsignedShort",
        "uuid",
    ];
    let mut contents: Vec<Value> = primitives
        .iter()
        .map(|schema| json!({ "@type": "Property", "name": schema, "schema": schema }))
        .collect();
    let complex = json!({
        "array": { "@type": "Array", "elementSchema": "double" },
        "map": { "@type": "Map", "mapKey": { "name": "k", "schema": "string" },
            "mapValue": { "name": "v", "schema": "double" } },
        "object": { "@type": "Object", "fields": [
            { "@type": ["Field", "Required"], "name": "x", "schema": "double" }] },
        "enum": { "@type": "Enum", "valueSchema": "integer", "enumValues": [
            { "name": "off", "enumValue": 0 }, { "name": "on", "enumValue": 1 }] },
        "tree": "dtmi:com:example:Probe:Node;1"
    });
    for (name, schema) in complex.as_object().unwrap() {
        contents.push(json!({ "@type": "Property", "name": name, "schema": schema }));
    }
    contents.push(json!({ "@type": "Command", "name": "start" }));
    contents.push(json!({ "@type": "Component", "name": "motor", "schema": "dtmi:com:example:Motor;1" }));
    contents.push(json!({ "@type": "Relationship", "name": "feeds" }));
    let context = ["dtmi:dtdl:context;4", "dtmi:dtdl:extension:requirement;1"];
    let model = Parser::new()
        .parse([json!([
            { "@context": context, "@id": "dtmi:com:example:Probe;1", "@type": "Interface",
              "contents": contents, "schemas": [{ "@id": "dtmi:com:example:Probe:Node;1", "@type": "Object",
                "fields": [{ "name": "next", "schema": "dtmi:com:example:Probe:Node;1" }] }] },
            { "@context": context, "@id": "dtmi:com:example:Motor;1", "@type": "Interface" }
        ])])
        .unwrap();
    let probe = model.interface("dtmi:com:example:Probe;1").unwrap();

    let mut texts = Vec::new();
    for property in probe.properties() {
        let schema = property.schema().unwrap();
        for value in [json!([[]]), json!("?"), json!(1.5), json!(1e40)] {
            let errors = validate_instance(&value, &schema);
            texts.extend(
                errors
                    .iter()
                    .map(|error| format!("{} as {value}: {error}", property.name())),
            );
        }
        if property.name() == "object" {
            let errors = validate_instance(&json!({ "y": null }), &schema);
            texts.extend(
                errors
                    .iter()
                    .map(|error| format!("object as {{\"y\":null}}: {error}")),
            );
        }
    }
    let double = probe
        .properties()
        .find(|property| property.name() == "double")
        .unwrap();
    let errors = validate_instance(&json!(null), &double.schema().unwrap());
    texts.extend(errors.iter().map(|error| format!("double as null: {error}")));
    let mut deep = json!({});
    for _ in 0..130 {
        deep = json!({ "next": deep });
    }
    let model_id = json!({ "$model": "dtmi:com:example:Probe;1" });
    let motor = json!({ "$metadata": {} });
    for twin in [
        json!(5),
        json!({ "motor": motor }),
        json!({ "$metadata": {}, "motor": motor }),
        json!({ "$metadata": { "$model": "dtmi:com:example:Motor;1" }, "motor": motor }),
        json!({ "$metadata": model_id, "motor": { "x": 1 } }),
        json!({ "$metadata": model_id, "motor": 5 }),
        json!({ "$metadata": model_id, "color": 1, "start": 1, "feeds": 1 }),
        json!({ "$metadata": { "$model": "dtmi:com:example:Probe;1", "double": { "sourceTime": "now" } },
            "motor": motor }),
        json!({ "$metadata": model_id, "motor": motor, "tree": deep }),
    ] {
        let errors = validate_twin(&twin, &probe);
        assert!(!errors.is_empty(), "{twin}");
        texts.extend(
            errors
                .iter()
                .map(|error| format!("twin: {}", shorten(&error.to_string()))),
        );
    }
    let feeds = probe.relationships().next().unwrap();
    let errors = validate_relationship(&json!({ "miles": 3 }), &feeds);
    texts.extend(errors.iter().map(|error| format!("relationship: {error}")));
    texts
}

/// Shortens the pointer into a deep value.
fn shorten(text: &str) -> String {
    text.replace(&"/next".repeat(129), "/next/…")
}
