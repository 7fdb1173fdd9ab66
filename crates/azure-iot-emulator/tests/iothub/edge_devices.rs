//! Edge devices, their scopes and parents.

use serde_json::{Value, json};

use crate::support::Hub;

/// HUB-EDGE-1, HUB-EDGE-2, HUB-KEY-15, HUB-MODULE-8.
#[test]
fn edge_device_gets_a_scope_and_two_system_modules() {
    let hub = Hub::new();
    let body = json!({"deviceId": "e", "capabilities": {"iotEdge": true}, "deviceScope": "ignored"});
    let edge = hub.put("/devices/e", &body).ok();
    let generation = edge["generationId"].as_str().unwrap();
    assert_eq!(edge["deviceScope"], format!("ms-azure-iot-edge://e-{generation}"));
    let modules = hub.get("/devices/e/modules").ok();
    let ids: Vec<&Value> = modules
        .as_array()
        .unwrap()
        .iter()
        .map(|module| &module["moduleId"])
        .collect();
    assert_eq!(ids, ["$edgeAgent", "$edgeHub"]);
    for module in modules.as_array().unwrap() {
        assert_eq!(module["managedBy"], "iotEdge");
        assert_eq!(
            module["authentication"],
            json!({
                "symmetricKey": {"primaryKey": null, "secondaryKey": null},
                "x509Thumbprint": {"primaryThumbprint": null, "secondaryThumbprint": null},
                "type": "none",
            })
        );
    }
    assert_eq!(hub.get("/twins/e/modules/$edgeHub").ok()["version"], 2);
}

/// HUB-EDGE-3, HUB-EDGE-4, HUB-EDGE-7, HUB-EDGE-12.
#[test]
fn leaf_gets_the_scope_of_its_parent() {
    let hub = Hub::new();
    let scope = hub.create_edge("e")["deviceScope"].clone();
    let leaf = hub
        .put("/devices/l", &json!({"deviceId": "l", "deviceScope": scope}))
        .ok();
    assert_eq!(
        (&leaf["deviceScope"], &leaf["parentScopes"]),
        (&scope, &json!([scope]))
    );
    let twin = hub.get("/twins/l").ok();
    assert_eq!(
        (&twin["deviceScope"], &twin["parentScopes"]),
        (&scope, &json!([scope]))
    );
    for bad in ["ms-azure-iot-edge://e-1", "ms-azure-iot-edge://x-1", "e"] {
        let response = hub.put_if("/devices/l", "*", &json!({"deviceId": "l", "deviceScope": bad}));
        response.error(400, "InvalidDeviceScope");
    }
    let detached = hub.put_if("/devices/l", "*", &json!({"deviceId": "l"})).ok();
    assert_eq!(
        (&detached["deviceScope"], &detached["parentScopes"]),
        (&Value::Null, &json!([]))
    );
}

/// HUB-EDGE-5, HUB-EDGE-6, HUB-EDGE-7, HUB-EDGE-11, HUB-EDGE-12.
#[test]
fn edge_update_must_repeat_its_own_scope() {
    let hub = Hub::new();
    let parent_scope = hub.create_edge("parent")["deviceScope"].clone();
    let edge = |scope: &Value, parents: Value| {
        json!({
            "deviceId": "e", "capabilities": {"iotEdge": true}, "deviceScope": scope, "parentScopes": parents,
        })
    };
    let created = hub
        .put("/devices/e", &edge(&Value::Null, json!([parent_scope])))
        .ok();
    let own = created["deviceScope"].clone();
    assert_ne!(own, parent_scope);
    assert_eq!(created["parentScopes"], json!([parent_scope]));
    for other in [Value::Null, json!(""), parent_scope.clone()] {
        let text = hub
            .put_if("/devices/e", "*", &edge(&other, json!([])))
            .error(400, "ArgumentInvalid");
        assert_eq!(text, "Device scope is immutable");
    }
    hub.put_if(
        "/devices/e",
        "*",
        &edge(&own, json!([parent_scope, parent_scope])),
    )
    .error(400, "ArgumentInvalid");
    hub.put_if("/devices/e", "*", &edge(&own, json!([own])))
        .error(400, "InvalidDeviceScope");
    let detached = hub.put_if("/devices/e", "*", &edge(&own, Value::Null)).ok();
    assert_eq!(
        (&detached["deviceScope"], &detached["parentScopes"]),
        (&own, &json!([]))
    );
}

/// HUB-EDGE-8, HUB-EDGE-9, HUB-EDGE-10, HUB-EDGE-13: `iotEdge` can be switched on and off.
#[test]
fn iot_edge_capability_can_be_switched_on_and_off() {
    let hub = Hub::new();
    let scope = hub.create_edge("parent")["deviceScope"].clone();
    hub.put("/devices/l", &json!({"deviceId": "l", "deviceScope": scope}))
        .ok();
    let with_scope = |scope: &Value, edge: bool| json!({"deviceId": "l", "capabilities": {"iotEdge": edge}, "deviceScope": scope});
    hub.put_if("/devices/l", "*", &with_scope(&scope, true))
        .error(503, "ServiceUnavailable");
    let edge = hub.put_if("/devices/l", "*", &with_scope(&json!(""), true)).ok();
    assert_eq!(edge["deviceScope"], "ms-azure-iot-edge://l-");
    assert_eq!(hub.get("/devices/l/modules").ok().as_array().unwrap().len(), 2);
    let leaf = hub.put_if("/devices/l", "*", &with_scope(&scope, false)).ok();
    assert_eq!(
        (&leaf["deviceScope"], &leaf["parentScopes"]),
        (&Value::Null, &json!([]))
    );
    assert_eq!(leaf["capabilities"], json!({"iotEdge": false}));
}
