//! Configurations: identity, updates, and their application to twins.

use serde_json::{Value, json};

use crate::support::{Hub, Response, build, quoted};

pub(crate) fn content() -> Value {
    json!({"deviceContent": {"properties.desired.settings": {"interval": 5}}})
}

/// Returns a device configuration that sets one desired property, `properties.desired.<name>`.
fn setting(condition: &str, priority: i64, name: &str, value: &Value) -> Value {
    let path = format!("properties.desired.{name}");
    json!({"targetCondition": condition, "priority": priority, "content": {"deviceContent": { path: value }}})
}

pub(crate) fn put(hub: &Hub, id: &str, body: &Value) -> Response {
    hub.put(&format!("/configurations/{id}"), body)
}

fn desired(hub: &Hub, device_id: &str, name: &str) -> Value {
    hub.get(&format!("/twins/{device_id}")).ok()["properties"]["desired"][name].clone()
}

fn statuses(hub: &Hub, path: &str) -> Value {
    hub.get(path).ok()["configurations"].clone()
}

pub(crate) fn edge_content(modules: Value) -> Value {
    json!({"modulesContent": {"$edgeAgent": {"properties.desired": {"modules": modules}}}})
}

/// HUB-CONFIG-1, HUB-CONFIG-2, HUB-CONFIG-3, HUB-CONFIG-12, HUB-CONFIG-17, HUB-ETAG-16.
#[test]
fn created_configuration_has_defaults_and_capital_ids_are_refused() {
    let hub = Hub::new();
    let created = put(&hub, "c1", &json!({"id": "c1", "content": content()}));
    assert_eq!(created.header("etag"), Some("\"MQ==\""));
    let body = created.ok();
    assert_eq!(
        (
            &body["priority"],
            &body["labels"],
            &body["schemaVersion"],
            &body["targetCondition"]
        ),
        (&json!(0), &json!(null), &json!(null), &json!(""))
    );
    assert_eq!(body["etag"], "MQ==");
    assert_eq!(body["createdTimeUtc"], "2026-03-01T12:00:00.1234567Z");
    assert_eq!(body["systemMetrics"]["results"], json!({}));
    put(&hub, "C1", &json!({"content": content()})).error(400, "ArgumentInvalid");
    put(&hub, "other", &json!({"id": "c1", "content": content()})).error(400, "ArgumentInvalid");
    put(&hub, "c1", &json!({"content": content()})).error(409, "ConfigurationAlreadyExists");
    assert_eq!(
        hub.get("/configurations/missing")
            .error(404, "ConfigurationNotFound"),
        "missing"
    );
}

/// HUB-ETAG-8, HUB-ETAG-9, HUB-ETAG-13, HUB-ETAG-16, HUB-CONFIG-3.
#[test]
fn configuration_update_with_unquoted_etag_conflicts() {
    let hub = Hub::new();
    let etag = put(&hub, "c", &json!({"content": content()})).ok()["etag"].clone();
    let body = json!({"content": content(), "priority": 7});
    hub.put_if("/configurations/c", etag.as_str().unwrap(), &body)
        .error(409, "ConfigurationAlreadyExists");
    hub.put_if("/configurations/c", "\"MA==\"", &body)
        .error(412, "PreconditionFailed");
    let updated = hub.put_if("/configurations/c", &quoted(&etag), &body).ok();
    assert_eq!(
        (&updated["priority"], &updated["etag"]),
        (&json!(7), &json!("Mg=="))
    );
    assert_eq!(hub.put_if("/configurations/c", "*", &body).ok()["etag"], "Mw==");
    hub.put_if("/configurations/missing", "*", &body)
        .error(404, "ConfigurationNotFound");
}

/// HUB-CONFIG-4, HUB-WIRE-7.
#[test]
fn configuration_content_is_immutable() {
    let hub = Hub::new();
    put(&hub, "c", &json!({"content": content()})).ok();
    let other = json!({"deviceContent": {"properties.desired.settings": {"interval": 6}}});
    let updated = hub
        .put_if(
            "/configurations/c",
            "\"*\"",
            &json!({"content": other, "labels": {"a": "b"}}),
        )
        .ok();
    assert_eq!(
        (&updated["content"], &updated["labels"]),
        (&content(), &json!({"a": "b"}))
    );
    assert_eq!(hub.get("/configurations/c").ok()["content"], content());
}

/// HUB-CONFIG-21, HUB-CONFIG-30.
#[test]
fn content_is_applied_to_edge_devices_only() {
    let hub = Hub::new();
    hub.create("leaf");
    hub.create_edge("edge");
    let apply = |id: &str, body: &Value| {
        let path = format!("/devices/{id}/applyConfigurationContent");
        hub.send("POST", &path, None, Some(body))
    };
    let content = json!({"modulesContent": {
        "$edgeAgent": {"properties.desired": {"schemaVersion": "1.1"}},
        "new": {"properties.desired.speed": 3},
    }});
    assert_eq!(
        apply("leaf", &content).error(400, "ArgumentInvalid"),
        "Not an Azure IoT Edge device"
    );
    apply("missing", &content).error(404, "DeviceNotFound");
    apply("edge", &json!({})).error(400, "InvalidConfigurationContent");
    let applied = apply("edge", &content);
    assert_eq!((applied.status, applied.body), (204, json!(null)));
    let agent = hub.get("/twins/edge/modules/$edgeAgent").ok();
    assert_eq!(agent["properties"]["desired"]["schemaVersion"], "1.1");
    assert_eq!(agent["properties"]["desired"]["$version"], 2);
    assert_eq!(
        hub.get("/twins/edge/modules/new").ok()["properties"]["desired"]["speed"],
        3
    );
}

/// HUB-CONFIG-19, HUB-CONFIG-25, HUB-CONFIG-29, HUB-ETAG-17, HUB-TWIN-9.
#[test]
fn settings_are_applied_to_devices_that_match_now_or_later() {
    let hub = Hub::new();
    for id in ["a", "b"] {
        hub.create(id);
    }
    hub.patch("/twins/a", &json!({"tags": {"floor": 1}})).ok();
    put(&hub, "c", &setting("tags.floor = 1", 0, "interval", &json!(5))).ok();
    assert_eq!(desired(&hub, "a", "interval"), 5);
    assert_eq!(desired(&hub, "b", "interval"), json!(null));
    assert_eq!(statuses(&hub, "/twins/a"), json!({"c": {"status": "Applied"}}));
    assert_eq!(statuses(&hub, "/twins/b"), json!(null));
    // A device may match later: after a twin patch, through a bulk request, or when it is created with
    // a twin.
    hub.patch("/twins/b", &json!({"tags": {"floor": 1}})).ok();
    let items = json!([{"id": "n", "tags": {"floor": 1}}]);
    hub.send("POST", "/devices", None, Some(&items)).ok();
    assert_eq!(
        (desired(&hub, "b", "interval"), desired(&hub, "n", "interval")),
        (json!(5), json!(5))
    );
    // A value that is already set is not written again.
    let version = hub.get("/twins/a").ok()["version"].clone();
    hub.put_if(
        "/configurations/c",
        "*",
        &setting("tags.floor = 1", 3, "interval", &json!(5)),
    )
    .ok();
    assert_eq!(hub.get("/twins/a").ok()["version"], version);
    // A device that no longer matches keeps its settings.
    hub.patch("/twins/a", &json!({"tags": null})).ok();
    assert_eq!(statuses(&hub, "/twins/a"), json!(null));
    assert_eq!(desired(&hub, "a", "interval"), 5);
    // DELETE needs no If-Match but honors it. The settings remain on the devices.
    hub.delete("/configurations/c", "\"MA==\"")
        .error(412, "PreconditionFailed");
    assert_eq!(hub.send("DELETE", "/configurations/c", None, None).status, 204);
    assert_eq!(statuses(&hub, "/twins/b"), json!(null));
    assert_eq!(desired(&hub, "b", "interval"), 5);
    hub.delete("/configurations/c", "*")
        .error(404, "ConfigurationNotFound");
}

/// HUB-CONFIG-13.
#[test]
fn higher_priority_wins_then_the_newest() {
    let hub = Hub::new();
    hub.create("d");
    put(&hub, "low", &setting("*", 1, "x", &json!("low"))).ok();
    hub.tick();
    put(&hub, "high", &setting("*", 2, "x", &json!("high"))).ok();
    hub.tick();
    assert_eq!(desired(&hub, "d", "x"), "high");
    let expected = json!({"high": {"status": "Applied"}, "low": {"status": "Targeted"}});
    assert_eq!(statuses(&hub, "/twins/d"), expected);
    put(&hub, "new", &setting("*", 2, "x", &json!("new"))).ok();
    assert_eq!(desired(&hub, "d", "x"), "new");
    // Configurations with different settings do not conflict.
    put(&hub, "beside", &setting("*", 0, "y.z", &json!(1))).ok();
    assert_eq!(
        (desired(&hub, "d", "x"), desired(&hub, "d", "y")),
        (json!("new"), json!({"z": 1}))
    );
    assert_eq!(statuses(&hub, "/twins/d")["beside"], json!({"status": "Applied"}));
    for gone in ["new", "high"] {
        hub.delete(&format!("/configurations/{gone}"), "*");
    }
    assert_eq!(desired(&hub, "d", "x"), "low");
}

/// HUB-CONFIG-10, HUB-CONFIG-15.
#[test]
fn module_configuration_applies_to_modules() {
    let hub = Hub::new();
    hub.create("d");
    for id in ["m", "other"] {
        hub.put(
            &format!("/devices/d/modules/{id}"),
            &json!({"deviceId": "d", "moduleId": id}),
        )
        .ok();
    }
    let body = json!({
        "targetCondition": "FROM devices.modules WHERE moduleId = 'm'",
        "content": {"moduleContent": {"properties.desired.a": 1}},
    });
    put(&hub, "c", &body).ok();
    let twin = hub.get("/twins/d/modules/m").ok();
    assert_eq!(twin["properties"]["desired"]["a"], 1);
    assert_eq!(twin["configurations"], json!({"c": {"status": "Applied"}}));
    assert_eq!(statuses(&hub, "/twins/d/modules/other"), json!(null));
    let metrics = hub.get("/configurations/c").ok()["systemMetrics"]["results"].clone();
    assert_eq!(metrics, json!({"targetedCount": 1, "appliedCount": 1}));
}

/// HUB-CONFIG-15, HUB-CONFIG-27, HUB-CONFIG-28.
#[test]
fn layered_deployments_add_to_their_base() {
    let hub = Hub::new();
    hub.create("leaf");
    hub.create_edge("e");
    let layer = json!({"modulesContent": {"$edgeAgent": {"properties.desired.modules.extra": {"v": 1}}}});
    let body = |content: Value, priority: i64| json!({"targetCondition": "*", "priority": priority, "content": content});
    // A layer without a base deployment is not applied.
    put(&hub, "layer", &body(layer, 5)).ok();
    let agent = "/twins/e/modules/$edgeAgent";
    assert_eq!(statuses(&hub, agent), json!({"layer": {"status": "Targeted"}}));
    put(&hub, "base", &body(edge_content(json!({"main": {"v": 2}})), 1)).ok();
    put(&hub, "below", &body(edge_content(json!({})), 0)).ok();
    let twin = hub.get(agent).ok();
    assert_eq!(
        twin["properties"]["desired"]["modules"],
        json!({"main": {"v": 2}, "extra": {"v": 1}})
    );
    assert_eq!(
        twin["configurations"],
        json!({
            "base": {"status": "Applied"}, "below": {"status": "Targeted"}, "layer": {"status": "Applied"},
        })
    );
    // A leaf device is not targeted.
    assert_eq!(statuses(&hub, "/twins/leaf"), json!(null));
    let results =
        |id: &str| hub.get(&format!("/configurations/{id}")).ok()["systemMetrics"]["results"].clone();
    let expected = |applied: u32, successful: u32| {
        json!({
            "targetedCount": 1, "appliedCount": applied,
            "reportedSuccessfulCount": successful, "reportedFailedCount": 0,
        })
    };
    assert_eq!(results("base"), expected(1, 0));
    assert_eq!(results("below"), expected(0, 0));
    let version = twin["properties"]["desired"]["$version"].clone();
    let report = json!({"lastDesiredVersion": version, "lastDesiredStatus": {"code": 200}});
    hub.engine
        .report_properties("e", Some("$edgeAgent"), serde_json::from_value(report).unwrap())
        .unwrap();
    assert_eq!(results("base"), expected(1, 1));
}

/// HUB-CONFIG-18, HUB-HTTP-6.
#[test]
fn configuration_list_ignores_top_and_trailing_slash() {
    let hub = Hub::new();
    for id in ["b", "a"] {
        put(&hub, id, &json!({"content": content()})).ok();
    }
    let list = hub.get("/configurations/?top=1").ok();
    let ids: Vec<_> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["id"].clone())
        .collect();
    assert_eq!(ids, ["a", "b"]);
    let response = hub.request(build("GET", "/configurations", None, None));
    assert!(response.raw.header("etag").is_none());
}

/// HUB-TWIN-31.
#[test]
fn metadata_names_the_configuration_that_wrote_a_value() {
    let hub = Hub::new();
    hub.create("d");
    let stamped = |path: &str| {
        let twin = hub.get("/twins/d").ok();
        let metadata = &twin["properties"]["desired"]["$metadata"];
        let mut found = metadata.pointer(path).unwrap().clone();
        let members = found.as_object_mut().unwrap();
        (
            members.remove("$lastUpdatedBy"),
            members.remove("$lastUpdatedByDigest"),
        )
    };
    put(&hub, "low", &setting("*", 1, "hvac", &json!({"t": 74, "h": 28}))).ok();
    hub.tick();
    put(&hub, "high", &setting("*", 2, "hvac.t", &json!(75))).ok();
    // The digest is the time at which the configuration was last written, in ticks.
    assert_eq!(
        stamped("/hvac/h"),
        (Some(json!("low")), Some(json!("639079632001234567")))
    );
    assert_eq!(
        stamped("/hvac/t"),
        (Some(json!("high")), Some(json!("639079632011234567")))
    );
    assert_eq!(stamped("/hvac"), (None, None));
    assert_eq!(stamped(""), (None, None));
    // A client's write removes the configuration's name from the metadata.
    hub.delete("/configurations/high", "*");
    hub.delete("/configurations/low", "*");
    hub.patch(
        "/twins/d",
        &json!({"properties": {"desired": {"hvac": {"h": 30}}}}),
    )
    .ok();
    assert_eq!(stamped("/hvac/h"), (None, None));
}

/// HUB-CONFIG-34.
#[test]
fn configuration_that_makes_a_twin_too_large_stays_targeted() {
    let hub = Hub::new();
    for id in ["full", "other"] {
        hub.create(id);
    }
    let most: Value = (0..7)
        .map(|number| (format!("p{number}"), json!("x".repeat(4096))))
        .collect();
    hub.patch("/twins/full", &json!({"properties": {"desired": most}}))
        .ok();
    let before = hub.get("/twins/full").ok();
    let content = json!({"deviceContent": {
        "properties.desired.small": 1,
        "properties.desired.large": "x".repeat(4096),
    }});
    put(&hub, "c", &json!({"targetCondition": "*", "content": content})).ok();

    let after = hub.get("/twins/full").ok();
    assert_eq!(after["configurations"], json!({"c": {"status": "Targeted"}}));
    assert_eq!(after["properties"], before["properties"]);
    assert_eq!(after["version"], before["version"]);
    assert_eq!(
        statuses(&hub, "/twins/other"),
        json!({"c": {"status": "Applied"}})
    );
    assert_eq!(
        hub.get("/configurations/c").ok()["systemMetrics"]["results"],
        json!({"targetedCount": 2, "appliedCount": 1})
    );
}
