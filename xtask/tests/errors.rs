//! A snapshot of every error text, each caused by invalid input.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use serde_json::{Value, json};
use support::{Scratch, pottery};
use xtask::error::{Error, Fault, Located, Pointer};
use xtask::generate::Unsupported;
use xtask::import::Existing;
use xtask::new_service::new_service;
use xtask::{convert, coverage, generate, import, msrv, readme};

/// The error texts, one per line, with a heading per group.
#[derive(Default)]
struct ErrorTexts(String);

impl ErrorTexts {
    fn group(&mut self, heading: &str) {
        self.0.push_str(&format!("\n# {heading}\n\n"));
    }

    /// Adds an error; paths are relative to the workspace.
    fn push(&mut self, scratch: &Scratch, error: &Error) {
        let root = format!("{}/", scratch.workspace.root().display());
        let text = error.to_string().replace(&root, "");
        self.0.push_str(text.trim_end());
        self.0.push('\n');
    }

    /// Imports `text`, which must fail and leave every file unchanged.
    #[track_caller]
    fn import(&mut self, text: &str) {
        let scratch = Scratch::new();
        let file = scratch.write("new.json", text);
        let before = scratch.everything();
        let error = import::import(&scratch.workspace, "pottery", &file, Existing::Replace).unwrap_err();
        assert_resolves(&error, text);
        assert!(
            error.to_string().starts_with(&file.display().to_string()),
            "{error}"
        );
        assert_eq!(scratch.everything(), before, "{error}");
        self.push(&scratch, &error);
    }

    /// Imports the fixture with a change.
    #[track_caller]
    fn swagger(&mut self, change: impl FnOnce(&mut Value)) {
        let mut document = pottery();
        change(&mut document);
        self.import(&document.to_string());
    }

    /// Imports the fixture as OpenAPI with a change.
    #[track_caller]
    fn openapi(&mut self, change: impl FnOnce(&mut Value)) {
        let mut document = convert::convert(&pottery()).unwrap();
        change(&mut document);
        self.import(&document.to_string());
    }

    /// Generates the fixture with a change, which must fail and leave every file unchanged.
    #[track_caller]
    fn generate(&mut self, change: impl FnOnce(&mut Value)) {
        let scratch = Scratch::new();
        let mut document = pottery();
        change(&mut document);
        scratch.write("specs/pottery/2030-01-01.json", document.to_string());
        let before = scratch.everything();
        let error = generate::write(&scratch.workspace, Unsupported::Refuse).unwrap_err();
        assert_resolves(&error, &document.to_string());
        assert!(error.to_string().contains("2030-01-01.json"), "{error}");
        assert_eq!(scratch.everything(), before, "{error}");
        self.push(&scratch, &error);
    }

    /// Generates the fixture with an overlay, which must fail and leave every file unchanged.
    #[track_caller]
    fn overlay(&mut self, overlay: &Value) {
        let scratch = Scratch::new();
        scratch.write("specs/pottery/overlay.json", overlay.to_string());
        let before = scratch.everything();
        let error = generate::write(&scratch.workspace, Unsupported::Refuse).unwrap_err();
        assert!(error.to_string().contains("overlay.json#"), "{error}");
        assert_eq!(scratch.everything(), before, "{error}");
        self.push(&scratch, &error);
    }
}

/// Asserts that the pointer of an error resolves in the file that was given.
#[track_caller]
fn assert_resolves(error: &Error, text: &str) {
    if let Error::Description { pointer, .. } = error {
        let document: Value = serde_json::from_str(text).unwrap();
        assert!(document.pointer(pointer).is_some(), "{error}");
    }
}

fn remove(value: &mut Value, key: &str) {
    value.as_object_mut().unwrap().remove(key).unwrap();
}

#[test]
fn errors_name_file_pointer_fault_and_rule_and_nothing_is_written() {
    let mut texts = ErrorTexts::default();
    texts.group("Files");
    files(&mut texts);
    texts.group("References");
    references(&mut texts);
    texts.group("Missing members and wrong types");
    members(&mut texts);
    texts.group("Unsupported in Swagger 2.0");
    unsupported_swagger(&mut texts);
    texts.group("Unsupported in OpenAPI 3.0");
    unsupported_openapi(&mut texts);
    texts.group("Generation");
    generation(&mut texts);
    texts.group("Overlays");
    overlays(&mut texts);
    texts.group("Commands");
    commands(&mut texts);
    texts.group("New services");
    new_services(&mut texts);
    texts.group("Toolchain");
    toolchain(&mut texts);
    insta::assert_snapshot!(texts.0.trim());
}

fn files(texts: &mut ErrorTexts) {
    let scratch = Scratch::new();
    let missing = scratch.path("none.json");
    let error = import::import(&scratch.workspace, "pottery", &missing, Existing::Replace).unwrap_err();
    texts.push(&scratch, &error);
    texts.import("swagger: '2.0'");
    texts.import("{\"swagger\": \"2.0\",\n \"paths\": }");
    texts.import("");
    texts.import("[]");
    texts.import("{}");
    texts.import(r#"{"swagger":"2.0","paths":{"/a":{"get":{},"get":{}}}}"#);
    texts.import(r#"{"swagger":"1.2"}"#);
    texts.import(r#"{"openapi":"3.1.0"}"#);
    texts.import(r#"{"swagger":"2.0"}"#);
    texts.import(r#"{"openapi":"3.0.1","info":{"title":"x","version":"1"}}"#);
    texts.import(r#"{"openapi":"3.0.1","info":{"title":"x","version":"../1"},"paths":{}}"#);
}

fn references(texts: &mut ErrorTexts) {
    texts.swagger(|d| {
        d["definitions"]["KilnPage"]["properties"]["value"]["items"]["$ref"] = json!("#/definitions/Oven");
    });
    texts.swagger(|d| {
        d["paths"]["/kilns/{kilnId}"]["get"]["parameters"][0]["$ref"] = json!("#/parameters/none");
    });
    texts.swagger(|d| {
        d["definitions"]["Failure"]["properties"]["inner"]["$ref"] =
            json!("common.json#/definitions/Failure");
    });
    texts.swagger(|d| d["paths"]["/query"]["post"]["responses"]["200"]["$ref"] = json!("#/responses/none"));
    texts.openapi(|d| {
        d["components"]["schemas"]["KilnPage"]["properties"]["value"]["items"]["$ref"] =
            json!("#/components/schemas/Oven");
    });
    texts.openapi(|d| {
        d["paths"]["/kilns/{kilnId}"]["get"]["parameters"][0]["$ref"] = json!("#/parameters/none");
    });
}

fn members(texts: &mut ErrorTexts) {
    texts.swagger(|d| d["paths"] = json!([]));
    texts.swagger(|d| d["info"]["version"] = json!(1));
    texts.swagger(|d| d["paths"]["/query"]["post"]["parameters"] = json!({}));
    texts.swagger(|d| remove(&mut d["paths"]["/query"]["post"], "operationId"));
    texts.swagger(|d| d["paths"]["/query"]["post"]["operationId"] = json!("Kilns_Get"));
    texts.swagger(|d| d["paths"]["/query"]["post"]["operationId"] = json!("KilnsGet"));
    texts.swagger(|d| d["definitions"]["kiln"] = json!({ "type": "object" }));
    texts.swagger(|d| d["paths"] = json!({}));
    texts.swagger(|d| remove(&mut d["definitions"]["Shelf"], "items"));
    texts.swagger(|d| remove(&mut d["paths"]["/kilns/{kilnId}"], "parameters"));
}

fn unsupported_swagger(texts: &mut ErrorTexts) {
    texts.swagger(|d| d["x-ms-paths"] = json!({ "/query": {} }));
    texts.swagger(|d| d["parameters"]["trace"]["in"] = json!("cookie"));
    texts.swagger(|d| d["paths"]["/kilns"]["get"]["parameters"][0]["collectionFormat"] = json!("tsv"));
    texts.swagger(|d| {
        d["paths"]["/kilns"]["get"]["parameters"][0] =
            json!({ "name": "x", "in": "query", "type": "string", "oneOf": [] });
    });
    texts.swagger(|d| d["parameters"]["question"]["pattern"] = json!("x"));
    texts.swagger(|d| d["responses"]["Failure"]["headers"]["x-error"]["collectionFormat"] = json!("pipes"));
    texts.swagger(|d| d["responses"]["Failure"]["headers"]["x-error"]["required"] = json!(true));
    texts.swagger(|d| d["parameters"]["question"]["schema"]["type"] = json!(["object", "null"]));
    texts.swagger(|d| d["paths"]["/orders"]["post"]["parameters"][1]["type"] = json!("array"));
    texts.swagger(|d| d["paths"]["/orders"]["post"]["parameters"][1]["in"] = json!("body"));
    texts.swagger(|d| d["definitions"]["Box"]["type"] = json!(["object", "null"]));
    texts.swagger(|d| d["definitions"]["Box"]["type"] = json!("file"));
    texts.swagger(|d| d["definitions"]["Box"]["not"] = json!({}));
    texts.swagger(|d| d["securityDefinitions"]["entra"]["flow"] = json!("device"));
    texts.swagger(|d| d["securityDefinitions"]["entra"]["type"] = json!("mutualTLS"));
}

fn unsupported_openapi(texts: &mut ErrorTexts) {
    texts.openapi(|d| d["components"]["parameters"]["trace"]["in"] = json!("cookie"));
    texts.openapi(|d| d["components"]["parameters"]["trace"]["allowReserved"] = json!(true));
    texts.openapi(|d| d["components"]["parameters"]["trace"]["style"] = json!("matrix"));
    texts.openapi(|d| d["components"]["schemas"]["Box"]["type"] = json!("null"));
    texts.openapi(|d| d["components"]["schemas"]["Box"]["enum"] = json!([{}]));
    texts.openapi(|d| d["paths"]["/query"] = json!({ "$ref": "#/x" }));
    texts.openapi(|d| d["paths"]["query"] = json!({}));
    texts.openapi(|d| d["paths"]["/query/{id"] = json!({}));
    texts.openapi(|d| d["paths"]["/query"]["post"]["responses"]["ok"] = json!({}));
    texts.openapi(|d| {
        d["paths"]["/query"]["post"]["parameters"] =
            json!([{ "name": "id", "in": "path", "required": true, "schema": { "type": "string" } }]);
    });
}

fn generation(texts: &mut ErrorTexts) {
    texts.generate(|d| d["paths"]["/query"]["post"]["consumes"] = json!(["application/xml"]));
    texts.generate(|d| {
        d["paths"]["/query"]["post"]["responses"] = json!({ "302": { "description": "" } });
    });
    texts.generate(|d| d["parameters"]["trace"]["x-ms-header-collection-prefix"] = json!("trace-"));
    texts.generate(|d| d["paths"]["/kilns"]["get"]["parameters"][0]["x-ms-skip-url-encoding"] = json!(true));
    texts.generate(|d| {
        let operation = json!({ "operationId": "Kilns_Some", "responses": { "200": { "description": "" } } });
        d["x-ms-paths"] = json!({ "/kilns?kind={kind}": { "get": operation } });
    });
    texts.generate(|d| {
        let responses = &mut d["paths"]["/query"]["post"]["responses"];
        responses["2XX"] = responses["200"].clone();
    });
    texts.generate(|d| d["paths"]["/kilns"]["get"]["x-paging"] = json!("link"));
    texts.generate(|d| d["definitions"]["Box"]["allOf"] = json!([{ "$ref": "#/definitions/Box" }]));
    texts.generate(|d| {
        d["definitions"]["GasKiln"]["properties"] = json!({ "serial": { "type": "integer" } });
    });
}

fn overlays(texts: &mut ErrorTexts) {
    let with = |action: Value| json!({ "overlay": "1.0.0", "info": { "title": "x", "version": "1" }, "actions": [action] });
    let target = "$.components.schemas.Glaze";
    texts.overlay(&json!({ "overlay": "9.0" }));
    texts.overlay(&with(json!({ "target": "$.info", "update": {} })));
    texts.overlay(&with(
        json!({ "target": "$.paths['/ovens']", "description": "why", "update": {} }),
    ));
    texts.overlay(&with(
        json!({ "target": "$.info.title", "description": "why", "update": {} }),
    ));
    texts.overlay(&with(
        json!({ "target": target, "description": "why", "remove": true }),
    ));
    let schemas = "$.components.schemas";
    texts.overlay(
        &json!({ "overlay": "1.0.0", "info": { "title": "x", "version": "1" }, "actions": [
        { "target": "$.components.schemas['Glaze','Oven']", "description": "why", "update": {} },
        { "target": schemas, "description": "why", "update": { "Oven": { "description": "Hot." } } },
        { "target": schemas, "description": "why", "update": { "Glaze": { "properties": { "hue": {} } } } },
        { "target": "$.paths['/ovens']", "description": "why", "remove": true },
    ] }),
    );
}

fn toolchain(texts: &mut ErrorTexts) {
    let scratch = Scratch::new();
    let clay = json!({ "name": "clay", "rust_version": "1.97", "targets": [], "features": {} });
    let dependency = serde_json::from_value(json!({ "packages": [clay] })).unwrap();
    let check = |rustc| msrv::check(&scratch.workspace, &dependency, rustc).unwrap_err();
    scratch.write("Cargo.toml", "[workspace.package]\n");
    texts.push(&scratch, &check("rustc 1.95.0"));
    scratch.write("Cargo.toml", "[workspace.package]\nrust-version = \"1.95\"\n");
    scratch.write("rust-toolchain.toml", "[toolchain]\nchannel = \"1.94.0\"\n");
    texts.push(&scratch, &check("rustc 1.95.0"));
    scratch.write("rust-toolchain.toml", "[toolchain]\nchannel = \"1.95.0\"\n");
    texts.push(&scratch, &check("rustc 1.96.0"));
    texts.push(&scratch, &check("rustc 1.95.0"));
}

fn new_services(texts: &mut ErrorTexts) {
    let scratch = Scratch::new();
    let file = support::fixture("pottery.json");
    std::fs::create_dir_all(scratch.path("crates/weaving-protocol")).unwrap();
    for name in ["Tea House", "pottery", "weaving", "tea-house"] {
        texts.push(
            &scratch,
            &new_service(&scratch.workspace, name, &file).unwrap_err(),
        );
    }
    scratch.write("Cargo.toml", "[workspace]\n");
    texts.push(
        &scratch,
        &new_service(&scratch.workspace, "tea-house", &file).unwrap_err(),
    );
    assert!(!scratch.path("specs/tea-house").exists());
}

fn commands(texts: &mut ErrorTexts) {
    let scratch = Scratch::new();
    let file = support::fixture("pottery.json");
    texts.push(
        &scratch,
        &import::import(&scratch.workspace, "weaving", &file, Existing::Replace).unwrap_err(),
    );
    texts.push(
        &scratch,
        &generate::check(&scratch.workspace, Unsupported::Refuse).unwrap_err(),
    );
    texts.push(&scratch, &Error::Breaking(2));
    let post_pass = Fault::PostPass {
        pass: "path segments",
        expected: "1".to_owned(),
        found: "0".to_owned(),
    };
    let at = Pointer::root().at("paths").at("/kilns/{kilnId}").at("get");
    let post_pass = Located::new(&at, post_pass).in_file(&scratch.path("specs/pottery/2030-01-01.json"));
    texts.push(&scratch, &post_pass);
    generate::write(&scratch.workspace, Unsupported::Refuse).unwrap();
    std::fs::create_dir_all(scratch.path("crates/pottery-convenience/src")).unwrap();
    scratch.write(
        "crates/pottery-convenience/src/lib.rs",
        "fn f() { c.kilns_list() }",
    );
    let all = coverage::coverage(&scratch.workspace).unwrap();
    texts.push(&scratch, &coverage::require_all(&all).unwrap_err());
    scratch.write("crates/pottery-convenience/src/lib.rs", "fn f( {");
    texts.push(&scratch, &coverage::coverage(&scratch.workspace).unwrap_err());
    let services = std::fs::read_to_string(scratch.workspace.services_file()).unwrap();
    for (from, to) in [
        ("version = \"2030-01-01\"", "version = \"2031-01-01\""),
        ("crate =", "krate ="),
    ] {
        scratch.write("specs/services.toml", services.replace(from, to));
        texts.push(
            &scratch,
            &generate::check(&scratch.workspace, Unsupported::Refuse).unwrap_err(),
        );
    }
    scratch.write(
        "specs/services.toml",
        services.replace('"', "'").replace("= '2030", "= '2029"),
    );
    texts.push(
        &scratch,
        &import::import(&scratch.workspace, "pottery", &file, Existing::Replace).unwrap_err(),
    );
    for readme in [
        "# Name",
        "```rust\nfn main() {}\n```",
        "```sh\ncargo test\n```",
        "```sh\ncargo run\nrm -r x\n```",
    ] {
        texts.push(&scratch, &readme::commands(readme).unwrap_err());
    }
}
