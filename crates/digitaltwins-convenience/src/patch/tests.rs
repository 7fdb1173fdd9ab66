//! Building and checking patches.

use super::*;
use serde_json::json;
use time::macros::datetime;

fn written<K>(patch: &Patch<K>) -> Value {
    serde_json::to_value(patch).unwrap()
}

#[test]
fn names_are_escaped_and_lists_are_nested_paths() {
    let patch = DigitalTwinPatch::new()
        .add("a/b~c", 1)
        .unwrap()
        .add(["map", "m~n/ö"], json!({"x": [1]}))
        .unwrap()
        .add(vec!["map".to_owned(), String::new()], "empty key")
        .unwrap()
        .add("/already~1a/pointer", true)
        .unwrap();
    assert_eq!(
        written(&patch),
        json!([
            {"op": "add", "path": "/a~1b~0c", "value": 1},
            {"op": "add", "path": "/map/m~0n~1ö", "value": {"x": [1]}},
            {"op": "add", "path": "/map/", "value": "empty key"},
            {"op": "add", "path": "/already~1a/pointer", "value": true},
        ])
    );
}

#[test]
fn component_patches_and_source_times_have_nested_paths() {
    let time = datetime!(2024-05-02 10:11:12.1234567 UTC);
    let component = ComponentPatch::new()
        .replace("target", 20.5)
        .unwrap()
        .source_time("target", time)
        .unwrap();
    let patch = DigitalTwinPatch::new()
        .model("dtmi:example:Room;2")
        .source_time("temperature", time)
        .unwrap()
        .component("thermo/stat", component)
        .unwrap();
    assert_eq!(
        written(&patch),
        json!([
            {"op": "replace", "path": "/$metadata/$model", "value": "dtmi:example:Room;2"},
            {"op": "add", "path": "/$metadata/temperature/sourceTime", "value": "2024-05-02T10:11:12.1234567Z"},
            {"op": "replace", "path": "/thermo~1stat/target", "value": 20.5},
            {"op": "add", "path": "/thermo~1stat/$metadata/target/sourceTime", "value": "2024-05-02T10:11:12.1234567Z"},
        ])
    );
}

#[test]
fn members_that_the_service_sets_are_refused() {
    for path in [
        "$dtId",
        "$etag",
        "$metadata",
        "/$metadata/$lastUpdateTime",
        "/$metadata/temperature",
        "/$metadata/temperature/lastUpdateTime",
        "/thermostat/$metadata",
        "/thermostat/$metadata/$model",
        "/thermostat/$metadata/target/lastUpdateTime",
        "",
    ] {
        let error = DigitalTwinPatch::new().add(path, 1).unwrap_err();
        assert!(error.is_invalid_input(), "{path}: {error}");
        assert_eq!(error.parameter(), Some("path"));
    }
    for path in [
        "$sourceId",
        "$targetId",
        "$relationshipName",
        "$relationshipId",
        "$etag",
        "$metadata",
    ] {
        assert!(
            RelationshipPatch::new()
                .remove(path)
                .unwrap_err()
                .is_invalid_input(),
            "{path}"
        );
    }
    assert!(
        ComponentPatch::new()
            .replace("/$metadata/$model", "dtmi:a;1")
            .is_err()
    );
    assert!(DigitalTwinPatch::new().remove("/$metadata/$model").is_err());
    let escape = ComponentPatch::new().add("target", 1).unwrap();
    assert!(DigitalTwinPatch::new().component("$dtId", escape).is_err());
}

#[test]
fn null_and_unserializable_values_are_refused() {
    let error = DigitalTwinPatch::new().add("a", None::<i32>).unwrap_err();
    assert!(error.to_string().contains("`remove`"), "{error}");
    assert!(
        DigitalTwinPatch::new()
            .replace("a", f64::NAN)
            .unwrap_err()
            .is_invalid_input()
    );
    let map = std::collections::BTreeMap::from([((1, 2), 3)]);
    assert!(
        DigitalTwinPatch::new()
            .add("a", map)
            .unwrap_err()
            .is_invalid_input()
    );
}

#[test]
fn a_converted_patch_is_checked() {
    let parse = |value| serde_json::from_value::<json_patch::Patch>(value).unwrap();
    let fine = json!([{"op": "replace", "path": "/temperature", "value": 22}, {"op": "add", "path": "/x", "value": null},
                      {"op": "remove", "path": "/a~1b"}, {"op": "replace", "path": "/$metadata/$model", "value": "dtmi:a;2"}]);
    let patch = DigitalTwinPatch::try_from(parse(fine.clone())).unwrap();
    assert_eq!(written(&patch), fine);
    assert_eq!(
        serde_json::to_value(json_patch::Patch::from(patch)).unwrap(),
        fine
    );
    for operation in [
        json!({"op": "move", "from": "/a", "path": "/b"}),
        json!({"op": "copy", "from": "/a", "path": "/b"}),
        json!({"op": "test", "path": "/b", "value": 1}),
        json!({"op": "remove", "path": "/$dtId"}),
        json!({"op": "replace", "path": "", "value": {}}),
    ] {
        assert!(
            DigitalTwinPatch::try_from(parse(json!([operation])))
                .unwrap_err()
                .is_invalid_input()
        );
    }
}

#[test]
fn an_empty_patch_is_an_empty_list() {
    assert!(DigitalTwinPatch::default().is_empty());
    assert_eq!(RelationshipPatch::new().to_string(), "[]");
}

#[test]
fn a_patch_is_read_from_its_operations() {
    let operations =
        json!([{"op": "replace", "path": "/temperature", "value": 21}, {"op": "remove", "path": "/a~1b"}]);
    let patch = DigitalTwinPatch::from_operations(&operations).unwrap();
    assert_eq!(serde_json::to_value(&patch).unwrap(), operations);
    for (invalid, parameter) in [
        (json!([{"op": "move", "from": "/a", "path": "/b"}]), "patch"),
        (json!([{"op": "remove", "path": "/$dtId"}]), "path"),
        (json!({"op": "remove"}), "operations"),
    ] {
        let error = DigitalTwinPatch::from_operations(&invalid).unwrap_err();
        assert_eq!(error.parameter(), Some(parameter), "{error}");
    }
}
