use std::io::{self, Write};

use azure_iot_emulator::Service;
use serde_json::{Value, json};

use crate::support::Hub;

#[test]
fn dumped_state_loads_and_answers_the_same() {
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
    // New generations stay ahead of loaded ones.
    assert_ne!(
        other.create("n")["generationId"],
        other.get("/devices/x").ok()["generationId"]
    );
}

/// A place to write to where a request is answered before anything is written.
struct Busy<'a> {
    hub: &'a Hub,
    text: Vec<u8>,
}

impl Write for Busy<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.hub.patch("/twins/a", &json!({"tags": {"later": true}})).ok();
        self.text.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn the_state_is_written_as_it_was_while_requests_go_on() {
    let hub = Hub::new();
    for id in ["a", "b"] {
        hub.create(id);
    }
    hub.put(
        "/configurations/c",
        &json!({"id": "c", "content": {"deviceContent": {"properties.desired.x": 1.5}}, "targetCondition": "*"}),
    )
    .ok();
    let before = hub.engine.dump();
    let mut writer = Busy {
        hub: &hub,
        text: Vec::new(),
    };
    hub.engine.write_state(&mut writer).unwrap();
    let written: Value = serde_json::from_slice(&writer.text).unwrap();
    assert_eq!(written, before);
    assert_eq!(hub.get("/twins/a").ok()["tags"]["later"], true);
}

#[test]
fn state_that_is_not_understood_changes_nothing() {
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
