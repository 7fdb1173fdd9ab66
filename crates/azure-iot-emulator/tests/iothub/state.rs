use serde_json::json;

use crate::support::Hub;

#[test]
fn loaded_state_gives_the_same_responses() {
    let hub = Hub::new();
    hub.create_edge("e");
    hub.create("a");
    hub.put("/devices/a/modules/m", &json!({"deviceId": "a", "moduleId": "m"}))
        .ok();
    hub.patch(
        "/twins/a",
        &json!({"tags": {"x": [1, {"y": 1.0}]}, "properties": {"desired": {"p": {"q": 1}}}}),
    )
    .ok();
    hub.report("a", json!({"r": true}));
    let thumbprints = json!({"primaryThumbprint": "a".repeat(40)});
    let body =
        json!({"deviceId": "x", "authentication": {"type": "selfSigned", "x509Thumbprint": thumbprints}});
    hub.put("/devices/x", &body).ok();

    let state = serde_json::from_str(&hub.engine.dump().to_string()).unwrap();
    let other = Hub::new();
    other.create("gone");
    other.engine.load(&state).unwrap();
    for path in [
        "/devices",
        "/twins/a",
        "/twins/a/modules/m",
        "/twins/e/modules/$edgeAgent",
        "/devices/e/modules",
    ] {
        assert_eq!(other.get(path).ok(), hub.get(path).ok(), "{path}");
    }
    // A new generation id differs from all loaded ones.
    assert_ne!(
        other.create("n")["generationId"],
        other.get("/devices/x").ok()["generationId"]
    );
}

#[test]
fn invalid_state_is_refused_and_changes_nothing() {
    let hub = Hub::new();
    hub.create("a");
    let mut state = hub.engine.dump();
    let device = state["devices"]["a"].take();
    state["devices"] = json!({ "b": device });
    for bad in [json!(null), json!({"devices": []}), json!({"unknown": 1}), state] {
        assert!(hub.engine.load(&bad).is_err(), "{bad}");
        hub.get("/devices/a").ok();
    }
}

/// HUB-CONFIG-33.
#[test]
fn loaded_configuration_that_is_no_longer_valid_selects_nothing() {
    for (member, value) in [
        ("targetCondition", json!("tags.a =")),
        ("targetCondition", json!("status = 'enabled'")),
        (
            "content",
            json!({"deviceContent": {"properties.desired.$metadata.x": 1}}),
        ),
        ("content", json!({"deviceContent": {"properties.other": 1}})),
        ("content", json!({"deviceContent": 5})),
    ] {
        let hub = Hub::new();
        hub.create("a");
        let body = json!({"content": {"deviceContent": {"properties.desired.p": 1}}, "targetCondition": ""});
        hub.put("/configurations/old", &body).ok();
        let mut state = hub.engine.dump();
        state["configurations"]["old"]["targetCondition"] = json!("*");
        state["configurations"]["old"][member] = value.clone();
        hub.engine.load(&state).unwrap();

        hub.create("b");
        hub.patch("/twins/a", &json!({"tags": {"x": 1}})).ok();
        let body = json!({"content": {"deviceContent": {"properties.desired.q": 2}}, "targetCondition": "*"});
        hub.put("/configurations/new", &body).ok();
        for id in ["a", "b"] {
            let twin = hub.get(&format!("/twins/{id}")).ok();
            assert_eq!(
                twin["configurations"],
                json!({"new": {"status": "Applied"}}),
                "{value}"
            );
            assert_eq!(twin["properties"]["desired"]["q"], 2, "{value}");
        }
        let old = hub.get("/configurations/old").ok();
        assert_eq!(
            old["systemMetrics"]["results"],
            json!({"targetedCount": 0, "appliedCount": 0}),
            "{value}"
        );
        hub.delete("/configurations/old", "*");
        hub.get("/configurations/old").error(404, "ConfigurationNotFound");
    }
}
