//! Bad input names its file and place, and nothing is written.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use serde_json::{Value, json};
use support::{Scratch, pottery};
use xtask::error::Error;
use xtask::{convert, generate, import};

/// The pointer of an error is one into the very file that was given.
#[track_caller]
fn leads_somewhere(error: &Error, text: &str) {
    if let Error::Description { pointer, .. } = error {
        let document: Value = serde_json::from_str(text).unwrap();
        assert!(document.pointer(pointer).is_some(), "{error}");
    }
}

/// Imports a text and expects an error that ends like this, with no file touched.
#[track_caller]
fn refused(text: &str, expected: &str) {
    let scratch = Scratch::new();
    let file = scratch.write("new.json", text);
    let before = scratch.everything();
    let said = import::import(&scratch.workspace, "pottery", &file).unwrap_err();
    leads_somewhere(&said, text);
    let said = said.to_string();
    assert!(said.starts_with(&file.display().to_string()), "{said}");
    assert!(said.contains(expected), "expected {expected}\n     got {said}");
    assert_eq!(scratch.everything(), before);
}

/// The same for the fixture with a change.
#[track_caller]
fn refused_with(change: impl FnOnce(&mut Value), expected: &str) {
    let mut document = pottery();
    change(&mut document);
    refused(&document.to_string(), expected);
}

/// The same for a change that only the generator finds.
#[track_caller]
fn not_generated(change: impl FnOnce(&mut Value), expected: &str) {
    let scratch = Scratch::new();
    let mut document = pottery();
    change(&mut document);
    scratch.write("specs/pottery/2030-01-01.json", document.to_string());
    let before = scratch.everything();
    let said = generate::write(&scratch.workspace).unwrap_err();
    leads_somewhere(&said, &document.to_string());
    let said = said.to_string();
    assert!(said.contains("2030-01-01.json"), "{said}");
    assert!(said.contains(expected), "expected {expected}\n     got {said}");
    assert_eq!(scratch.everything(), before);
}

#[test]
fn what_is_no_json() {
    refused("swagger: '2.0'", "not JSON: expected value at line 1 column 1");
    refused("{\"swagger\": \"2.0\",\n \"paths\": }", "line 2 column 11");
    refused("", "not JSON: EOF");
}

#[test]
fn what_is_no_api_description() {
    refused("[]", "#: not an API description: the document is not an object");
    refused(
        "{}",
        "#: not an API description: neither `swagger` nor `openapi` is there",
    );
    refused(
        r#"{"swagger":"1.2"}"#,
        "#: not an API description: Swagger 1.2, only 2.0 is known",
    );
    refused(
        r#"{"openapi":"3.1.0"}"#,
        "#: not an API description: OpenAPI 3.1.0, only 3.0 is known",
    );
    refused(r#"{"swagger":"2.0"}"#, "#: `info` is missing");
    refused(
        r#"{"openapi":"3.0.1","info":{"title":"x","version":"1"}}"#,
        "#: `paths` is missing",
    );
    let slash = r#"{"openapi":"3.0.1","info":{"title":"x","version":"../1"},"paths":{}}"#;
    refused(
        slash,
        "#/info/version: unsupported: a version that is no file name",
    );
}

#[test]
fn a_file_that_is_not_there() {
    let scratch = Scratch::new();
    let missing = scratch.path("none.json");
    let said = import::import(&scratch.workspace, "pottery", &missing).unwrap_err();
    let Error::Io { file, source } = &said else {
        panic!("{said}");
    };
    assert_eq!(*file, missing);
    assert_eq!(source.kind(), std::io::ErrorKind::NotFound);
    assert!(
        said.to_string().starts_with(&missing.display().to_string()),
        "{said}"
    );
}

#[test]
fn a_service_that_is_not_there() {
    let scratch = Scratch::new();
    let said = import::import(&scratch.workspace, "weaving", &support::fixture("pottery.json")).unwrap_err();
    assert_eq!(
        said.to_string(),
        "unknown service `weaving`; services.toml has pottery"
    );
}

#[test]
fn references_that_lead_nowhere() {
    let kiln = "/paths/~1kilns~1{kilnId}/get";
    refused_with(
        |d| {
            d["definitions"]["KilnPage"]["properties"]["value"]["items"]["$ref"] = json!("#/definitions/Oven")
        },
        "#/definitions/KilnPage/properties/value/items/$ref: unresolvable reference `#/definitions/Oven`",
    );
    refused_with(
        |d| d["paths"]["/kilns/{kilnId}"]["get"]["parameters"][0]["$ref"] = json!("#/parameters/none"),
        &format!("#{kiln}/parameters/0/$ref: unresolvable reference `#/parameters/none`"),
    );
    refused_with(
        |d| {
            d["definitions"]["Failure"]["properties"]["inner"]["$ref"] =
                json!("common.json#/definitions/Failure")
        },
        "#/definitions/Failure/properties/inner/$ref: unresolvable reference `common.json#/definitions/Failure`",
    );
    refused_with(
        |d| d["paths"]["/query"]["post"]["responses"]["200"]["$ref"] = json!("#/responses/none"),
        "#/paths/~1query/post/responses/200/$ref: unresolvable reference `#/responses/none`",
    );
}

#[test]
fn constructs_nobody_knows() {
    refused_with(
        |d| d["parameters"]["trace"]["in"] = json!("cookie"),
        "#/parameters/trace/in: unsupported: a parameter in `cookie`",
    );
    refused_with(
        |d| d["paths"]["/kilns"]["get"]["parameters"][0]["collectionFormat"] = json!("tsv"),
        "#/paths/~1kilns/get/parameters/0/collectionFormat: unsupported: collectionFormat `tsv` in `query`",
    );
    let parameter = "/paths/~1kilns/get/parameters/0";
    refused_with(
        |d| {
            *d.pointer_mut(parameter).unwrap() =
                json!({ "name": "x", "in": "query", "type": "string", "oneOf": [] })
        },
        &format!("#{parameter}/oneOf: unsupported: the keyword `oneOf` here"),
    );
    refused_with(
        |d| d["parameters"]["question"]["pattern"] = json!("x"),
        "#/parameters/question/pattern: unsupported: the keyword `pattern` here",
    );
    refused_with(
        |d| d["responses"]["Failure"]["headers"]["x-error"]["collectionFormat"] = json!("pipes"),
        "#/responses/Failure/headers/x-error/collectionFormat: unsupported: a list in a header",
    );
    refused_with(
        |d| d["parameters"]["question"]["schema"]["type"] = json!(["object", "null"]),
        "#/parameters/question/schema/type: unsupported: several types at once",
    );
    refused_with(
        |d| d["responses"]["Failure"]["headers"]["x-error"]["required"] = json!(true),
        "#/responses/Failure/headers/x-error/required: unsupported: the keyword `required` here",
    );
    refused_with(
        |d| d["paths"]["/orders"]["post"]["parameters"][1]["type"] = json!("array"),
        "#/paths/~1orders/post/parameters/1/type: unsupported: a list in a form",
    );
    refused_with(|d| d["x-ms-paths"] = json!({}), "#/x-ms-paths: unsupported");
    refused_with(
        |d| d["definitions"]["Box"]["type"] = json!(["object", "null"]),
        "#/definitions/Box/type: unsupported: several types at once",
    );
    refused_with(
        |d| d["securityDefinitions"]["entra"]["flow"] = json!("device"),
        "#/securityDefinitions/entra/flow: unsupported: OAuth flow `device`",
    );
    refused_with(
        |d| d["definitions"]["Box"]["not"] = json!({}),
        "#/definitions/Box/not: unsupported",
    );
}

/// The fixture as OpenAPI, with a change.
#[track_caller]
fn refused_as_openapi(change: impl FnOnce(&mut Value), expected: &str) {
    let mut document = convert::convert(&pottery()).unwrap();
    change(&mut document);
    refused(&document.to_string(), expected);
}

#[test]
fn an_openapi_file_in_its_own_terms() {
    refused_as_openapi(
        |d| {
            d["components"]["schemas"]["KilnPage"]["properties"]["value"]["items"]["$ref"] =
                json!("#/components/schemas/Oven")
        },
        "#/components/schemas/KilnPage/properties/value/items/$ref: unresolvable reference `#/components/schemas/Oven`",
    );
    refused_as_openapi(
        |d| d["paths"]["/kilns/{kilnId}"]["get"]["parameters"][0]["$ref"] = json!("#/parameters/none"),
        "#/paths/~1kilns~1{kilnId}/get/parameters/0/$ref: unresolvable reference `#/parameters/none`",
    );
    refused_as_openapi(
        |d| d["components"]["parameters"]["trace"]["in"] = json!("cookie"),
        "#/components/parameters/trace/in: unsupported: a parameter in `cookie`",
    );
    refused_as_openapi(
        |d| d["components"]["parameters"]["trace"]["allowReserved"] = json!(true),
        "#/components/parameters/trace/allowReserved: unsupported: the keyword `allowReserved` here",
    );
}

#[test]
fn things_that_are_missing_or_of_the_wrong_type() {
    refused_with(|d| d["paths"] = json!([]), "#/paths: expected an object");
    refused_with(
        |d| d["info"]["version"] = json!(1),
        "#/info/version: expected a string",
    );
    refused_with(
        |d| d["paths"]["/query"]["post"]["parameters"] = json!({}),
        "#/paths/~1query/post/parameters: expected an array",
    );
    refused_with(
        |d| {
            drop(
                d["paths"]["/query"]["post"]
                    .as_object_mut()
                    .unwrap()
                    .remove("operationId"),
            )
        },
        "#/paths/~1query/post: `operationId` is missing",
    );
    refused_with(
        |d| d["paths"]["/query"]["post"]["operationId"] = json!("Kilns_Get"),
        "operation id `Kilns_Get` is used twice",
    );
    refused_with(
        |d| drop(d["definitions"]["Shelf"].as_object_mut().unwrap().remove("items")),
        "#/definitions/Shelf/type: `items` is missing",
    );
    refused_with(
        |d| {
            drop(
                d["paths"]["/kilns/{kilnId}"]
                    .as_object_mut()
                    .unwrap()
                    .remove("parameters"),
            )
        },
        "unsupported: `{kilnId}` in the path without a parameter",
    );
}

#[test]
fn what_cannot_be_generated() {
    not_generated(
        |d| d["paths"]["/query"]["post"]["consumes"] = json!(["application/xml"]),
        "#/paths/~1query/post/consumes/0: unsupported: a body of type `application/xml`",
    );
    not_generated(
        |d| d["parameters"]["question"]["required"] = json!(false),
        "#/paths/~1query/post/parameters/0: unsupported: an optional body",
    );
    not_generated(
        |d| d["paths"]["/query"]["post"]["responses"] = json!({ "default": { "description": "" } }),
        "#/paths/~1query/post/responses: unsupported: an operation without a successful response",
    );
    // Two names that become one: the generator panics, which must not take this program along.
    not_generated(
        |d| d["definitions"]["Glaze"]["properties"]["shine"]["enum"] = json!(["a-b", "a_b"]),
        "the code generator refused the lowered description",
    );
}

#[test]
fn overlays_that_are_wrong() {
    let refused = |overlay: Value, expected: &str| {
        let scratch = Scratch::new();
        scratch.write("specs/pottery/overlay.json", overlay.to_string());
        let before = scratch.everything();
        let said = generate::write(&scratch.workspace).unwrap_err().to_string();
        assert!(said.contains(&format!("overlay.json#{expected}")), "{said}");
        assert_eq!(scratch.everything(), before);
    };
    let with = |actions: Value| json!({ "overlay": "1.0.0", "info": { "title": "x", "version": "1" }, "actions": actions });
    let useful = json!({ "target": "$.info", "description": "why", "update": { "title": "y" } });
    let stale = json!({ "target": "$.paths['/ovens']", "description": "why", "update": {} });
    refused(with(json!([useful, stale])), "/actions/1: \"$.paths['/ovens']\"");
    let mute = json!({ "target": "$.info", "update": { "title": "y" } });
    refused(with(json!([mute])), "/actions/0: the action has no `description`");
    let harmful = json!({ "target": "$.components.schemas.Glaze", "description": "why", "remove": true });
    refused(
        with(json!([harmful])),
        ": makes the description faulty at /paths/~1kilns~1{kilnId}~1firings~1{number}/post",
    );
    refused(json!({ "overlay": "9.0" }), ": ");
}
