use serde_json::{Value, json};

use crate::support::{Hub, Response, build, policy};

fn regenerate(hub: &Hub, policy_key: &str, devices: &Value) -> Response {
    let body = json!({ "policyKey": policy_key, "devices": devices });
    hub.send(
        "POST",
        "/devices/keys/regenerate?api-version=2024-03-31",
        None,
        Some(&body),
    )
}

/// Returns the primary and the secondary key.
fn keys(hub: &Hub, path: &str) -> (Value, Value) {
    let identity = hub.get(path).ok();
    let keys = &identity["authentication"]["symmetricKey"];
    (keys["primaryKey"].clone(), keys["secondaryKey"].clone())
}

fn create_with_certificate(hub: &Hub, device_id: &str) {
    let thumbprints = json!({"primaryThumbprint": "a".repeat(40)});
    let authentication = json!({"type": "selfSigned", "x509Thumbprint": thumbprints});
    let body = json!({"deviceId": device_id, "authentication": authentication});
    hub.put(&format!("/devices/{device_id}"), &body).ok();
}

/// HUB-REGENERATE-1, HUB-REGENERATE-2, HUB-REGENERATE-3, HUB-REGENERATE-5.
#[test]
fn each_policy_regenerates_its_keys_and_returns_them() {
    let hub = Hub::new();
    let etag = hub.create("a")["etag"].clone();
    for (policy_key, primary, secondary) in [
        ("primaryKey", true, false),
        ("secondaryKey", false, true),
        ("both", true, true),
    ] {
        let before = keys(&hub, "/devices/a");
        let result = regenerate(&hub, policy_key, &json!([{"id": "a"}])).ok();
        let after = keys(&hub, "/devices/a");
        assert_eq!(before.0 != after.0, primary, "{policy_key}");
        assert_eq!(before.1 != after.1, secondary, "{policy_key}");
        assert_eq!(result["policyKey"], policy_key);
        assert_eq!(result["errors"], json!([]));
        let rotated = &result["rotatedKeys"][0];
        assert_eq!(rotated["id"], "a");
        assert_eq!(rotated.get("moduleId"), None);
        assert_eq!(rotated.get("primaryKey").cloned(), primary.then_some(after.0));
        assert_eq!(rotated.get("secondaryKey").cloned(), secondary.then_some(after.1));
    }
    // The call takes no ETag, but changes the identity's ETag.
    assert_ne!(hub.get("/devices/a").ok()["etag"], etag);
    let before = keys(&hub, "/devices/a");
    let request = build(
        "POST",
        "/devices/keys/regenerate?api-version=2024-03-31",
        Some("\"stale\""),
        None,
    );
    let body = json!({"policyKey": "both", "devices": [{"id": "a"}]});
    assert_eq!(hub.request(request.with_json(&body)).status, 200);
    assert_ne!(keys(&hub, "/devices/a"), before);
}

/// HUB-REGENERATE-1, HUB-REGENERATE-3, HUB-REGENERATE-7, HUB-REGENERATE-8.
#[test]
fn devices_and_modules_succeed_or_fail_one_by_one() {
    let hub = Hub::new();
    hub.create_edge("a");
    create_with_certificate(&hub, "x");
    hub.put("/devices/a/modules/m", &json!({"deviceId": "a", "moduleId": "m"}))
        .ok();
    let (device, module) = (keys(&hub, "/devices/a"), keys(&hub, "/devices/a/modules/m"));
    let identities = json!([
        {"id": "a", "moduleId": "m"},
        {"id": "a"},
        {"id": "gone"},
        {"id": "a", "moduleId": "gone"},
        {"id": "x"},
        {"id": "a", "moduleId": "$edgeHub"},
        {"id": ""},
    ]);
    let result = regenerate(&hub, "both", &identities);
    assert_eq!(result.status, 207);
    assert_ne!(keys(&hub, "/devices/a"), device);
    assert_ne!(keys(&hub, "/devices/a/modules/m"), module);
    let list = |name: &str, number: &str| -> Vec<Value> {
        let entries = result.body[name].as_array().unwrap().iter();
        entries
            .map(|entry| json!([entry["id"], entry["moduleId"], entry[number]]))
            .collect()
    };
    assert_eq!(
        list("rotatedKeys", ""),
        [json!(["a", "m", null]), json!(["a", null, null])]
    );
    assert_eq!(
        list("errors", "errorCode"),
        [
            json!(["gone", null, 404_001]),
            json!(["a", "gone", 404_010]),
            json!(["x", null, 400_003]),
            json!(["a", "$edgeHub", 401_100]),
            json!(["", null, 404_001]),
        ]
    );
    assert!(
        result.body["errors"][2]["errorStatus"]
            .as_str()
            .unwrap()
            .contains("selfSigned")
    );

    let refused = regenerate(&hub, "primaryKey", &json!([{"id": "x"}, {"id": "gone"}]));
    assert_eq!(refused.status, 400);
    assert_eq!(
        refused.header("iothub-errorcode"),
        Some("BulkRegenerateDeviceKeyOperationFailure")
    );
    assert_eq!(refused.body["rotatedKeys"], json!([]));
    assert_eq!(refused.body["errors"].as_array().unwrap().len(), 2);
    assert_eq!(refused.body["policyKey"], "primaryKey");
}

/// HUB-REGENERATE-4, HUB-REGENERATE-6, HUB-REGENERATE-9.
#[test]
fn invalid_request_changes_no_key() {
    let hub = Hub::new();
    hub.create("a");
    let before = keys(&hub, "/devices/a");
    for bad in ["swap", "", "Unknown", "PRIMARYKEY"] {
        regenerate(&hub, bad, &json!([{"id": "a"}])).error(400, "InvalidPolicyKey");
    }
    let many = |count: usize| (0..count).map(|number| json!({"id": format!("d{number}")}));
    let too_many: Value = many(100).chain([json!({"id": "a"})]).collect();
    regenerate(&hub, "both", &too_many).error(413, "TooManyDevices");
    let repeated = json!([{"id": "a"}, {"id": "b"}, {"id": "a", "moduleId": ""}]);
    regenerate(&hub, "both", &repeated).error(400, "DeviceDefinedMultipleTimes");
    regenerate(&hub, "both", &json!(["a"])).error(400, "IotHubFormatError");
    assert_eq!(keys(&hub, "/devices/a"), before);
    let hundred: Value = many(99).chain([json!({"id": "a"})]).collect();
    assert_eq!(regenerate(&hub, "both", &hundred).status, 207);
    assert_ne!(keys(&hub, "/devices/a"), before);
}

/// HUB-REGENERATE-10.
#[test]
fn regeneration_needs_registry_write_and_an_api_version_that_has_it() {
    let hub = Hub::new();
    hub.create("a");
    let body = json!({"policyKey": "both", "devices": [{"id": "a"}]});
    let send = |version: &str, name: &str| {
        let path = format!("/devices/keys/regenerate?api-version={version}");
        hub.request(build("POST", &path, None, Some(&body)).with_caller(policy(name)))
    };
    send("2021-04-12", "iothubowner").error(404, "GenericNotFound");
    for version in ["2024-03-31", "2026-11-01-preview", "2026-11-01"] {
        assert_eq!(send(version, "registryReadWrite").status, 200, "{version}");
        send(version, "registryRead").error(401, "IotHubUnauthorizedAccess");
        send(version, "service").error(401, "IotHubUnauthorizedAccess");
    }
}
