//! Dumping and loading the state.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use crate::fixture::{Instance, model};
use crate::import_jobs::finished;

#[test]
fn loaded_state_equals_the_dumped_one() {
    let one = Instance::with_building();
    let patch = json!([
        {"op": "add", "path": "/address", "value": {"street": "s"}},
        {"op": "add", "path": "/$metadata/address/sourceTime", "value": "2020-01-02T03:04:05Z"},
        {"op": "add", "path": "/thermostat/target", "value": 20},
    ]);
    one.clock.advance(Duration::from_secs(5));
    one.patch("/digitaltwins/room-1", &patch).ok();
    let door = json!({"$relationshipName": "adjacent", "$targetId": "room-2", "door": "oak"});
    one.put("/digitaltwins/room-1/relationships/d", &door).ok();
    // The state has a twin whose model is deleted, and a decommissioned model.
    one.delete("/models/dtmi:test:Floor;1").ok();
    one.patch(
        "/models/dtmi:test:Room;1",
        &json!([{"op": "add", "path": "/decommissioned", "value": true}]),
    )
    .ok();

    let state = one.service.dump();
    let other = Instance::new();
    other.service.load(&state).expect("a dumped state");
    for path in [
        "/models?includeModelDefinition=true",
        "/digitaltwins/room-1",
        "/digitaltwins/floor-1",
        "/digitaltwins/room-1/relationships",
        "/digitaltwins/floor-1/relationships",
        "/digitaltwins/room-2/incomingrelationships",
    ] {
        assert_eq!(other.get(path).body, one.get(path).body, "{path}");
    }
    assert_eq!(other.service.dump(), state);
    // Sequence numbers are never reused, so that paged lists in progress can continue.
    assert_eq!(state["nextModelSequence"], 4);
    // Validation, indexes and preconditions work in the loaded instance.
    assert_eq!(
        other.ids("SELECT * FROM DIGITALTWINS WHERE IS_OF_MODEL('dtmi:test:Room;1')"),
        ["room-1", "room-2"]
    );
    assert_eq!(
        other
            .query("SELECT * FROM RELATIONSHIPS WHERE $relationshipName = 'contains'")
            .len(),
        2
    );
    other
        .patch(
            "/digitaltwins/room-2",
            &json!([{"op": "add", "path": "/name", "value": 1}]),
        )
        .is_error(400, "ValidationFailed", "name");
}

/// A map with the key `$metadata` is not mistaken for a component, which also has a member of that name.
#[test]
fn maps_that_look_like_components_are_kept() {
    let one = Instance::new();
    let map = |values: Value| {
        json!({"@type": "Map", "mapKey": {"name": "k", "schema": "string"},
            "mapValue": {"name": "v", "schema": values}})
    };
    let contents = json!([
        {"@type": "Property", "name": "p", "schema": map(json!("string"))},
        {"@type": "Property", "name": "q", "schema": map(map(json!("string")))},
        {"@type": "Component", "name": "c", "schema": "dtmi:m:Part;1"},
    ]);
    let part = json!([{"@type": "Property", "name": "p", "schema": map(json!("string"))}]);
    one.post("/models", &model("dtmi:m:Part;1", part)).ok();
    one.post("/models", &model("dtmi:m:Thing;1", contents)).ok();
    let time = json!({"$lastUpdateTime": "2020-01-01T00:00:00Z"});
    let body = json!({"p": {"$metadata": "x"}, "q": {"$metadata": time},
        "c": {"$metadata": {}, "p": {"$metadata": "y"}}});
    one.put_twin("t", "dtmi:m:Thing;1", body);
    let state = one.service.dump();
    let other = Instance::new();
    other.service.load(&state).expect("a dumped state");
    assert_eq!(other.service.dump(), state);
    // `q` is still a map in the loaded instance: a key can be added.
    let patch = json!([{"op": "add", "path": "/q/k", "value": {"v": "w"}}]);
    other.patch("/digitaltwins/t", &patch).ok();
}

/// An upload is validated only with the models that it refers to, so unrelated models may define the same nested
/// identifier.
#[test]
fn models_with_the_same_nested_identifier_are_loaded() {
    let one = Instance::new();
    let property =
        |schema: &str| json!({"@type": "Property", "@id": "dtmi:m:p;1", "name": "p", "schema": schema});
    let other = json!([{"@type": "Property", "name": "q", "schema": "string"}]);
    let mut heir = model("dtmi:m:Heir;1", other.clone());
    heir[0]["extends"] = json!("dtmi:m:B;1");
    for upload in [
        model("dtmi:m:A;1", json!([property("double")])),
        model("dtmi:m:B;1", json!([property("string")])),
        model("dtmi:m:p;1", other),
        heir,
        // E, uploaded later, uses the id of this target for a schema. That is allowed because C does not refer to E.
        model(
            "dtmi:m:C;1",
            json!([{"@type": "Relationship", "name": "r", "target": "dtmi:m:s;1"}]),
        ),
        model(
            "dtmi:m:D;1",
            json!([{"@type": "Component", "name": "c", "schema": "dtmi:m:p;1"}]),
        ),
        json!([{"@id": "dtmi:m:E;1", "@type": "Interface", "@context": "dtmi:dtdl:context;2", "schemas": [
            {"@id": "dtmi:m:s;1", "@type": "Object", "fields": [{"name": "x", "schema": "integer"}]}
        ]}]),
    ] {
        one.post("/models", &upload).ok();
    }
    one.put_twin("heir", "dtmi:m:Heir;1", json!({"p": "x", "q": "y"}));
    let state = one.service.dump();
    let other = Instance::new();
    other.service.load(&state).expect("a dumped state");
    assert_eq!(other.service.dump(), state);
    let patch = |value: Value| json!([{"op": "replace", "path": "/p", "value": value}]);
    other.patch("/digitaltwins/heir", &patch(json!("z"))).ok();
    other
        .patch("/digitaltwins/heir", &patch(json!(1)))
        .is_error(400, "ValidationFailed", "p");
    other
        .delete("/models/dtmi:m:B;1")
        .is_error(409, "ModelReferencesNotDeleted", "dtmi:m:Heir;1");
}

#[test]
fn invalid_state_is_refused_and_changes_nothing() {
    let instance = Instance::with_building();
    let before = instance.service.dump();
    let twin = &before["twins"]["room-1"];
    let relationship = &before["relationships"]["floor-1"]["r1"];
    let model = &before["models"]["dtmi:test:Floor;1"];
    let text = json!("x");
    let with = |path: &str, value: &Value| {
        let mut state = before.clone();
        *state.pointer_mut(path).expect("a part of the state") = value.clone();
        state
    };
    let job = |id: &str| {
        json!({"id": id, "created": "2020-01-01T00:00:00Z", "purge": "2020-01-01T00:00:00Z",
            "deadline": "2020-01-01T00:00:00Z", "status": "failed"})
    };
    for (state, says) in [
        (json!([]), "the state is not an object"),
        (json!({"models": 1}), "models is not an object"),
        (json!({"models": {"x": {}}}), "the model \"x\" has no sequence"),
        // The error text shows the id as it is, without escaping the backslash.
        (
            json!({"models": {"a\\b": {}}}),
            "the model \"a\\b\" has no sequence",
        ),
        (
            json!({"models": {"x": {"sequence": 1}}}),
            "the model \"x\" has no model",
        ),
        (
            json!({"models": {"x": model}}),
            "the @id of the model \"x\" differs from its key",
        ),
        (
            json!({"models": {"x": {"sequence": 1, "model": {"@id": "x"}, "uploadTime": "2020-01-01T00:00:00Z"}}}),
            "x",
        ),
        (
            with("/models/dtmi:test:Floor;1/uploadTime", &text),
            "no uploadTime",
        ),
        (
            with("/models/dtmi:test:Floor;1/sequence", &json!(0)),
            "two models have the sequence 0",
        ),
        (with("/nextModelSequence", &text), "nextModelSequence"),
        (
            json!({"nextModelSequence": u64::MAX}),
            "nextModelSequence is not a number from 0 to 9007199254740992",
        ),
        (
            with("/models/dtmi:test:Floor;1/sequence", &json!(1_u64 << 53)),
            "the model \"dtmi:test:Floor;1\" has no sequence from 0 to 9007199254740991",
        ),
        (json!({"twins": []}), "twins is not an object"),
        (
            json!({"twins": {"x": {"$dtId": "x"}}}),
            "a twin is not in the format of dumped state",
        ),
        (
            json!({"twins": {"x": twin}}),
            "the twin \"room-1\" is stored under the key \"x\"",
        ),
        (
            json!({"relationships": {"floor-1": 1}}),
            "the relationships of \"floor-1\"",
        ),
        (
            json!({"relationships": {"floor-1": {"r1": relationship}}}),
            "invalid relationship",
        ),
        (
            with("/relationships", &json!({"floor-1": {"x": relationship}})),
            "the relationship \"r1\" of \"floor-1\" is stored under the key \"x\"",
        ),
        (
            with("/relationships", &json!({"floor-2": {"r1": relationship}})),
            "the key \"r1\" of \"floor-2\"",
        ),
        (json!({"eventRoutes": {"r": {}}}), "the event route \"r\""),
        (json!({"jobs": 1}), "jobs"),
        (json!({"jobs": {"imports": {"j": {}}}}), "jobs: missing field"),
        (
            json!({"jobs": {"deletions": {"j": job("k")}}}),
            "the job \"k\" is stored under the key \"j\"",
        ),
    ] {
        let error = instance.service.load(&state).expect_err("not understood");
        let error = error.to_string();
        assert!(error.contains(says), "{error}: {says}");
        assert_eq!(instance.service.dump(), before, "{state}");
    }
    instance
        .service
        .load(&json!({}))
        .expect("an empty state is valid");
    assert_eq!(instance.get("/digitaltwins/room-1").status, 404);
}

/// Upload sequence numbers end at 2^53, the limit of exact integers in JSON, and are never reused.
#[test]
fn upload_sequence_numbers_are_limited() {
    let instance = Instance::new();
    let state = json!({"nextModelSequence": (1_u64 << 53) - 1});
    instance.service.load(&state).expect("a state");
    let models = json!([
        model("dtmi:m:A;1", json!([]))[0],
        model("dtmi:m:B;1", json!([]))[0]
    ]);
    instance
        .post("/models", &models)
        .is_error(400, "LimitExceeded", "no upload sequence numbers left");
    instance.post("/models", &model("dtmi:m:A;1", json!([]))).ok();
    instance
        .post("/models", &model("dtmi:m:B;1", json!([])))
        .is_error(400, "LimitExceeded", "no upload sequence numbers left");
    let state = instance.service.dump();
    assert_eq!(instance.get("/models").ok().column("id"), ["dtmi:m:A;1"]);
    let other = Instance::new();
    other.service.load(&state).expect("a dumped state");
    assert_eq!(other.service.dump(), state);
}

/// Jobs are listed in the order of their creation.
#[test]
fn order_of_jobs_is_kept() {
    let one = Instance::new();
    for id in ["b", "c", "a"] {
        one.send(Method::POST, "/jobs/deletions", None, &[("operation-id", id)])
            .ok();
        finished(&one, &format!("/jobs/deletions/{id}"));
    }
    let other = Instance::new();
    other.service.load(&one.service.dump()).expect("a dumped state");
    other
        .send(Method::POST, "/jobs/deletions", None, &[("operation-id", "0")])
        .ok();
    let list = other.get("/jobs/deletions").ok();
    assert_eq!(list.column("id"), ["b", "c", "a", "0"]);
}

/// The remaining steps of a job that started before the load do not change the loaded state.
#[test]
fn loading_a_state_stops_running_jobs() {
    let instance = Instance::with_building();
    let state = instance.service.dump();
    for number in 0..20 {
        instance.send(Method::POST, "/jobs/deletions", None, &[]).ok();
        if number % 2 == 0 {
            std::thread::yield_now();
        }
        instance.service.load(&state).expect("a dumped state");
        // Because of the graph's lock, the job's last step runs either before or after the load. After the load, it has
        // no effect.
        for _ in 0..100 {
            std::thread::yield_now();
            assert_eq!(instance.service.dump(), state);
        }
    }
}
