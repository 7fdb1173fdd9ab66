use serde_json::{Value, json};

use crate::support::{Hub, quoted};

fn module(id: &str) -> Value {
    json!({"deviceId": "a", "moduleId": id})
}

/// HUB-MODULE-1, HUB-MODULE-2, HUB-MODULE-3, HUB-MODULE-8.
#[test]
fn created_module_has_every_member_and_its_own_etag() {
    let hub = Hub::new();
    let device = hub.create("a");
    let response = hub.put(
        "/devices/a/modules/m",
        &json!({"deviceId": "a", "moduleId": "m", "managedBy": "me"}),
    );
    let tag = response.header("etag").unwrap().to_owned();
    let created = response.ok();
    assert_eq!(tag, quoted(&created["etag"]));
    let names: Vec<&str> = created.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "moduleId",
            "managedBy",
            "deviceId",
            "generationId",
            "etag",
            "connectionState",
            "connectionStateUpdatedTime",
            "lastActivityTime",
            "cloudToDeviceMessageCount",
            "authentication",
        ]
    );
    assert_eq!(created["managedBy"], "me");
    assert_eq!(created["authentication"]["type"], "sas");
    assert_ne!(created["etag"], device["etag"]);
    assert_eq!(hub.get("/devices/a/modules/m").ok(), created);
    assert_eq!(hub.get("/devices/a/modules/").ok(), json!([created]));
}

/// HUB-MODULE-3, HUB-MODULE-4, HUB-MODULE-5, HUB-ETAG-8, HUB-ETAG-9, HUB-ETAG-14.
#[test]
fn module_writes_follow_the_rules_of_devices() {
    let hub = Hub::new();
    hub.create("a");
    let path = "/devices/a/modules/m";
    hub.put_if(path, "*", &module("m")).error(404, "ModuleNotFound");
    let first = hub
        .put(
            path,
            &json!({"deviceId": "a", "moduleId": "m", "managedBy": "me"}),
        )
        .ok();
    hub.put(path, &module("m"))
        .error(409, "ModuleAlreadyExistsOnDevice");
    let second = hub.put_if(path, &quoted(&first["etag"]), &module("m")).ok();
    // HUB-MODULE-5: PUT replaces.
    assert_eq!(second["managedBy"], Value::Null);
    assert_ne!(second["authentication"], first["authentication"]);
    hub.put_if(path, &quoted(&first["etag"]), &module("m"))
        .error(412, "PreconditionFailed");
    assert_eq!(
        hub.send("DELETE", path, None, None)
            .error(412, "PreconditionFailed"),
        "Etag missing"
    );
    hub.delete(path, &quoted(&first["etag"]))
        .error(412, "PreconditionFailed");
    assert_eq!(hub.delete(path, "\"*\"").status, 204);
    assert_eq!(hub.get(path).error(404, "ModuleNotFound"), "m");
    hub.delete(path, "*").error(404, "ModuleNotFound");
}

/// HUB-ID-1, HUB-ID-4, HUB-MODULE-11.
#[test]
fn module_ids_must_not_begin_with_a_dollar_sign() {
    let hub = Hub::new();
    hub.create("a");
    hub.put("/devices/a/modules/$x", &module("$x"))
        .error(400, "ArgumentInvalid");
    hub.put("/devices/a/modules/m", &module("n"))
        .error(400, "ArgumentInvalid");
    hub.put("/devices/a/modules/m", &json!({"deviceId": "b", "moduleId": "m"}))
        .error(400, "ArgumentInvalid");
    hub.put("/devices/a/modules/a%20b", &module("a b"))
        .error(400, "ArgumentInvalid");
}

/// HUB-KEY-14: the authentication type `none` becomes `sas`.
#[test]
fn module_of_type_none_becomes_sas() {
    let hub = Hub::new();
    hub.create("a");
    let body = json!({"deviceId": "a", "moduleId": "m", "authentication": {"type": "none"}});
    let created = hub.put("/devices/a/modules/m", &body).ok();
    assert_eq!(created["authentication"]["type"], "sas");
    assert!(created["authentication"]["symmetricKey"]["primaryKey"].is_string());
}

/// HUB-MODULE-6, HUB-MODULE-7: for a missing device, the status is 401 with a shared access signature and 404
/// with a bearer token.
#[test]
fn module_of_missing_device_is_unauthorized_for_signatures_and_not_found_for_entra() {
    let hub = Hub::new();
    let path = "/devices/a/modules/m";
    for (method, body, if_match) in [
        ("GET", None, None),
        ("PUT", Some(module("m")), None),
        ("DELETE", None, Some("*")),
    ] {
        hub.send(method, path, if_match, body.as_ref())
            .error(401, "IotHubUnauthorizedAccess");
        let response = hub.with_bearer(method, path, if_match, body.as_ref());
        assert_eq!(response.error(404, "DeviceNotFound"), "a");
    }
    hub.get("/devices/a/modules")
        .error(401, "IotHubUnauthorizedAccess");
    hub.with_bearer("GET", "/devices/a/modules", None, None)
        .error(404, "DeviceNotFound");
    // With a signature, the status for a disabled device is also 401.
    hub.put("/devices/a", &json!({"deviceId": "a", "status": "disabled"}))
        .ok();
    hub.put(path, &module("m")).error(401, "IotHubUnauthorizedAccess");
    hub.with_bearer("PUT", path, None, Some(&module("m"))).ok();
}

/// HUB-MODULE-9, HUB-MODULE-10.
#[test]
fn device_has_at_most_fifty_modules_and_system_modules_cannot_be_deleted() {
    let hub = Hub::new();
    hub.create_edge("a");
    for number in 0..48 {
        let id = format!("m{number}");
        hub.put(&format!("/devices/a/modules/{id}"), &module(&id)).ok();
    }
    hub.put("/devices/a/modules/more", &module("more"))
        .error(413, "TooManyModulesOnDevice");
    hub.delete("/devices/a/modules/$edgeHub", "*")
        .error(401, "SystemModuleModifyUnauthorizedAccess");
}
