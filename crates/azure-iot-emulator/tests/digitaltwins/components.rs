//! The operations on components.

use serde_json::json;

use crate::fixture::Instance;

/// ADT-COMPONENT-1, ADT-TWIN-7: a component has the ETag of its twin.
#[test]
fn component_has_times_and_etag_but_no_model() {
    let instance = Instance::with_building();
    let reply = instance.get("/digitaltwins/room-1/components/thermostat");
    assert_eq!(reply.status, 200);
    assert_eq!(
        reply.body,
        json!({"$metadata": {"$lastUpdateTime": "2025-05-02T14:57:59.4944153Z"}})
    );
    assert_eq!(reply.etag(), instance.get("/digitaltwins/room-1").etag());
}

/// ADT-COMPONENT-2, ADT-TWIN-19.
#[test]
fn unknown_component_is_not_found() {
    let instance = Instance::with_building();
    instance.get("/digitaltwins/room-1/components/none").is_error(
        404,
        "ComponentNotFound",
        "room-1 does not have component none Please verify that the component path is correct. You can get components by getting the twin, See example https://aka.ms/TwinGetSwSmpl.",
    );
    instance
        .get("/digitaltwins/none/components/thermostat")
        .is_error(404, "DigitalTwinNotFound", "none");
}

/// ADT-COMPONENT-4: the component's name becomes the first segment of the path in the error.
#[test]
fn patch_of_unknown_component_is_an_invalid_path() {
    let instance = Instance::with_building();
    let patch = json!([{"op": "add", "path": "/ComponentProp1", "value": 1}]);
    instance
        .patch("/digitaltwins/room-1/components/Component2", &patch)
        .is_error(
            400,
            "JsonPatchInvalid",
            "Could not resolve path /Component2/ComponentProp1.",
        );
}

/// ADT-COMPONENT-3, ADT-PATCH-4, ADT-PATCH-12, ADT-PATCH-17, ADT-TWIN-24.
#[test]
fn component_patch_changes_twin_and_etag() {
    let instance = Instance::with_building();
    let patch = json!([
        {"op": "add", "path": "/target", "value": 19.5},
        {"op": "add", "path": "/$metadata/target/sourceTime", "value": "2020-01-02T03:04:05Z"},
    ]);
    let reply = instance.patch("/digitaltwins/room-1/components/thermostat", &patch);
    assert_eq!((reply.status, reply.response.body.len()), (204, 0));
    let twin = instance.get("/digitaltwins/room-1");
    assert_eq!(
        (reply.etag(), &twin.body["thermostat"]["target"]),
        (twin.etag(), &json!(19.5))
    );
    assert_eq!(
        twin.body["thermostat"]["$metadata"]["target"]["sourceTime"],
        "2020-01-02T03:04:05Z"
    );
    let patch = json!([{"op": "remove", "path": "/X"}]);
    instance
        .patch("/digitaltwins/room-1/components/thermostat", &patch)
        .is_error(400, "JsonPatchInvalid", "path segment 'X' was not found.");
    let patch = json!([{"op": "add", "path": "/target", "value": "warm"}]);
    instance
        .patch("/digitaltwins/room-1/components/thermostat", &patch)
        .is_error(
            400,
            "ValidationFailed",
            "Expected value of type double for target on thermostat.",
        );
}
