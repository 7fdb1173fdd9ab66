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
