//! Constructs that published descriptions have: what is generated from each, or why it is refused.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "published/bundling.rs"]
mod bundling;
#[path = "published/names.rs"]
mod names;
#[path = "published/requests.rs"]
mod requests;
#[path = "published/responses.rs"]
mod responses;
#[path = "published/types.rs"]
mod types;

use serde_json::{Value, json};
use xtask::generate::{Stages, Unsupported, stages};

/// Returns a description with the operation `GET /looms`, which returns a `Loom`, changed by `change`.
fn looms(change: impl FnOnce(&mut Value)) -> Value {
    let mut document = json!({
        "swagger": "2.0",
        "info": { "title": "Weaving", "version": "2031-02-03" },
        "host": "weaving.example",
        "schemes": ["https"],
        "consumes": ["application/json"],
        "produces": ["application/json"],
        "paths": { "/looms": { "get": {
            "operationId": "Looms_Get",
            "parameters": [{ "name": "api-version", "in": "query", "type": "string", "required": true }],
            "responses": { "200": { "description": "", "schema": { "$ref": "#/definitions/Loom" } } },
        } } },
        "definitions": { "Loom": { "type": "object", "properties": { "width": { "type": "integer" } } } },
    });
    change(&mut document);
    document
}

/// Returns the operation of [`looms`].
fn get(document: &mut Value) -> &mut Value {
    &mut document["paths"]["/looms"]["get"]
}

/// Adds `PUT /looms` with the body `Loom`.
fn put(document: &mut Value) -> &mut Value {
    document["paths"]["/looms"]["put"] = json!({
        "operationId": "Looms_Put",
        "parameters": [
            { "name": "loom", "in": "body", "required": true, "schema": { "$ref": "#/definitions/Loom" } }
        ],
        "responses": { "204": { "description": "" } },
    });
    &mut document["paths"]["/looms"]["put"]
}

/// Adds a parameter to an operation.
fn add(operation: &mut Value, parameter: Value) {
    operation["parameters"].as_array_mut().unwrap().push(parameter);
}

fn run(document: &Value, unsupported: Unsupported) -> Result<Stages, String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("looms.json");
    std::fs::write(&file, document.to_string()).unwrap();
    let result = stages(&file, None, "a test", unsupported);
    let prefix = format!("{}/", folder.path().canonicalize().unwrap().display());
    result.map_err(|e| {
        e.to_string()
            .replace(&prefix, "")
            .replace(&format!("{}/", folder.path().display()), "")
    })
}

/// Generates [`looms`] with a change and returns all files as one text without line breaks.
#[track_caller]
fn code(change: impl FnOnce(&mut Value)) -> String {
    let stages = run(&looms(change), Unsupported::Refuse).unwrap();
    text(&stages)
}

fn text(stages: &Stages) -> String {
    let all: Vec<_> = stages.files.iter().map(|file| file.text.as_str()).collect();
    all.concat().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Asserts that the generated code has each of the texts.
#[track_caller]
fn assert_has(code: &str, expected: &[&str]) {
    for text in expected {
        assert!(code.contains(text), "`{text}` is not in {code}");
    }
}

/// Asserts that [`looms`] with a change is refused.
#[track_caller]
fn refused(change: impl FnOnce(&mut Value), expected: &str) {
    let error = run(&looms(change), Unsupported::Skip).unwrap_err();
    assert!(error.contains(expected), "expected {expected}\n     got {error}");
}

/// Asserts that a change of [`looms`] skips its only other operation, and that strict generation refuses it.
#[track_caller]
fn skipped(change: impl Fn(&mut Value), expected: &str) {
    let document = looms(change);
    let stages = run(&document, Unsupported::Skip).unwrap();
    let [line] = stages.skipped.as_slice() else {
        panic!("{:?}", stages.skipped);
    };
    assert!(line.contains(expected), "expected {expected}\n     got {line}");
    let code = text(&stages);
    assert_has(
        &code,
        &[
            "looms_get_request",
            "operations that cannot be generated",
            "`Looms_Put`",
        ],
    );
    assert!(!code.contains("fn looms_put"), "{code}");
    let error = run(&document, Unsupported::Refuse).unwrap_err();
    assert!(error.contains(expected), "expected {expected}\n     got {error}");
}
