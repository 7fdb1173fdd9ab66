//! JSON Patch on twins.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use crate::fixture::Instance;

const THEN: &str = "2025-05-02T14:57:59.4944153Z";
const LATER: &str = "2025-05-02T14:58:09.4944153Z";
const HELP: &str = " Please provide a valid patch document. See section on update apis in the documentation https://aka.ms/adtv2twins.";

/// Returns an instance with a room whose name, tags and target temperature were written ten seconds
/// ago.
fn instance() -> Instance {
    let instance = Instance::with_models();
    let body = json!({
        "name": "n", "temperature": 20, "tags": {"a": "1"},
        "thermostat": {"target": 21, "$metadata": {}},
    });
    instance.put_twin("t", "dtmi:test:Room;1", body);
    instance.clock.advance(Duration::from_secs(10));
    instance
}

#[track_caller]
fn patched(instance: &Instance, patch: Value) -> Value {
    let before = instance.get("/digitaltwins/t").etag();
    let reply = instance.patch("/digitaltwins/t", &patch).ok();
    assert_eq!((reply.status, reply.response.body.len()), (204, 0));
    let after = instance.get("/digitaltwins/t");
    assert_ne!(after.etag(), before);
    assert_eq!(after.etag(), reply.etag());
    after.body
}

#[track_caller]
fn assert_invalid(patch: Value, text: &str) {
    let instance = instance();
    let before = instance.get("/digitaltwins/t").body;
    instance
        .patch("/digitaltwins/t", &patch)
        .is_error(400, "JsonPatchInvalid", text);
    assert_eq!(
        instance.get("/digitaltwins/t").body,
        before,
        "the twin has changed"
    );
}

/// ADT-PATCH-1, ADT-PATCH-3, ADT-PATCH-5, ADT-PATCH-6: only written properties get a new time.
#[test]
fn add_replace_and_remove_change_one_property() {
    let twin = patched(
        &instance(),
        json!([
            {"op": "add", "path": "/temperature", "value": 21},
            {"op": "replace", "path": "/tags", "value": {"b": "2"}},
            {"op": "remove", "path": "/name"},
            {"op": "add", "path": "/address", "value": {"street": "s"}},
        ]),
    );
    assert_eq!(twin["temperature"], 21);
    assert_eq!(twin["tags"], json!({"b": "2"}));
    assert_eq!(twin.get("name"), None);
    let metadata = json!({
        "$model": "dtmi:test:Room;1", "$lastUpdateTime": LATER,
        "temperature": {"lastUpdateTime": LATER}, "tags": {"lastUpdateTime": LATER},
        "address": {"lastUpdateTime": LATER},
    });
    assert_eq!(twin["$metadata"], metadata);
    assert_eq!(twin["thermostat"]["$metadata"]["$lastUpdateTime"], THEN);
}

/// ADT-PATCH-5, ADT-PATCH-7, ADT-PATCH-8: the parent of a map entry or object field must exist.
#[test]
fn paths_reach_into_maps_and_objects() {
    let instance = instance();
    let twin = patched(
        &instance,
        json!([{"op": "add", "path": "/tags/a~1b~0c", "value": "2"}]),
    );
    assert_eq!(twin["tags"], json!({"a": "1", "a/b~c": "2"}));
    assert_eq!(twin["$metadata"]["tags"]["lastUpdateTime"], LATER);
    assert_eq!(twin["$metadata"]["name"]["lastUpdateTime"], THEN);
    let field = json!({"op": "add", "path": "/address/street", "value": "s"});
    instance.patch("/digitaltwins/t", &json!([field])).is_error(
        400,
        "JsonPatchInvalid",
        "Could not resolve path /address/street.",
    );
    let parent = json!({"op": "add", "path": "/address", "value": {}});
    assert_eq!(
        patched(&instance, json!([parent, field]))["address"],
        json!({"street": "s"})
    );
}

/// ADT-PATCH-8, ADT-PATCH-18: replacing a component's property changes the update times of component and twin, removing
/// it only the twin's.
#[test]
fn components_are_patched_through_the_twin() {
    let instance = instance();
    let twin = patched(
        &instance,
        json!([{"op": "replace", "path": "/thermostat/target", "value": 22}]),
    );
    assert_eq!(
        twin["thermostat"],
        json!({"target": 22, "$metadata": {"$lastUpdateTime": LATER, "target": {"lastUpdateTime": LATER}}})
    );
    instance.clock.advance(Duration::from_secs(10));
    let twin = patched(&instance, json!([{"op": "remove", "path": "/thermostat/target"}]));
    assert_eq!(
        twin["thermostat"],
        json!({"$metadata": {"$lastUpdateTime": LATER}})
    );
    assert_eq!(
        twin["$metadata"]["$lastUpdateTime"],
        "2025-05-02T14:58:19.4944153Z"
    );
}

/// ADT-PATCH-15, ADT-PATCH-21.
#[test]
fn move_copy_and_test_are_refused() {
    for operation in ["move", "copy", "test"] {
        let text = format!("Unsupported operation type {operation}.{HELP}");
        assert_invalid(
            json!([{"op": operation, "path": "/name", "from": "/x", "value": 1}]),
            &text,
        );
    }
}

/// ADT-PATCH-16, ADT-PATCH-21.
#[test]
fn operation_members_are_required() {
    assert_invalid(json!([{}]), &format!("Parameter op must not be empty.{HELP}"));
    assert_invalid(
        json!([{"op": "add", "value": 1}]),
        "Parameter path must not be empty.",
    );
    assert_invalid(
        json!([{"op": "add", "path": "/name"}]),
        "Parameter value must not be empty.",
    );
}

/// ADT-PATCH-4, ADT-PATCH-21.
#[test]
fn replace_and_remove_need_a_target() {
    let text = format!("The target location specified by path segment 'X' was not found.{HELP}");
    assert_invalid(json!([{"op": "remove", "path": "/X"}]), &text);
    assert_invalid(json!([{"op": "replace", "path": "/X", "value": 1}]), &text);
    assert_invalid(json!([{"op": "replace", "path": "/tags/X", "value": "1"}]), &text);
    assert_invalid(json!([{"op": "remove", "path": "/thermostat/X"}]), &text);
}

/// ADT-PATCH-2.
#[test]
fn patch_is_atomic() {
    assert_invalid(
        json!([{"op": "remove", "path": "/name"}, {"op": "remove", "path": "/X"}]),
        "path segment 'X'",
    );
}

/// ADT-PATCH-14.
#[test]
fn service_metadata_is_read_only() {
    for path in [
        "/$dtId",
        "/$etag",
        "/$metadata",
        "/$metadata/$lastUpdateTime",
        "/$metadata/name/lastUpdateTime",
        "/$metadata/name",
        "/thermostat/$metadata",
        "/thermostat/$metadata/$lastUpdateTime",
        "/thermostat/$metadata/target/lastUpdateTime",
    ] {
        assert_invalid(json!([{"op": "add", "path": path, "value": "x"}]), path);
    }
    assert_invalid(
        json!([{"op": "remove", "path": "/$metadata/$model"}]),
        "/$metadata/$model",
    );
}

/// ADT-PATCH-17, ADT-TWIN-10, ADT-TWIN-12, ADT-TWIN-13, ADT-TWIN-24, ADT-VALUE-12.
#[test]
fn patched_twin_is_validated_against_its_model() {
    let instance = instance();
    for (patch, text) in [
        (
            json!({"op": "add", "path": "/colour", "value": 1}),
            "colour does not appear on the DTDL for Twin.",
        ),
        (
            json!({"op": "add", "path": "/name", "value": 1}),
            "Expected value of type string for name on Twin.",
        ),
        (json!({"op": "add", "path": "/name", "value": null}), "name"),
        (json!({"op": "remove", "path": "/thermostat"}), "Twin is missing"),
        (
            json!({"op": "add", "path": "/motion", "value": true}),
            "it is a Telemetry.",
        ),
        (
            json!({"op": "add", "path": "/thermostat/size", "value": 1}),
            "size does not appear on the DTDL for thermostat.",
        ),
    ] {
        instance
            .patch("/digitaltwins/t", &json!([patch]))
            .is_error(400, "ValidationFailed", text);
    }
}

/// ADT-PATCH-10: the result is validated against the new model.
#[test]
fn twin_can_change_its_model() {
    let instance = instance();
    let change = json!({"op": "replace", "path": "/$metadata/$model", "value": "dtmi:test:Floor;1"});
    instance
        .patch("/digitaltwins/t", &json!([change]))
        .is_error(400, "ValidationFailed", "temperature");
    let twin = patched(
        &instance,
        json!([
            change,
            {"op": "remove", "path": "/temperature"},
            {"op": "remove", "path": "/thermostat"},
            {"op": "add", "path": "/level", "value": 1},
        ]),
    );
    assert_eq!(twin["$metadata"]["$model"], "dtmi:test:Floor;1");
    assert_eq!(twin["$metadata"]["name"]["lastUpdateTime"], THEN);
    assert_eq!(
        instance.ids("SELECT * FROM DIGITALTWINS WHERE IS_OF_MODEL('dtmi:test:Floor;1')"),
        ["t"]
    );
    assert_eq!(
        instance
            .ids("SELECT * FROM DIGITALTWINS WHERE IS_OF_MODEL('dtmi:test:Room;1')")
            .len(),
        0
    );
    let back = json!([
        {"op": "replace", "path": "/$metadata/$model", "value": "dtmi:test:Room;1"},
        {"op": "add", "path": "/thermostat", "value": {"$metadata": {}}},
        {"op": "remove", "path": "/level"},
    ]);
    assert_eq!(
        patched(&instance, back)["thermostat"]["$metadata"]["$lastUpdateTime"],
        LATER
    );
}

/// ADT-PATCH-12, ADT-PATCH-13.
#[test]
fn source_times_are_added_or_replaced_where_there_was_none() {
    for op in ["add", "replace"] {
        let instance = instance();
        let time = "2020-01-02T03:04:05Z";
        let twin = patched(
            &instance,
            json!([
                {"op": op, "path": "/$metadata/temperature/sourceTime", "value": time},
                {"op": op, "path": "/thermostat/$metadata/target/sourceTime", "value": time},
            ]),
        );
        assert_eq!(
            twin["$metadata"]["temperature"],
            json!({"lastUpdateTime": THEN, "sourceTime": time})
        );
        assert_eq!(twin["thermostat"]["$metadata"]["target"]["sourceTime"], time);
        // A property that has no value has no metadata.
        let nothing = json!([{"op": op, "path": "/$metadata/address/sourceTime", "value": time}]);
        instance.patch("/digitaltwins/t", &nothing).is_error(
            400,
            "JsonPatchInvalid",
            "/$metadata/address/sourceTime",
        );
    }
    assert_invalid(
        json!([{"op": "remove", "path": "/$metadata/temperature/sourceTime"}]),
        "path segment 'sourceTime' was not found.",
    );
}

/// ADT-PATCH-11, ADT-PATCH-12, ADT-PATCH-20.
#[test]
fn source_times_survive_later_values() {
    let instance = instance();
    let time = "2020-01-02T03:04:05Z";
    let twin = patched(
        &instance,
        json!([
            {"op": "add", "path": "/$metadata/temperature/sourceTime", "value": time},
            {"op": "add", "path": "/thermostat/$metadata/target/sourceTime", "value": time},
            {"op": "add", "path": "/address", "value": {}},
            {"op": "add", "path": "/$metadata/address/sourceTime", "value": time},
        ]),
    );
    assert_eq!(twin["$metadata"]["temperature"]["sourceTime"], time);
    assert_eq!(
        twin["$metadata"]["address"],
        json!({"lastUpdateTime": LATER, "sourceTime": time})
    );
    assert_eq!(twin["thermostat"]["$metadata"]["target"]["sourceTime"], time);
    let twin = patched(
        &instance,
        json!([{"op": "replace", "path": "/temperature", "value": 1}]),
    );
    assert_eq!(
        twin["$metadata"]["temperature"],
        json!({"lastUpdateTime": LATER, "sourceTime": time})
    );
    let twin = patched(
        &instance,
        json!([{"op": "remove", "path": "/$metadata/temperature/sourceTime"}]),
    );
    assert_eq!(twin["$metadata"]["temperature"], json!({"lastUpdateTime": LATER}));
    let nothing = json!([{"op": "add", "path": "/$metadata/level/sourceTime", "value": time}]);
    instance.patch("/digitaltwins/t", &nothing).is_error(
        400,
        "JsonPatchInvalid",
        "/$metadata/level/sourceTime",
    );
    let bad = json!([{"op": "add", "path": "/$metadata/temperature/sourceTime", "value": "noon"}]);
    instance
        .patch("/digitaltwins/t", &bad)
        .is_error(400, "ValidationFailed", "sourceTime");
}

/// ADT-ERROR-7, ADT-ERROR-8: the service's web framework refuses the body, and the error has the framework's format.
#[test]
fn body_that_is_not_a_patch_is_refused() {
    let instance = instance();
    for body in [r#"["x"]"#, "{}", "[", "1"] {
        let reply = instance.send_text(Method::PATCH, "/digitaltwins/t", body, &[]);
        assert_eq!(reply.status, 400);
        let members: Vec<_> = reply.body.as_object().expect("an object").keys().collect();
        assert_eq!(members, ["errors", "title", "status"], "{body}");
        assert_eq!(
            reply.header("content-type"),
            Some("application/problem+json; charset=utf-8")
        );
        assert_eq!(reply.header("x-ms-error-code"), None);
    }
    let reply = instance.send_text(Method::PATCH, "/digitaltwins/t", " ", &[]);
    reply.is_error(400, "BadRequest", "A non-empty request body is required.");
}

/// ADT-PATCH-19: an empty patch changes only the ETag.
#[test]
fn empty_patch_changes_the_etag() {
    let twin = patched(&instance(), json!([]));
    assert_eq!(twin["$metadata"]["name"]["lastUpdateTime"], THEN);
}
