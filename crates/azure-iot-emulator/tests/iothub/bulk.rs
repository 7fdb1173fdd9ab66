use serde_json::{Value, json};

use crate::support::{Hub, Response};

fn bulk(hub: &Hub, items: &Value) -> Response {
    hub.send("POST", "/devices", None, Some(items))
}

/// Returns the error code and the device id of each failed entry.
#[track_caller]
fn failures(response: &Response) -> Vec<(u64, String)> {
    assert_eq!(response.status, 400, "{}", response.body);
    assert_eq!(
        response.header("iothuberrorcode"),
        Some("BulkRegistryOperationFailure")
    );
    assert_eq!(
        response.header("iothub-errorcode"),
        Some("BulkRegistryOperationFailure")
    );
    assert_eq!(response.body["isSuccessful"], false);
    assert_eq!(response.body["warnings"], json!([]));
    let errors = response.body["errors"].as_array().unwrap().iter();
    errors
        .map(|error| {
            (
                error["errorCode"].as_u64().unwrap(),
                error["deviceId"].as_str().unwrap().to_owned(),
            )
        })
        .collect()
}

/// HUB-BULK-1, HUB-BULK-6, HUB-BULK-7.
#[test]
fn bulk_create_reports_success_without_errors() {
    let hub = Hub::new();
    let response = bulk(
        &hub,
        &json!([
            {"id": "a", "importMode": "create", "status": "disabled", "statusReason": "new"},
            {"id": "b", "tags": {"x": 1}, "properties": {"desired": {"y": 2}}},
            {"id": "e", "importMode": "CreateOrUpdate", "status": "enabled", "capabilities": {"iotEdge": true}},
        ]),
    );
    bulk(
        &hub,
        &json!([{"id": "b", "moduleId": "m", "importMode": "create", "managedBy": "me"}]),
    )
    .ok();
    assert_eq!(
        response.ok(),
        json!({"isSuccessful": true, "errors": [], "warnings": []})
    );
    let device = hub.get("/devices/a").ok();
    assert_eq!(
        (&device["status"], &device["statusReason"]),
        (&json!("disabled"), &json!("new"))
    );
    assert!(device["authentication"]["symmetricKey"]["primaryKey"].is_string());
    let twin = hub.get("/twins/b").ok();
    assert_eq!(
        (&twin["tags"]["x"], &twin["properties"]["desired"]["y"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(hub.get("/devices/e/modules").ok().as_array().unwrap().len(), 2);
    assert_eq!(hub.get("/devices/b/modules/m").ok()["managedBy"], "me");
    assert_eq!(bulk(&hub, &json!([])).ok()["isSuccessful"], true);
}

/// HUB-BULK-8, HUB-BULK-9, HUB-BULK-10, HUB-BULK-11, HUB-BULK-17, HUB-WIRE-6: entries succeed or fail one by one.
#[test]
fn bulk_failure_of_one_entry_keeps_the_others() {
    let hub = Hub::new();
    hub.create("old");
    let create = |id: &str| json!({"id": id, "importMode": "create", "status": "enabled"});
    let response = bulk(
        &hub,
        &json!([create("new"), create("old"), create("bad/id"), create("newer")]),
    );
    assert_eq!(
        failures(&response),
        [(409_001, "old".to_owned()), (400_004, "bad/id".to_owned())]
    );
    assert_eq!(
        response.body["errors"][0],
        json!({
            "deviceId": "old", "errorCode": 409_001,
            "errorStatus": "A device with ID 'old' is already registered.",
        })
    );
    hub.get("/devices/new").ok();
    hub.get("/devices/newer").ok();
}

/// HUB-BULK-2, HUB-BULK-3: at most 100 entries, each id once.
#[test]
fn bulk_refuses_more_than_a_hundred_entries_and_repeated_devices() {
    let hub = Hub::new();
    let items = |count: usize| {
        (0..count)
            .map(|number| json!({"id": format!("d{number}")}))
            .collect::<Value>()
    };
    bulk(&hub, &items(101)).error(413, "TooManyDevices");
    hub.get("/devices/d0").error(404, "DeviceNotFound");
    bulk(&hub, &items(100)).ok();
    let response = bulk(&hub, &json!([{"id": "x"}, {"id": "x", "importMode": "delete"}]));
    assert_eq!(
        response.error(400, "DeviceDefinedMultipleTimes"),
        "DeviceDefinedMultipleTimes, device ID x"
    );
    hub.get("/devices/x").error(404, "DeviceNotFound");
    bulk(&hub, &json!({"id": "x"})).error(400, "IotHubFormatError");
}

/// HUB-BULK-3, HUB-BULK-4.
#[test]
fn entries_of_one_device_and_its_modules_are_refused_together() {
    let hub = Hub::new();
    hub.create("d");
    for id in ["m", "n"] {
        hub.put(
            &format!("/devices/d/modules/{id}"),
            &json!({"deviceId": "d", "moduleId": id}),
        )
        .ok();
    }
    let twin = |module: Option<&str>| json!({"id": "d", "moduleId": module, "importMode": "updateTwin", "tags": {"a": 1}});
    let other = json!({"id": "other", "importMode": "create"});
    for items in [
        json!([twin(Some("m")), twin(Some("n"))]),
        json!([other, twin(None), twin(Some("m"))]),
    ] {
        bulk(&hub, &items).error(400, "DeviceDefinedMultipleTimes");
    }
    for path in ["/twins/d", "/twins/d/modules/m", "/twins/d/modules/n"] {
        assert_eq!(hub.get(path).ok().get("tags"), None, "{path}");
    }
    hub.get("/devices/other").error(404, "DeviceNotFound");
}

/// HUB-TWIN-29.
#[test]
fn bulk_entries_cannot_write_the_twins_of_system_modules() {
    let hub = Hub::new();
    hub.create_edge("e");
    for id in ["$edgeAgent", "$edgeHub"] {
        let path = format!("/twins/e/modules/{id}");
        let before = hub.get(&path).ok();
        for mode in [
            None,
            Some("create"),
            Some("update"),
            Some("updateIfMatchETag"),
            Some("createOrUpdate"),
            Some("createOrUpdateIfMatchETag"),
            Some("delete"),
            Some("deleteIfMatchETag"),
            Some("updateTwin"),
            Some("updateTwinIfMatchETag"),
        ] {
            let code = if mode == Some("create") { 409_301 } else { 401_100 };
            let item = json!({
                "id": "e",
                "moduleId": id,
                "importMode": mode,
                "eTag": "*",
                "twinETag": "*",
                "tags": {"a": 1},
            });
            let response = bulk(&hub, &json!([item]));
            assert_eq!(failures(&response), [(code, "e".to_owned())], "{id} {mode:?}");
            assert_eq!(hub.get(&path).ok(), before, "{id} {mode:?}");
        }
    }
}

/// HUB-BULK-5, HUB-BULK-11, HUB-BULK-12, HUB-BULK-13, HUB-BULK-15, HUB-BULK-16, HUB-BULK-17: every import mode, in
/// different letter cases, on existing and missing devices.
#[test]
fn import_modes_follow_existence_and_etags() {
    let hub = Hub::new();
    for mode in [
        "update",
        "Delete",
        "updateTwin",
        "updateIfMatchETag",
        "deleteIfMatchETag",
        "updateTwinIfMatchETag",
    ] {
        let response = bulk(
            &hub,
            &json!([{"id": "a", "importMode": mode, "eTag": "*", "twinETag": "*"}]),
        );
        assert_eq!(failures(&response), [(404_001, "a".to_owned())], "{mode}");
    }
    let first = hub.create("a")["etag"].clone();
    let stale = |mode: &str| {
        failures(&bulk(
            &hub,
            &json!([{"id": "a", "importMode": mode, "eTag": "c3RhbGU="}]),
        ))
    };
    for mode in [
        "updateIfMatchETag",
        "createOrUpdateIfMatchETag",
        "DeleteIfMatchETag",
        "UpdateTwinIfMatchETag",
    ] {
        assert_eq!(stale(mode), [(412_001, "a".to_owned())], "{mode}");
    }
    // The ETag may be quoted or bare.
    let body = json!([{"id": "a", "importMode": "UpdateIfMatchETag", "etag": first, "status": "disabled"}]);
    bulk(&hub, &body).ok();
    let second = hub.get("/devices/a").ok();
    assert_eq!(second["status"], "disabled");
    let quoted = format!("\"{}\"", second["etag"].as_str().unwrap());
    bulk(
        &hub,
        &json!([{"id": "a", "importMode": "createOrUpdateIfMatchETag", "eTag": quoted}]),
    )
    .ok();
    assert_eq!(hub.get("/devices/a").ok()["status"], "enabled");
    bulk(
        &hub,
        &json!([{"id": "a", "importMode": "createOrUpdate", "status": "disabled"}]),
    )
    .ok();
    let before = hub.get("/devices/a").ok();
    let update = json!([{
        "id": "a", "importMode": "updateTwinIfMatchETag", "twinETag": "AAAAAAAAAAE=", "tags": {"x": 1},
    }]);
    bulk(&hub, &update).ok();
    assert_eq!(hub.get("/twins/a").ok()["tags"], json!({"x": 1}));
    assert_eq!(failures(&bulk(&hub, &update)), [(412_001, "a".to_owned())]);
    // The identity is unchanged.
    assert_eq!(hub.get("/devices/a").ok(), before);
    assert_eq!(
        failures(&bulk(&hub, &json!([{"id": "a", "importMode": "destroy"}]))),
        [(400_004, "a".to_owned())]
    );
    bulk(&hub, &json!([{"id": "a", "importMode": "delete"}])).ok();
    hub.get("/devices/a").error(404, "DeviceNotFound");
    for (id, tag) in [("a", json!("*")), ("b", json!("c3RhbGU=")), ("c", json!(null))] {
        let item = json!({"id": id, "importMode": "createOrUpdateIfMatchETag", "eTag": tag});
        bulk(&hub, &json!([item])).ok();
        hub.get(&format!("/devices/{id}")).ok();
    }
}

/// HUB-BULK-1, HUB-BULK-10, HUB-BULK-11, HUB-BULK-14: module entries; an entry is applied completely or not at all.
#[test]
fn bulk_entries_can_be_modules_and_are_atomic() {
    let hub = Hub::new();
    hub.create("a");
    let module = |mode: &str| json!([{"id": "a", "moduleId": "m", "importMode": mode}]);
    let response = bulk(&hub, &module("update"));
    assert_eq!(failures(&response), [(404_010, "a".to_owned())]);
    assert_eq!(response.body["errors"][0]["moduleId"], "m");
    bulk(&hub, &module("create")).ok();
    assert_eq!(
        failures(&bulk(&hub, &module("create"))),
        [(409_301, "a".to_owned())]
    );
    bulk(&hub, &module("update")).ok();
    bulk(&hub, &module("delete")).ok();
    hub.get("/devices/a/modules/m").error(404, "ModuleNotFound");
    let missing = bulk(&hub, &json!([{"id": "z", "moduleId": "m"}]));
    assert_eq!(failures(&missing), [(404_001, "z".to_owned())]);
    let tags: Value = (0..3)
        .map(|number| (number.to_string(), json!("x".repeat(3000))))
        .collect();
    for (bad, code) in [
        (json!([{"id": "b", "tags": tags}]), 403_100),
        (json!([{"id": "b", "tags": {"a.b": 1}}]), 400_004),
        (json!([{"id": "b", "authentication": {"type": "none"}}]), 400_004),
    ] {
        assert_eq!(failures(&bulk(&hub, &bad)), [(code, "b".to_owned())]);
        hub.get("/devices/b").error(404, "DeviceNotFound");
    }
}
