//! Names that would clash in Rust.

use serde_json::json;

use super::{assert_has, code, get, refused};

#[test]
fn an_inline_enum_named_like_a_type_gets_another_name() {
    let code = code(|d| {
        d["definitions"]["Loom"]["properties"] = json!({
            "state": { "type": "string", "enum": ["busy", "idle"] },
            "last": { "$ref": "#/definitions/LoomState" },
        });
        d["definitions"]["LoomState"] =
            json!({ "type": "object", "properties": { "at": { "type": "string" } } });
    });
    assert_has(
        &code,
        &[
            "pub struct LoomState {",
            "pub enum LoomState2 {",
            "Option<LoomState2>",
            "Option<LoomState>",
        ],
    );
}

#[test]
fn an_inline_enum_named_like_a_type_gets_its_published_name() {
    let code = code(|d| {
        d["definitions"]["Loom"]["properties"]["state"] =
            json!({ "type": "string", "enum": ["busy"], "x-ms-enum": { "name": "Activity" } });
        d["definitions"]["LoomState"] =
            json!({ "type": "object", "properties": { "at": { "type": "string" } } });
    });
    assert_has(
        &code,
        &["pub enum Activity {", "state: ::std::option::Option<Activity>"],
    );
}

#[test]
fn enum_values_that_differ_only_in_case_are_numbered() {
    let code = code(|d| {
        d["definitions"]["Loom"]["properties"]["gauge"] =
            json!({ "type": "string", "enum": ["fine", "FINE", "Fine", "coarse"] });
    });
    assert_has(
        &code,
        &[
            "#[serde(rename = \"FINE\")] Fine2",
            "#[serde(rename = \"Fine\")] Fine3",
            "\"Fine\" => Self::Fine3",
            "Self::Fine2 => \"FINE\"",
        ],
    );
}

#[test]
fn enum_values_of_punctuation_are_numbered_or_get_their_published_names() {
    let code = code(|d| {
        d["definitions"]["Loom"]["properties"]["sign"] = json!({ "type": "string", "enum": ["<", "=", ">"], "x-ms-enum": {
            "name": "Sign", "values": [{ "value": "=", "name": "Equal" }]
        } });
    });
    assert_has(
        &code,
        &["Self::Equal => \"=\"", "Self::X => \"<\"", "Self::X2 => \">\""],
    );
}

#[test]
fn an_enum_value_named_like_the_variant_for_unknown_values_is_numbered() {
    let code = code(|d| {
        d["definitions"]["Loom"]["properties"]["gauge"] =
            json!({ "type": "string", "enum": ["unknownValue", "fine"] });
    });
    assert_has(
        &code,
        &[
            "Self::UnknownValue2 => \"unknownValue\"",
            "Self::UnknownValue(value) => value",
        ],
    );
}

#[test]
fn parameters_with_one_rust_name_are_numbered() {
    let code = code(|d| {
        get(d)["parameters"] = json!([
            { "name": "room", "in": "query", "type": "string" },
            { "name": "Room", "in": "header", "type": "string" },
            { "name": "url", "in": "query", "type": "string", "x-ms-client-name": "address" },
        ]);
    });
    assert_has(
        &code,
        &[
            "address: Option<&str>",
            "QueryParam::new(\"url\", &address)",
            "room_2",
            "\"Room\"",
            "\"room\"",
        ],
    );
}

#[test]
fn one_name_in_query_and_header_is_two_parameters() {
    let code = code(|d| {
        get(d)["parameters"] = json!([
            { "name": "room", "in": "query", "type": "string" },
            { "name": "room", "in": "header", "type": "string" },
        ]);
    });
    assert_has(
        &code,
        &[
            "room: Option<&str>",
            "room_2: Option<&str>",
            "header_map.append(\"room\"",
        ],
    );
}

#[test]
fn properties_with_one_rust_name_are_numbered() {
    let code = code(|d| {
        d["definitions"]["Loom"]["properties"]["jobId"] = json!({ "type": "string" });
        d["definitions"]["Loom"]["properties"]["jobID"] = json!({ "type": "string" });
        d["definitions"]["Loom"]["required"] = json!(["jobID"]);
    });
    assert_has(
        &code,
        &[
            "#[serde(rename = \"jobID\")] pub job_id_2: ::std::string::String",
            "rename = \"jobId\"",
        ],
    );
}

#[test]
fn operations_with_one_rust_name_are_refused_with_both_pointers() {
    refused(
        |d| {
            d["paths"]["/rooms"] = d["paths"]["/looms"].clone();
            d["paths"]["/rooms"]["get"]["operationId"] = json!("LoomsGet");
        },
        "looms.json#/paths/~1rooms/get/operationId: `LoomsGet` gets the Rust name `looms_get`, which \
         #/paths/~1looms/get/operationId already has",
    );
}

#[test]
fn an_operation_named_like_the_request_of_another_is_numbered() {
    let code = code(|d| {
        d["paths"]["/requests"] = d["paths"]["/looms"].clone();
        d["paths"]["/requests"]["get"]["operationId"] = json!("Looms_GetRequest");
    });
    assert_has(
        &code,
        &[
            "async fn looms_get<",
            "async fn looms_get_request_2<",
            "fn looms_get_request(",
        ],
    );
}

#[test]
fn types_with_one_rust_name_are_refused_with_both_pointers() {
    refused(
        |d| d["definitions"]["loom"] = json!({ "type": "object" }),
        "looms.json#/definitions/loom: `loom` gets the Rust name `Loom`, which #/definitions/Loom already has",
    );
}
