use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Hub, quoted};

const DEVICE: &str = "/devices/a?api-version=2026-11-01";
const MEMBERS: [&str; 3] = ["adrDeviceProperties", "deviceResourceId", "armSyncStatus"];

fn linked() -> Hub {
    let hub = Hub::new();
    hub.engine.link_device_registry("factory", Duration::from_secs(5));
    hub
}

fn create(hub: &Hub) -> Value {
    hub.put(DEVICE, &json!({"deviceId": "a"})).ok()
}

#[track_caller]
fn assert_absent(identity: &Value) {
    for member in MEMBERS {
        assert_eq!(identity.get(member), None, "{member}");
    }
}

/// HUB-REGISTRY-1, HUB-REGISTRY-2, HUB-REGISTRY-3, HUB-REGISTRY-5.
#[test]
fn identity_of_a_linked_hub_gets_the_members_of_the_registry_after_a_while() {
    let hub = linked();
    assert_absent(&create(&hub));
    hub.clock.advance(Duration::from_secs(4));
    assert_absent(&hub.get(DEVICE).ok());
    hub.clock.advance(Duration::from_secs(1));
    let device = hub.get(DEVICE).ok();
    let properties = &device["adrDeviceProperties"];
    assert!(uuid::Uuid::parse_str(properties["uuid"].as_str().unwrap()).is_ok());
    assert_eq!(properties["name"], "a");
    assert!(properties["etag"].is_string());
    assert_eq!(
        properties["systemData"]["createdAt"],
        "2026-03-01T12:00:05.1234567Z"
    );
    assert_eq!(properties["systemData"]["createdByType"], "Application");
    let resource_id = device["deviceResourceId"].as_str().unwrap();
    assert!(
        resource_id.ends_with("/namespaces/factory/devices/a"),
        "{resource_id}"
    );
    assert_eq!(device["armSyncStatus"], json!({"state": "Succeeded"}));

    // Responses of older API versions, twins and modules do not have the registry's members.
    assert_absent(&hub.get("/devices/a?api-version=2024-03-31").ok());
    assert_absent(&hub.get("/twins/a?api-version=2026-11-01").ok());
    let module = "/devices/a/modules/m?api-version=2026-11-01";
    hub.put(module, &json!({"deviceId": "a", "moduleId": "m"})).ok();
    hub.clock.advance(Duration::from_secs(60));
    assert_absent(&hub.get(module).ok());
    // The registry's members are part of the state.
    let other = Hub::new();
    other.engine.load(&hub.engine.dump()).unwrap();
    other.clock.advance(Duration::from_secs(600));
    assert_eq!(other.get(DEVICE).ok()["adrDeviceProperties"], *properties);
    // A device that is created again gets a new `uuid`.
    hub.delete("/devices/a", "*");
    create(&hub);
    hub.clock.advance(Duration::from_secs(5));
    assert_ne!(
        hub.get(DEVICE).ok()["adrDeviceProperties"]["uuid"],
        properties["uuid"]
    );
}

/// HUB-REGISTRY-1.
#[test]
fn hub_without_a_link_has_no_members_of_the_registry() {
    let hub = Hub::new();
    create(&hub);
    hub.clock.advance(Duration::from_secs(600));
    assert_absent(&hub.get(DEVICE).ok());
    // Linking a registry does not change existing identities.
    hub.engine.link_device_registry("factory", Duration::ZERO);
    assert_absent(&hub.get(DEVICE).ok());
    let load = linked();
    load.engine.load(&hub.engine.dump()).unwrap();
    load.put("/devices/b?api-version=2026-11-01", &json!({"deviceId": "b"}))
        .ok();
    load.clock.advance(Duration::from_secs(5));
    let device = load.get("/devices/b?api-version=2026-11-01").ok();
    assert!(
        device["adrDeviceProperties"]["uuid"].is_string(),
        "a loaded state keeps the link"
    );
}

/// HUB-REGISTRY-4.
#[test]
fn members_of_the_registry_are_read_only() {
    let hub = linked();
    create(&hub);
    hub.clock.advance(Duration::from_secs(5));
    let device = hub.get(DEVICE).ok();
    let mut changed = device.clone();
    changed["adrDeviceProperties"]["uuid"] = json!("other");
    changed["deviceResourceId"] = json!("other");
    changed["statusReason"] = json!("checked");
    let written = hub.put_if(DEVICE, &quoted(&device["etag"]), &changed).ok();
    assert_eq!(written["statusReason"], "checked");
    for member in MEMBERS {
        assert_eq!(written[member], device[member]);
    }
    let item = json!({
        "id": "a", "importMode": "update", "status": "enabled",
        "adrDeviceProperties": {"uuid": "other"}, "deviceResourceId": "other",
    });
    hub.send(
        "POST",
        "/devices?api-version=2026-11-01",
        None,
        Some(&json!([item])),
    )
    .ok();
    for member in MEMBERS {
        assert_eq!(hub.get(DEVICE).ok()[member], device[member]);
    }
}

/// HUB-REGISTRY-3.
#[test]
fn certificate_settings_are_written_with_the_authentication() {
    let hub = Hub::new();
    let settings = json!({
        "type": "certificateAuthority", "policyResourceId": "/subscriptions/s/policies/p",
        "x509CaValidation": {"scheme": "cn", "value": {"Type": "exact"}},
    });
    let created = hub
        .put(DEVICE, &json!({"deviceId": "a", "authentication": settings}))
        .ok();
    for member in ["policyResourceId", "x509CaValidation"] {
        assert_eq!(created["authentication"][member], settings[member]);
        let old = hub.get("/devices/a?api-version=2024-03-31").ok();
        assert_eq!(old["authentication"].get(member), None);
    }
    // A write with an older API version keeps the certificate settings; a write with 2026-11-01 replaces them.
    let body = json!({"deviceId": "a", "authentication": {"type": "certificateAuthority"}});
    hub.put_if("/devices/a?api-version=2024-03-31", "*", &body).ok();
    let kept = hub.get(DEVICE).ok();
    assert_eq!(
        kept["authentication"]["policyResourceId"],
        settings["policyResourceId"]
    );
    let item = json!({"id": "a", "importMode": "update", "status": "enabled", "authentication": settings});
    hub.send(
        "POST",
        "/devices?api-version=2026-11-01",
        None,
        Some(&json!([item])),
    )
    .ok();
    assert_eq!(
        hub.get(DEVICE).ok()["authentication"]["x509CaValidation"],
        settings["x509CaValidation"]
    );
    let replaced = hub.put_if(DEVICE, "*", &body).ok();
    assert_eq!(replaced["authentication"].get("policyResourceId"), None);
}
