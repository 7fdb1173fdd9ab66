//! Schemas.

use serde_json::json;

use super::{assert_has, code, put, refused};

#[test]
fn documentation_may_say_invalid_value() {
    let code = code(|d| {
        d["definitions"]["Loom"]["properties"]["width"]["description"] =
            json!("An invalid value is ignored.");
    });
    assert_has(&code, &["An invalid value is ignored."]);
}

#[test]
fn an_unused_enum_is_accepted() {
    let code = code(|d| {
        d["x-ms-parameterized-host"] = json!({
            "hostTemplate": "{zone}.weaving.example",
            "parameters": [{ "name": "zone", "in": "path", "required": true, "type": "string", "enum": ["eu", "us"] }],
        });
        d["definitions"]["Loom"]["properties"]["width"]["enum"] = json!([1, 2]);
    });
    assert_has(&code, &["pub width: ::std::option::Option<i64>"]);
}

#[test]
fn an_enum_with_one_value_is_an_enum() {
    let code = code(|d| {
        d["definitions"]["Loom"]["properties"]["kind"] = json!({ "type": "string", "enum": ["jacquard"] });
    });
    assert_has(
        &code,
        &[
            "pub enum LoomKind { ",
            "Jacquard",
            "UnknownValue(::std::string::String)",
        ],
    );
}

#[test]
fn a_discriminated_type_keeps_the_members_of_its_subtypes() {
    let code = code(|d| {
        d["definitions"]["Loom"] = json!({
            "type": "object",
            "discriminator": "kind",
            "required": ["kind"],
            "properties": { "kind": { "type": "string" } },
        });
        d["definitions"]["PowerLoom"] = json!({
            "allOf": [{ "$ref": "#/definitions/Loom" }],
            "properties": { "volts": { "type": "integer" } },
        });
        d["definitions"]["SolarLoom"] = json!({
            "allOf": [{ "$ref": "#/definitions/PowerLoom" }],
            "properties": { "cells": { "type": "integer" } },
        });
    });
    let fields = |name: &str| {
        let from = code.split(&format!("pub struct {name} {{")).nth(1).unwrap();
        from.split('}').next().unwrap().to_owned()
    };
    assert_has(&fields("Loom"), &["pub kind", "#[serde(flatten)] pub extra"]);
    // The service may return a `PowerLoom` in place of a `Loom`, and a `SolarLoom` in place of a `PowerLoom`.
    assert_has(
        &fields("PowerLoom"),
        &["pub kind", "pub volts", "#[serde(flatten)] pub extra"],
    );
    assert_has(&fields("SolarLoom"), &["pub kind", "pub volts", "pub cells"]);
    assert!(!fields("SolarLoom").contains("extra"), "{code}");
    // A member of a subtype may be a secret, so `Debug` of a base shows only the names of unknown members.
    let debug = |name: &str| {
        let from = code
            .split(&format!("impl ::std::fmt::Debug for {name} {{"))
            .nth(1);
        from.map(|from| from.split(".finish()").next().unwrap().to_owned())
    };
    for base in ["Loom", "PowerLoom"] {
        assert_has(&debug(base).unwrap(), &["\"extra\", &self.extra.keys()"]);
    }
    assert_eq!(debug("SolarLoom"), None);
}

#[test]
fn a_read_only_member_is_optional_in_sent_types() {
    let change = |d: &mut serde_json::Value| {
        d["definitions"]["Loom"]["required"] = json!(["id", "width"]);
        d["definitions"]["Loom"]["properties"]["id"] = json!({ "type": "string", "readOnly": true });
    };
    let read = code(change);
    assert_has(&read, &["pub id: ::std::string::String", "pub width: i64"]);
    let sent = code(|d| {
        change(d);
        put(d);
    });
    assert_has(
        &sent,
        &[
            "pub id: ::std::option::Option<::std::string::String>",
            "pub width: i64",
        ],
    );
}

#[test]
fn a_schema_that_extends_itself_is_refused() {
    refused(
        |d| d["definitions"]["Loom"]["allOf"] = json!([{ "$ref": "#/definitions/Loom" }]),
        "looms.json#/definitions/Loom/allOf: schema `Loom` extends itself",
    );
}

#[test]
fn parts_that_contradict_each_other_are_refused_with_both_pointers() {
    refused(
        |d| {
            d["definitions"]["Base"] =
                json!({ "type": "object", "properties": { "width": { "type": "string" } } });
            d["definitions"]["Loom"]["allOf"] = json!([{ "$ref": "#/definitions/Base" }]);
        },
        "looms.json#/definitions/Loom/properties/width: property `width` is integer here and string in \
         #/definitions/Base/properties/width",
    );
}

#[test]
fn a_member_declared_again_replaces_the_inherited_one() {
    let code = code(|d| {
        d["definitions"]["Base"] =
            json!({ "type": "object", "properties": { "width": { "type": "number" } } });
        d["definitions"]["Loom"]["allOf"] = json!([{ "$ref": "#/definitions/Base" }]);
    });
    assert_has(
        &code,
        &["pub struct Loom {", "pub width: ::std::option::Option<i64>"],
    );
}

#[test]
fn types_may_contain_themselves_and_have_names_of_keywords() {
    let code = code(|d| {
        d["definitions"]["Loom"]["properties"]["type"] = json!({ "$ref": "#/definitions/Loom" });
        d["definitions"]["Loom"]["properties"]["self"] = json!({ "type": "string" });
        d["definitions"]["Stack"] = json!({ "type": "array", "items": { "$ref": "#/definitions/Stack" } });
        d["definitions"]["Tree"] =
            json!({ "type": "object", "additionalProperties": { "$ref": "#/definitions/Tree" } });
    });
    assert_has(
        &code,
        &["Box<Loom>", "pub self_:", "pub struct Stack(", "pub struct Tree("],
    );
}
