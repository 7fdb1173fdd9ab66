//! Size limits of strings, twins, request bodies and models. Unit tests check the limits that apply to a whole
//! instance, with lower values.

use http::Method;
use serde_json::{Map, Value, json};

use crate::fixture::{Instance, Reply, model};

const KB: usize = 1024;

fn x(length: usize) -> Value {
    "x".repeat(length).into()
}

fn tags(count: usize, length: usize) -> Value {
    let tags: Map<_, _> = (0..count).map(|n| (format!("tag{n}"), x(length))).collect();
    tags.into()
}

/// ADT-LIMIT-6: the limit is in UTF-8 bytes, and applies to strings in twins, maps, objects and relationships.
#[test]
fn string_has_at_most_4_kb() {
    let instance = Instance::with_building();
    let too_long =
        |reply: Reply| reply.is_error(400, "ValidationFailed", "longer than the maximum of 4096 bytes");
    let patch = |path: &str, value: Value| {
        let patch = json!([{"op": "add", "path": path, "value": value}]);
        instance.patch("/digitaltwins/floor-1", &patch)
    };
    assert_eq!(patch("/name", x(4 * KB)).status, 204);
    too_long(patch("/name", x(4 * KB + 1)));
    assert_eq!(patch("/name", "ü".repeat(2 * KB).into()).status, 204);
    too_long(patch("/name", "ü".repeat(2 * KB + 1).into()));
    too_long(patch("/tags", json!({"key": x(4 * KB + 1)})));
    too_long(patch("/address", json!({"street": x(4 * KB + 1)})));
    let relate = |length: usize| {
        let body = json!({"$relationshipName": "adjacent", "$targetId": "room-2", "door": x(length)});
        instance.put("/digitaltwins/room-1/relationships/d", &body)
    };
    assert_eq!(relate(4 * KB).status, 200);
    too_long(relate(4 * KB + 1));
    let whole = json!({"$metadata": {"$model": "dtmi:test:Floor;1"}, "name": x(4 * KB + 1)});
    too_long(instance.put("/digitaltwins/floor-3", &whole));
}

/// ADT-LIMIT-4: the limit applies to the JSON of the twin after the PUT or PATCH.
#[test]
fn twin_has_at_most_32_kb() {
    let instance = Instance::with_models();
    let patch = |path: &str, value: Value| {
        let patch = json!([{"op": "add", "path": path, "value": value}]);
        instance.patch("/digitaltwins/t", &patch)
    };
    instance.put_twin("t", "dtmi:test:Floor;1", json!({"tags": tags(8, 3900)}));
    let size = instance.get("/digitaltwins/t").response.body.len();
    assert_eq!(patch("/name", "".into()).status, 204);
    let member = instance.get("/digitaltwins/t").response.body.len() - size;
    let room = 32 * KB - size - member;
    assert_eq!(patch("/name", x(room)).status, 204);
    assert_eq!(instance.get("/digitaltwins/t").response.body.len(), 32 * KB);
    patch("/name", x(room + 1)).is_error(400, "ValidationFailed", "more than the maximum of 32768");
    assert_eq!(instance.get("/digitaltwins/t").body["name"], x(room));
    // The metadata that the service adds counts toward the size.
    let body = json!({"$metadata": {"$model": "dtmi:test:Floor;1"}, "tags": tags(8, 4000), "name": x(570)});
    assert!(body.to_string().len() < 32 * KB);
    instance.put("/digitaltwins/u", &body).is_error(
        400,
        "ValidationFailed",
        "more than the maximum of 32768",
    );
}

/// ADT-LIMIT-5.
#[test]
fn request_body_has_at_most_32_kb() {
    let instance = Instance::with_building();
    drop(instance.service.subscribe("ep").expect("an endpoint"));
    let post_headers = [("message-id", "m")];
    let relationship = json!({"$relationshipName": "adjacent", "$targetId": "room-2"});
    for (method, path, body) in [
        (
            Method::PUT,
            "/digitaltwins/f",
            json!({"$metadata": {"$model": "dtmi:test:Floor;1"}}),
        ),
        (Method::PATCH, "/digitaltwins/floor-1", json!([])),
        (
            Method::PATCH,
            "/digitaltwins/room-1/components/thermostat",
            json!([]),
        ),
        (Method::POST, "/digitaltwins/room-1/telemetry", json!({})),
        (
            Method::POST,
            "/digitaltwins/room-1/components/thermostat/telemetry",
            json!({}),
        ),
        (Method::PUT, "/digitaltwins/room-1/relationships/d", relationship),
        (Method::PATCH, "/digitaltwins/room-1/relationships/d", json!([])),
        (Method::PATCH, "/models/dtmi:test:Room;1", json!([])),
        (
            Method::PUT,
            "/eventroutes/r",
            json!({"endpointName": "ep", "filter": "true"}),
        ),
    ] {
        // Whitespace counts toward the size.
        let padded = |length: usize| {
            let text = body.to_string();
            format!("{text}{}", " ".repeat(length - text.len()))
        };
        let send = |length: usize| instance.send_text(method.clone(), path, &padded(length), &post_headers);
        assert!(send(32 * KB).status < 300, "{method} {path}");
        send(32 * KB + 1).is_error(400, "LimitExceeded", "longer than the maximum of 32768 bytes");
    }
}

/// ADT-LIMIT-9, ADT-LIMIT-10.
#[test]
fn model_has_at_most_1_mb_and_upload_at_most_250_models() {
    let instance = Instance::new();
    let properties: Vec<_> = (0..2000)
        .map(|n| json!({"@type": "Property", "name": format!("p{n}"), "schema": "double", "comment": x(450)}))
        .collect();
    let sized = |id: &str, size: usize| {
        let mut model = model(id, properties.clone().into())[0].clone();
        model["@context"] = "dtmi:dtdl:context;3".into();
        model["contents"][0]["comment"] = "".into();
        model["comment"] = "".into();
        let mut missing = size - model.to_string().len();
        for place in 1.. {
            if missing == 0 {
                return model;
            }
            let more = missing.min(512 - 450);
            model["contents"][place]["comment"] = x(450 + more);
            missing -= more;
        }
        unreachable!("2000 comments have room for the missing bytes")
    };
    let post = |model: Value| instance.post("/models", &json!([model]));
    let large = sized("dtmi:test:Large;1", KB * KB);
    assert_eq!(large.to_string().len(), KB * KB);
    assert_eq!(post(large).status, 201);
    post(sized("dtmi:test:Larger;1", KB * KB + 1)).is_error(400, "LimitExceeded", "1048576");

    let batch: Vec<_> = (1..=251)
        .map(|number| model(&format!("dtmi:test:M;{number}"), json!([]))[0].clone())
        .collect();
    instance
        .post("/models", &Value::from(batch.clone()))
        .is_error(400, "LimitExceeded", "250");
    assert_eq!(instance.get("/models/dtmi:test:M;1").status, 404);
    assert_eq!(instance.post("/models", &Value::from(&batch[..250])).status, 201);
}

/// ADT-LIMIT-7, ADT-DTDL-12: DTDL's limits are below the service's 1 KB.
#[test]
fn property_name_has_the_length_that_dtdl_allows() {
    let instance = Instance::new();
    let post = |version: u8, length: usize| {
        let name = "p".repeat(length);
        let contents = json!([{"@type": "Property", "name": name, "schema": "integer"}]);
        let mut model = model(&format!("dtmi:test:V{version};1"), contents);
        model[0]["@context"] = format!("dtmi:dtdl:context;{version}").into();
        instance.post("/models", &model)
    };
    for (version, longest) in [(2, 64), (3, 512)] {
        post(version, longest + 1).is_error(400, "DTDLParserError", "");
        assert_eq!(post(version, longest).status, 201);
        let name = "p".repeat(longest);
        let id = format!("t{version}");
        let twin = instance.put_twin(&id, &format!("dtmi:test:V{version};1"), json!({ &name: 1 }));
        assert_eq!(twin.body[&name], 1);
    }
}
