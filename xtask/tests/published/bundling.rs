//! References to other files.

use serde_json::{Value, json};
use xtask::bundle::Bundled;
use xtask::description::Description;
use xtask::generate::{Unsupported, stages};

use super::{add, get, looms};

/// Loads [`looms`] with a change, next to other files.
fn load(change: impl FnOnce(&mut Value), others: &[(&str, Value)]) -> Result<Description, String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("v1/looms.json");
    std::fs::create_dir_all(folder.path().join("v1")).unwrap();
    std::fs::write(&file, looms(change).to_string()).unwrap();
    for (name, text) in others {
        std::fs::write(folder.path().join(name), text.to_string()).unwrap();
    }
    let loaded = Description::load(&file);
    loaded.map_err(|e| {
        e.to_string()
            .replace(&format!("{}/", folder.path().display()), "")
    })
}

fn refer(reference: &'static str) -> impl FnOnce(&mut Value) {
    move |d| get(d)["responses"]["200"]["schema"] = json!({ "$ref": reference })
}

fn response(description: &Description) -> &Value {
    description
        .openapi
        .pointer("/paths/~1looms/get/responses/200/content/application~1json/schema/$ref")
        .unwrap()
}

#[test]
fn a_reference_to_the_file_itself_is_a_local_one() {
    let loaded = load(refer("./looms.json#/definitions/Loom"), &[]).unwrap();
    assert_eq!(response(&loaded), "#/components/schemas/Loom");
}

#[test]
fn definitions_of_other_files_are_copied_with_their_references() {
    let common = json!({ "definitions": {
        "Room": { "type": "object", "properties": { "door": { "$ref": "#/definitions/Door" } } },
        "Door": { "type": "object", "properties": { "wide": { "type": "boolean" } } },
        "Unused": {},
    }, "parameters": { "hall": { "name": "hall", "in": "query", "type": "string" } } });
    let loaded = load(
        |d| {
            refer("../common.json#/definitions/Room")(d);
            add(get(d), json!({ "$ref": "../common.json#/parameters/hall" }));
        },
        &[("common.json", common)],
    );
    let loaded = loaded.unwrap();
    assert_eq!(response(&loaded), "#/components/schemas/Room");
    let schemas = loaded.openapi["components"]["schemas"].as_object().unwrap();
    assert_eq!(schemas.keys().collect::<Vec<_>>(), ["Loom", "Room", "Door"]);
    assert_eq!(loaded.openapi["components"]["parameters"]["hall"]["in"], "query");
}

#[test]
fn a_name_in_use_is_numbered_and_reported() {
    let common = json!({ "definitions": { "loom": { "type": "string" } } });
    let loaded = load(
        refer("../common.json#/definitions/loom"),
        &[("common.json", common)],
    )
    .unwrap();
    assert_eq!(response(&loaded), "#/components/schemas/loom2");
    let Bundled { renamed, .. } = &loaded.bundled;
    assert!(
        renamed[0].ends_with("common.json#/definitions/loom is named `loom2`: the name `loom` is in use"),
        "{renamed:?}"
    );
}

#[test]
fn the_subtypes_of_a_discriminated_type_are_copied_too() {
    let common = json!({ "definitions": {
        "Base": { "type": "object", "discriminator": "kind", "properties": { "kind": { "type": "string" } } },
        "Sub": { "allOf": [{ "$ref": "#/definitions/Base" }], "properties": { "x": { "type": "string" } } },
        "SubSub": { "allOf": [{ "$ref": "#/definitions/Sub" }], "properties": { "y": { "type": "string" } } },
        "Other": {},
    } });
    let loaded = load(
        refer("../common.json#/definitions/Base"),
        &[("common.json", common)],
    )
    .unwrap();
    let schemas = loaded.openapi["components"]["schemas"].as_object().unwrap();
    assert_eq!(
        schemas.keys().collect::<Vec<_>>(),
        ["Loom", "Base", "Sub", "SubSub"]
    );
}

#[test]
fn a_fault_in_another_file_is_located_there() {
    let common =
        json!({ "definitions": { "Room": { "type": "object", "properties": { "x": { "type": "null" } } } } });
    let error = load(
        refer("../common.json#/definitions/Room"),
        &[("common.json", common)],
    )
    .unwrap_err();
    assert!(
        error.starts_with("common.json#/definitions/Room/properties/x/type: unsupported type `null`"),
        "{error}"
    );
}

#[test]
fn a_part_of_a_definition_can_be_referred_to() {
    let loaded = load(
        |d| {
            d["definitions"]["Loom"]["properties"]["size"] =
                json!({ "type": "object", "properties": { "x": { "type": "integer" } } });
            refer("#/definitions/Loom/properties/size")(d);
        },
        &[],
    );
    assert_eq!(response(&loaded.unwrap()), "#/components/schemas/size");
}

#[test]
fn a_missing_file_matters_only_to_operations_that_need_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("looms.json");
    let run = |document: Value| {
        std::fs::write(&file, document.to_string()).unwrap();
        stages(&file, None, "a test", Unsupported::Skip)
    };
    let reference = json!({ "$ref": "gone.json#/definitions/Fault" });
    let error_only =
        looms(|d| get(d)["responses"]["default"] = json!({ "description": "", "schema": reference }));
    assert_eq!(run(error_only).unwrap().skipped, Vec::<String>::new());
    let needed = looms(|d| get(d)["responses"]["200"]["schema"] = reference.clone());
    let error = run(needed).unwrap_err().to_string();
    assert!(
        error.contains("unresolvable reference `gone.json#/definitions/Fault`"),
        "{error}"
    );
}

/// Such a path item would be taken in without end.
#[test]
fn path_item_that_contains_itself_is_refused() {
    let refer = |reference: Value| move |d: &mut Value| d["paths"]["/x"] = json!({ "$ref": reference });
    let text =
        "unsupported path item `#`, which contains this reference to it; a path item must not contain itself";
    let refused = load(refer(json!("#")), &[]).unwrap_err();
    assert_eq!(refused, format!("v1/looms.json#/paths/~1x/$ref: {text}"));
    let other = json!({ "paths": { "/y": { "$ref": "v1/looms.json" } } });
    let refused = load(refer(json!("../other.json")), &[("other.json", other)]).unwrap_err();
    assert!(
        refused.ends_with("; a path item must not contain itself"),
        "{refused}"
    );
    let refused = load(refer(json!({"get": {}})), &[]).unwrap_err();
    assert_eq!(refused, "v1/looms.json#/paths/~1x/$ref: must be a string");
}

#[test]
fn reference_to_a_path_that_is_no_file_is_located_at_the_reference() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("looms.json");
    std::fs::write(&file, looms(refer("/#gone/Loom")).to_string()).unwrap();
    let error = stages(&file, None, "the input", Unsupported::Skip)
        .unwrap_err()
        .to_string();
    let at = format!(
        "{}#/paths/~1looms/get/responses/200/schema/$ref: unresolvable reference",
        file.display()
    );
    assert!(error.starts_with(&at), "{error}");
}
