//! The whole state out and in again.

use std::time::Duration;

use emulator::Service;
use serde_json::json;

use crate::fixture::Instance;

#[test]
fn a_dumped_state_makes_an_equal_instance() {
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
    // A twin whose model is gone, and a model that is decommissioned.
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
    // It is alive: checks, indexes and preconditions go on.
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

#[test]
fn a_state_that_is_not_understood_changes_nothing() {
    let instance = Instance::with_building();
    let before = instance.service.dump();
    let twin = before["twins"][0].clone();
    let relationship = before["relationships"][0].clone();
    for state in [
        json!({"models": 1}),
        json!({"models": [{}]}),
        json!({"models": [{"model": {"@id": "x"}, "uploadTime": "2020-01-01T00:00:00Z"}]}),
        json!({"twins": [{"$dtId": "x"}]}),
        json!({"twins": [twin, twin]}),
        json!({"relationships": [relationship]}),
    ] {
        let error = instance.service.load(&state).expect_err("not understood");
        assert!(!error.is_empty());
        assert_eq!(instance.service.dump(), before, "{state}");
    }
    instance.service.load(&json!({})).expect("nothing is a state");
    assert_eq!(instance.get("/digitaltwins/room-1").status, 404);
}
