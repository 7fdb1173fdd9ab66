//! The operations on twins, and telemetry.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use crate::fixture::{Instance, model};

const NOW: &str = "2025-05-02T14:57:59.4944153Z";

fn room() -> Value {
    json!({"$metadata": {"$model": "dtmi:test:Room;1"}, "temperature": 80, "thermostat": {"$metadata": {}}})
}

/// ADT-TWIN-1, ADT-TWIN-2, ADT-TWIN-3, ADT-TWIN-4, ADT-TWIN-5, ADT-TWIN-7, ADT-TWIN-8, ADT-TWIN-9, ADT-ETAG-1,
/// ADT-HTTP-9: member order, numbers as sent, one time for all properties, the ETag in header and body.
#[test]
fn new_twin_is_returned_as_stored() {
    let instance = Instance::with_models();
    let body = json!({
        "$dtId": "another", "$etag": "W/\"mine\"",
        "thermostat": {"target": 21.50, "$metadata": {}},
        "temperature": 80,
        "$metadata": {"$model": "dtmi:test:Room;1", "temperature": {"lastUpdateTime": "2000-01-01T00:00:00Z"}},
        "name": "n",
    });
    let reply = instance.put("/digitaltwins/t1", &body);
    assert_eq!(reply.status, 200);
    let etag = reply.etag();
    assert!(etag.starts_with("W/\"") && etag.len() == 40, "{etag}");
    let expected = json!({
        "$dtId": "t1", "$etag": etag, "temperature": 80, "name": "n",
        "thermostat": {"target": 21.5, "$metadata": {"$lastUpdateTime": NOW, "target": {"lastUpdateTime": NOW}}},
        "$metadata": {"$model": "dtmi:test:Room;1", "$lastUpdateTime": NOW,
            "temperature": {"lastUpdateTime": NOW}, "name": {"lastUpdateTime": NOW}},
    });
    assert_eq!(reply.body.to_string(), expected.to_string());
    let read = instance.get("/digitaltwins/t1");
    assert_eq!((read.body.to_string(), read.etag()), (expected.to_string(), etag));
}

/// ADT-TWIN-6.
#[test]
fn first_api_version_has_no_last_update_time() {
    let instance = Instance::with_models();
    let reply = instance.put("/digitaltwins/t1?api-version=2020-10-31", &room());
    assert_eq!(reply.body["$metadata"].get("$lastUpdateTime"), None);
    assert_eq!(reply.body["thermostat"]["$metadata"], json!({}));
    assert_eq!(
        reply.body["$metadata"]["temperature"],
        json!({"lastUpdateTime": NOW})
    );
}

/// ADT-TWIN-1: some clients send all unset members as null.
#[test]
fn null_id_and_etag_are_ignored() {
    let instance = Instance::with_models();
    let mut body = room();
    body["$dtId"] = Value::Null;
    body["$etag"] = Value::Null;
    assert_eq!(instance.put("/digitaltwins/t1", &body).status, 200);
}

/// ADT-TWIN-15, ADT-ERROR-1.
#[test]
fn model_must_exist() {
    let instance = Instance::new();
    let reply = instance.put("/digitaltwins/t1", &json!({"$metadata": {"$model": "dtmi:x;2"}}));
    reply.is_error(400, "ValidationFailed", "Invalid twin specified");
    assert_eq!(
        reply.details(),
        "dtmi:x;2 or one of its dependencies does not exist."
    );
    assert_eq!(reply.body["error"]["details"][0]["code"], "ValidationFailed");
}

/// ADT-TWIN-10: an empty component is enough.
#[test]
fn components_are_required() {
    let instance = Instance::with_models();
    let mut body = json!({"$metadata": {"$model": "dtmi:test:Room;1"}});
    instance
        .put("/digitaltwins/t1", &body)
        .is_error(400, "ValidationFailed", "\nTwin is missing");
    for bad in [json!({}), json!({"target": 1}), json!(1), Value::Null] {
        body["thermostat"] = bad;
        assert_eq!(
            instance.put("/digitaltwins/t1", &body).code(),
            "ValidationFailed",
            "{body}"
        );
    }
    body["thermostat"] = json!({"$metadata": {}});
    assert_eq!(instance.put("/digitaltwins/t1", &body).status, 200);
}

/// ADT-TWIN-13.
#[test]
fn only_properties_can_have_values() {
    let instance = Instance::with_models();
    for (name, kind) in [
        ("motion", "Telemetry"),
        ("contains", "Relationship"),
        ("lock", "Command"),
    ] {
        let mut body = room();
        body[name] = json!(true);
        let text = format!("{name} is not a property - it is a {kind}.");
        instance
            .put("/digitaltwins/t1", &body)
            .is_error(400, "ValidationFailed", &text);
    }
    let mut body = room();
    body["thermostat"]["humidity"] = json!(1.5);
    instance
        .put("/digitaltwins/t1", &body)
        .is_error(400, "ValidationFailed", "it is a Telemetry.");
}

/// ADT-TWIN-12, ADT-TWIN-24.
#[test]
fn undeclared_names_and_wrong_types_are_reported() {
    let instance = Instance::with_models();
    let mut body = room();
    body["colour"] = json!("red");
    body["name"] = json!(5);
    body["thermostat"]["size"] = json!(1);
    body["thermostat"]["target"] = json!("warm");
    let reply = instance.put("/digitaltwins/t1", &body);
    reply.is_error(400, "ValidationFailed", "Invalid twin specified");
    let details = reply.details();
    for text in [
        "colour does not appear on the DTDL for Twin.",
        "Expected value of type string for name on Twin.",
        "size does not appear on the DTDL for thermostat.",
        "Expected value of type double for target on thermostat.",
    ] {
        assert!(details.contains(text), "{text:?} in {details:?}");
    }
    assert_eq!(instance.get("/digitaltwins/t1").status, 404);
}

/// ADT-VALUE-12.
#[test]
fn null_is_not_a_value() {
    let instance = Instance::with_models();
    let mut body = room();
    body["name"] = Value::Null;
    instance
        .put("/digitaltwins/t1", &body)
        .is_error(400, "ValidationFailed", "name");
}

/// ADT-TWIN-16: existing twins can still be changed.
#[test]
fn decommissioned_model_cannot_have_new_twins() {
    let instance = Instance::with_models();
    instance.put("/digitaltwins/old", &room()).ok();
    let patch = json!([{"op": "replace", "path": "/decommissioned", "value": true}]);
    instance.patch("/models/dtmi:test:Room;1", &patch).ok();
    instance
        .put("/digitaltwins/new", &room())
        .is_error(400, "ModelDecommissioned", "dtmi:test:Room;1");
    assert_eq!(instance.put("/digitaltwins/old", &room()).status, 200);
    let patch = json!([{"op": "add", "path": "/name", "value": "n"}]);
    assert_eq!(instance.patch("/digitaltwins/old", &patch).status, 204);
}

/// ADT-TWIN-19.
#[test]
fn missing_twin_is_not_found() {
    let instance = Instance::with_models();
    let text = "There is no digital twin instance that exists with the ID none. Please verify that the twin id is valid and ensure that the twin is not deleted. See section on querying the twins https://aka.ms/adtv2query.";
    instance
        .get("/digitaltwins/none")
        .is_error(404, "DigitalTwinNotFound", text);
    instance
        .delete("/digitaltwins/none")
        .is_error(404, "DigitalTwinNotFound", text);
    instance
        .patch("/digitaltwins/none", &json!([]))
        .is_error(404, "DigitalTwinNotFound", text);
}

/// ADT-TWIN-17: PUT replaces all properties.
#[test]
fn replacing_a_twin_keeps_its_relationships() {
    let instance = Instance::with_building();
    let reply = instance.put_twin("floor-1", "dtmi:test:Floor;1", json!({"level": 3}));
    assert_eq!((&reply.body["level"], reply.body.get("name")), (&json!(3), None));
    assert_eq!(
        instance
            .get("/digitaltwins/floor-1/relationships")
            .column("$relationshipId"),
        ["r1", "r2"]
    );
}

/// ADT-TWIN-5, ADT-TWIN-8: the PUT sets every update time, including those of unchanged properties.
#[test]
fn replaced_twin_has_new_times() {
    let instance = Instance::with_models();
    let mut body = room();
    body["thermostat"]["target"] = json!(20);
    body["$metadata"]["temperature"] = json!({"sourceTime": NOW});
    instance.put("/digitaltwins/t1", &body).ok();
    instance.clock.advance(Duration::from_secs(10));
    body["$metadata"] = json!({"$model": "dtmi:test:Room;1"});
    let time = "2025-05-02T14:58:09.4944153Z";
    let twin = instance.put("/digitaltwins/t1", &body).ok().body;
    assert_eq!(
        twin["$metadata"],
        json!({"$model": "dtmi:test:Room;1", "$lastUpdateTime": time, "temperature": {"lastUpdateTime": time}})
    );
    assert_eq!(
        twin["thermostat"]["$metadata"],
        json!({"$lastUpdateTime": time, "target": {"lastUpdateTime": time}})
    );
}

/// ADT-TWIN-21: the twin can be patched again after its model is uploaded again.
#[test]
fn twin_of_a_deleted_model_cannot_be_patched() {
    let instance = Instance::with_building();
    instance.put_twin("floor-3", "dtmi:test:Floor;1", json!({}));
    instance.delete("/models/dtmi:test:Floor;1").ok();
    assert_eq!(instance.get("/digitaltwins/floor-1").status, 200);
    assert_eq!(
        instance
            .ids("SELECT * FROM DIGITALTWINS WHERE IS_OF_MODEL('dtmi:test:Floor;1')")
            .len(),
        3
    );
    let patch = json!([{"op": "add", "path": "/level", "value": 1}]);
    instance
        .patch("/digitaltwins/floor-1", &patch)
        .is_error(400, "ValidationFailed", "does not exist.");
    let relationship = json!({"$relationshipName": "contains", "$targetId": "room-1"});
    assert_eq!(
        instance
            .put("/digitaltwins/floor-1/relationships/x", &relationship)
            .status,
        400
    );
    assert_eq!(
        instance
            .get("/digitaltwins/room-1/incomingrelationships")
            .column("$relationshipId"),
        ["r1"]
    );
    let existing = "/digitaltwins/floor-1/relationships/r1";
    assert_eq!(instance.patch(existing, &json!([])).status, 400);
    assert_eq!(instance.delete(existing).status, 204);
    // Relationships to the twin can still be patched.
    instance.relate("room-1", "in", "adjacent", "floor-1");
    let door = json!([{"op": "add", "path": "/door", "value": "oak"}]);
    let incoming = "/digitaltwins/room-1/relationships/in";
    assert_eq!(instance.patch(incoming, &door).status, 204);
    assert_eq!(instance.delete(incoming).status, 204);
    assert_eq!(instance.delete("/digitaltwins/floor-3").status, 204);
    let floor = crate::fixture::building()[1].clone();
    instance.post("/models", &json!([floor])).ok();
    assert_eq!(instance.patch("/digitaltwins/floor-1", &patch).status, 204);
}

/// ADT-TWIN-18, ADT-TWIN-26, ADT-ERROR-8.
#[test]
fn malformed_body_is_refused() {
    let instance = Instance::with_models();
    let put = |body| instance.send_text(Method::PUT, "/digitaltwins/t1", body, &[]);
    put("[{}]").is_error(400, "InvalidArgument", "Payload is invalid.");
    put("{").is_error(400, "InvalidArgument", "Payload is invalid.");
    put("").is_error(400, "BadRequest", "A non-empty request body is required.");
    put("{}").is_error(400, "ValidationFailed", "$metadata");
    put(r#"{"$metadata":{}}"#).is_error(400, "ValidationFailed", "$model");
}

/// ADT-ID-1, ADT-ID-2, ADT-ID-3: ids are case-sensitive and may contain characters that must be escaped in
/// URLs.
#[test]
fn only_twin_ids_that_a_path_cannot_address_are_refused() {
    let instance = Instance::with_models();
    let floor = json!({"$metadata": {"$model": "dtmi:test:Floor;1"}});
    let id = "dev:1.2+3%_#*?!(),=@;$'";
    let path = "/digitaltwins/dev%3A1.2%2B3%25_%23%2A%3F%21%28%29%2C%3D%40%3B%24%27";
    assert_eq!(instance.put(path, &floor).ok().body["$dtId"], id);
    assert_eq!(instance.get(path).body["$dtId"], id);
    instance.put("/digitaltwins/a", &floor).ok();
    assert_eq!(instance.get("/digitaltwins/A").status, 404);
    for (path, id) in [
        ("a%20b", "a b"),
        ("%C3%BC", "ü"),
        ("a%5C", "a\\"),
        ("a-%3Eb", "a->b"),
    ] {
        let reply = instance.put(&format!("/digitaltwins/{path}"), &floor).ok();
        assert_eq!(reply.body["$dtId"], id);
    }
    for bad in ["%2E", "%2e%2E"] {
        let reply = instance.put(&format!("/digitaltwins/{bad}"), &floor);
        reply.is_error(400, "InvalidArgument", "id");
    }
}

/// ADT-HTTP-12.
#[test]
fn encoded_slash_in_a_path_is_part_of_the_id() {
    let instance = Instance::with_models();
    for path in ["devices%2Fx", "devices%252Fx"] {
        let text = "exists with the ID devices%2Fx. ";
        instance
            .get(&format!("/digitaltwins/{path}"))
            .is_error(404, "DigitalTwinNotFound", text);
    }
    instance.get("/digitaltwins/a%2fb/relationships/r%2F1").is_error(
        404,
        "DigitalTwinNotFound",
        "the ID a%2fb. ",
    );
    instance.put_twin("a%2Fb", "dtmi:test:Floor;1", json!({}));
    assert_eq!(instance.ids("SELECT * FROM DIGITALTWINS"), ["a%2Fb"]);
    assert_eq!(instance.get("/digitaltwins/a/b").status, 404);
}

/// ADT-TWIN-8, ADT-TWIN-9.
#[test]
fn source_times_are_kept_as_given() {
    let instance = Instance::with_models();
    let mut body = room();
    body["$metadata"]["temperature"] = json!({"sourceTime": "2021-06-29T22:45:27Z"});
    body["thermostat"] =
        json!({"target": 1, "$metadata": {"target": {"sourceTime": "2021-06-29T22:45:28Z"}}});
    let reply = instance.put("/digitaltwins/t1", &body).ok();
    assert_eq!(
        reply.body["$metadata"]["temperature"],
        json!({"lastUpdateTime": NOW, "sourceTime": "2021-06-29T22:45:27Z"})
    );
    assert_eq!(
        reply.body["thermostat"]["$metadata"]["target"],
        json!({"lastUpdateTime": NOW, "sourceTime": "2021-06-29T22:45:28Z"})
    );
    body["$metadata"]["temperature"] = json!({"sourceTime": "yesterday"});
    instance
        .put("/digitaltwins/t1", &body)
        .is_error(400, "ValidationFailed", "sourceTime");
}

/// ADT-TELEMETRY-1, ADT-TELEMETRY-2, ADT-TELEMETRY-3, ADT-TELEMETRY-4, ADT-TELEMETRY-5, ADT-TELEMETRY-6.
#[test]
fn telemetry_is_acknowledged() {
    let instance = Instance::with_building();
    let send = |path: &str, body: &str, headers: &[(&str, &str)]| {
        instance.send_text(Method::POST, path, body, headers)
    };
    let id = ("message-id", "m1");
    for path in [
        "/digitaltwins/room-1/telemetry",
        "/digitaltwins/room-1/components/thermostat/telemetry",
    ] {
        let reply = send(path, r#"{"anything": [1]}"#, &[id]);
        assert_eq!((reply.status, reply.response.body.len()), (204, 0));
        assert_eq!(
            send(
                path,
                "{}",
                &[id, ("telemetry-source-time", "01/01/01 0:00:00 +00:00")]
            )
            .status,
            204
        );
        send(path, "{}", &[id, ("telemetry-source-time", "noon")]).is_error(400, "ValidationFailed", "noon");
        send(path, "[]", &[id]).is_error(400, "ValidationFailed", "JSON object");
        send(path, "{}", &[]).is_error(400, "MissingArgument", "Message-Id");
    }
    send("/digitaltwins/none/telemetry", "{}", &[id]).is_error(404, "DigitalTwinNotFound", "none");
    send("/digitaltwins/room-1/components/none/telemetry", "{}", &[id]).is_error(
        404,
        "ComponentNotFound",
        "room-1 does not have component none",
    );
}

/// ADT-TWIN-11.
#[test]
fn twin_of_an_empty_model_has_no_properties() {
    let instance = Instance::new();
    instance
        .post("/models", &model("dtmi:test:Empty;1", json!([])))
        .ok();
    let reply = instance.put_twin("t", "dtmi:test:Empty;1", json!({}));
    assert_eq!(
        reply.body["$metadata"],
        json!({"$model": "dtmi:test:Empty;1", "$lastUpdateTime": NOW})
    );
}
