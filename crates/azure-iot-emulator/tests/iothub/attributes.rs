use serde_json::{Value, json};

use crate::support::{Hub, quoted};

const DEVICE: &str = "/devices/a?api-version=2024-03-31";
const MODULE: &str = "/devices/a/modules/m?api-version=2024-03-31";

fn attributes() -> Value {
    json!({
        "Status": "hot", "floor": 3, "leased": true, "lines": ["A", 2],
        "nested": {"adrDeviceProperties": {"uuid": "of the user"}},
    })
}

/// HUB-ATTRIBUTE-1, HUB-ATTRIBUTE-3, HUB-ATTRIBUTE-4.
#[test]
fn attributes_come_back_unchanged_from_identities_twins_and_queries() {
    let hub = Hub::new();
    let body = json!({"deviceId": "a", "attributes": attributes()});
    assert_eq!(hub.put(DEVICE, &body).ok()["attributes"], attributes());
    let body = json!({"deviceId": "a", "moduleId": "m", "attributes": {"Type": 1}});
    assert_eq!(hub.put(MODULE, &body).ok()["attributes"], json!({"Type": 1}));

    for (path, expected) in [
        (DEVICE, attributes()),
        ("/twins/a?api-version=2024-03-31", attributes()),
        (MODULE, json!({"Type": 1})),
        ("/twins/a/modules/m?api-version=2026-11-01", json!({"Type": 1})),
    ] {
        assert_eq!(hub.get(path).ok()["attributes"], expected, "{path}");
    }
    assert_eq!(
        hub.get("/devices?api-version=2024-03-31").ok()[0]["attributes"],
        attributes()
    );
    let query = json!({"query": "SELECT * FROM devices"});
    let rows = hub.send(
        "POST",
        "/devices/query?api-version=2024-03-31",
        None,
        Some(&query),
    );
    assert_eq!(rows.ok()[0]["attributes"], attributes());
    // A loaded state contains the attributes.
    let other = Hub::new();
    other.engine.load(&hub.engine.dump()).unwrap();
    assert_eq!(other.get(DEVICE).ok()["attributes"], attributes());
}

/// HUB-ATTRIBUTE-4.
#[test]
fn older_versions_neither_see_nor_change_attributes() {
    let hub = Hub::new();
    hub.put(DEVICE, &json!({"deviceId": "a", "attributes": {"floor": 1}}))
        .ok();
    let old = hub.get("/devices/a").ok();
    assert_eq!(old.get("attributes"), None);
    assert_eq!(hub.get("/twins/a").ok().get("attributes"), None);
    let body = json!({"deviceId": "a", "status": "disabled", "attributes": {"floor": 2}});
    hub.put_if("/devices/a", &quoted(&old["etag"]), &body).ok();
    let bulk = json!([{"id": "a", "importMode": "update", "status": "enabled"}]);
    hub.send("POST", "/devices?api-version=2026-11-01", None, Some(&bulk))
        .ok();
    let device = hub.get(DEVICE).ok();
    assert_eq!(device["attributes"], json!({"floor": 1}));
    assert_eq!(device["status"], "enabled");
}

/// HUB-ATTRIBUTE-3, HUB-ATTRIBUTE-5.
#[test]
fn attributes_survive_regeneration_and_a_put_replaces_them() {
    let hub = Hub::new();
    let body = json!({"deviceId": "a", "attributes": {"floor": 1, "line": 2}});
    hub.put(DEVICE, &body).ok();
    let regenerate = json!({"policyKey": "both", "devices": [{"id": "a"}]});
    let path = "/devices/keys/regenerate?api-version=2024-03-31";
    hub.send("POST", path, None, Some(&regenerate)).ok();
    let mut device = hub.get(DEVICE).ok();
    assert_eq!(device["attributes"], json!({"floor": 1, "line": 2}));
    // A client that sends the identity back as it was read keeps the attributes.
    device["statusReason"] = json!("checked");
    let etag = quoted(&device["etag"]);
    assert_eq!(
        hub.put_if(DEVICE, &etag, &device).ok()["attributes"],
        device["attributes"]
    );
    let replaced = hub.put_if(DEVICE, "*", &json!({"deviceId": "a", "attributes": {"floor": 2}}));
    assert_eq!(replaced.ok()["attributes"], json!({"floor": 2}));
    let removed = hub.put_if(DEVICE, "*", &json!({"deviceId": "a"})).ok();
    assert_eq!(removed.get("attributes"), None);
    // Twin writes ignore attributes.
    hub.patch(
        "/twins/a?api-version=2024-03-31",
        &json!({"attributes": {"x": 1}, "tags": {"y": 1}}),
    )
    .ok();
    assert_eq!(hub.get(DEVICE).ok().get("attributes"), None);
}

/// HUB-ATTRIBUTE-2.
#[test]
fn names_of_attributes_are_checked() {
    let hub = Hub::new();
    for good in ["ä", "a-b#c", &"k".repeat(1024)] {
        let body = json!({"deviceId": "a", "attributes": { good: 1 }});
        assert_eq!(hub.put(DEVICE, &body).status, 200, "{good}");
        hub.delete("/devices/a", "*");
    }
    for bad in [
        "a.b",
        "$a",
        "a b",
        "a\u{7}",
        "a\u{85}",
        &"k".repeat(1025),
        &"é".repeat(513),
    ] {
        for attributes in [
            json!({ bad: 1 }),
            json!({"outer": { bad: 1 }}),
            json!({"list": [{ bad: 1 }]}),
        ] {
            let body = json!({"deviceId": "a", "attributes": attributes});
            hub.put(DEVICE, &body).error(400, "ArgumentInvalid");
            hub.get("/devices/a").error(404, "DeviceNotFound");
        }
    }
    for bad in [json!([]), json!("text"), json!(5)] {
        let body = json!({"deviceId": "a", "attributes": bad});
        hub.put(DEVICE, &body).error(400, "ArgumentInvalid");
    }
}
