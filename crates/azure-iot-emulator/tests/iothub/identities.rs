use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::support::{Hub, quoted};

const KEY_1: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const KEY_2: &str = "MDEyMzQ1Njc4OWFiY2RlZg==";

fn keys(identity: &Value) -> (String, String) {
    let keys = &identity["authentication"]["symmetricKey"];
    (
        keys["primaryKey"].as_str().unwrap().to_owned(),
        keys["secondaryKey"].as_str().unwrap().to_owned(),
    )
}

fn with_keys(primary: &str, secondary: &str) -> Value {
    let keys = json!({"primaryKey": primary, "secondaryKey": secondary});
    json!({"deviceId": "a", "authentication": {"type": "sas", "symmetricKey": keys}})
}

/// HUB-DEVICE-1, HUB-DEVICE-2, HUB-DEVICE-4, HUB-DEVICE-5, HUB-DEVICE-6, HUB-DEVICE-7, HUB-DEVICE-11, HUB-DEVICE-12,
/// HUB-DEVICE-13, HUB-ETAG-1, HUB-ETAG-3, HUB-ETAG-19, HUB-KEY-1.
#[test]
fn created_device_has_every_member_keys_and_a_decimal_etag() {
    let hub = Hub::new();
    let response = hub.put("/devices/a", &json!({"deviceId": "a"}));
    let tag = response.header("etag").unwrap().to_owned();
    let device = response.ok();
    let names: Vec<&str> = device.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "deviceId",
            "generationId",
            "etag",
            "connectionState",
            "status",
            "statusReason",
            "connectionStateUpdatedTime",
            "statusUpdatedTime",
            "lastActivityTime",
            "cloudToDeviceMessageCount",
            "authentication",
            "capabilities",
            "deviceScope",
            "parentScopes",
        ]
    );
    assert_eq!(device["deviceId"], "a");
    // The generation id is the time of the manual clock in .NET ticks.
    assert_eq!(device["generationId"], "639079632001234567");
    let etag = device["etag"].as_str().unwrap();
    assert_eq!(tag, format!("\"{etag}\""));
    let number = String::from_utf8(STANDARD.decode(etag).unwrap()).unwrap();
    assert!(
        (8..=9).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit()),
        "{number}"
    );
    assert_eq!(device["connectionState"], "Disconnected");
    assert_eq!(device["status"], "enabled");
    assert_eq!(device["statusReason"], Value::Null);
    for never in [
        "connectionStateUpdatedTime",
        "statusUpdatedTime",
        "lastActivityTime",
    ] {
        assert_eq!(device[never], "0001-01-01T00:00:00", "{never}");
    }
    assert_eq!(device["cloudToDeviceMessageCount"], 0);
    let authentication = device["authentication"].as_object().unwrap();
    let names: Vec<&str> = authentication.keys().map(String::as_str).collect();
    assert_eq!(names, ["symmetricKey", "x509Thumbprint", "type"]);
    assert_eq!(authentication["type"], "sas");
    assert_eq!(
        authentication["x509Thumbprint"],
        json!({"primaryThumbprint": null, "secondaryThumbprint": null})
    );
    let (primary, secondary) = keys(&device);
    for key in [&primary, &secondary] {
        assert_eq!(
            (key.len(), STANDARD.decode(key).unwrap().len()),
            (44, 32),
            "{key}"
        );
    }
    assert_ne!(primary, secondary);
    assert_eq!(device["capabilities"], json!({"iotEdge": false}));
    assert_eq!(device["deviceScope"], Value::Null);
    assert_eq!(device["parentScopes"], json!([]));
    assert_eq!(hub.get("/devices/a").ok(), device);
}

/// HUB-DEVICE-14, HUB-ERROR-8: without If-Match, PUT can only create, even if the body has an ETag.
#[test]
fn put_without_if_match_on_existing_device_conflicts() {
    let hub = Hub::new();
    let device = hub.create("a");
    let again = hub.put("/devices/a", &json!({"deviceId": "a", "etag": device["etag"]}));
    assert_eq!(
        again.error(409, "DeviceAlreadyExists"),
        "A device with ID 'a' is already registered."
    );
}

/// HUB-DEVICE-9, HUB-DEVICE-16, HUB-DEVICE-17, HUB-ETAG-2, HUB-ETAG-8, HUB-ETAG-9, HUB-ETAG-10: each update increments
/// the ETag by one.
#[test]
fn put_with_if_match_updates_and_stale_etag_fails() {
    let hub = Hub::new();
    let first = hub.create("a");
    let update = json!({"deviceId": "a", "status": "disabled", "statusReason": "broken"});
    for wildcard in ["\"*\"", "*"] {
        hub.tick();
        let device = hub.put_if("/devices/a", wildcard, &update).ok();
        assert_eq!(
            (&device["status"], &device["statusReason"]),
            (&json!("disabled"), &json!("broken"))
        );
        // Only the first of the two updates changed the status.
        assert_eq!(device["statusUpdatedTime"], "2026-03-01T12:00:01.1234567Z");
        assert_eq!(device["generationId"], first["generationId"]);
    }
    let current = hub.get("/devices/a").ok();
    let number = |device: &Value| -> u64 {
        let bytes = STANDARD.decode(device["etag"].as_str().unwrap()).unwrap();
        String::from_utf8(bytes).unwrap().parse().unwrap()
    };
    assert_eq!(number(&current), number(&first) + 2);
    let stale = hub.put_if("/devices/a", &quoted(&first["etag"]), &update);
    assert_eq!(
        stale.error(412, "PreconditionFailed"),
        format!(
            "Precondition failed: Device version did not match, existingVersion:{} newVersion:{}",
            number(&current),
            number(&first)
        )
    );
    hub.put_if("/devices/a", "\"stale\"", &update)
        .error(412, "PreconditionFailed");
    let current_etag = quoted(&current["etag"]);
    let device = hub
        .put_if("/devices/a", &current_etag, &json!({"deviceId": "a"}))
        .ok();
    // HUB-DEVICE-16: PUT replaces; members missing from the body are reset.
    assert_eq!(
        (&device["status"], &device["statusReason"]),
        (&json!("enabled"), &Value::Null)
    );
}

/// HUB-DEVICE-15.
#[test]
fn put_with_if_match_on_missing_device_is_not_found() {
    let hub = Hub::new();
    let response = hub.put_if("/devices/a", "*", &json!({"deviceId": "a"}));
    assert_eq!(response.error(404, "DeviceNotFound"), "a");
}

/// HUB-KEY-2, HUB-KEY-3, HUB-KEY-4, HUB-KEY-5, HUB-KEY-6.
#[test]
fn keys_are_regenerated_or_kept_and_bad_keys_are_refused() {
    let hub = Hub::new();
    let created = hub.put("/devices/a", &with_keys(KEY_1, KEY_2)).ok();
    assert_eq!(keys(&created), (KEY_1.to_owned(), KEY_2.to_owned()));
    // HUB-KEY-5: absent keys are regenerated.
    let regenerated = hub.put_if("/devices/a", "*", &json!({"deviceId": "a"})).ok();
    assert_ne!(keys(&regenerated).0, KEY_1);
    // HUB-KEY-6: empty keys are regenerated.
    let again = hub.put_if("/devices/a", "*", &with_keys("", "")).ok();
    assert_ne!(keys(&again), keys(&regenerated));
    // Keys that a client sends back are kept.
    assert_eq!(keys(&hub.put_if("/devices/a", "*", &again).ok()), keys(&again));
    // HUB-KEY-3: the key is not base64, too short, or too long.
    for bad in [
        "1",
        "not base64!",
        &STANDARD.encode([0; 15]),
        &STANDARD.encode([0; 65]),
    ] {
        let text = hub
            .put_if("/devices/a", "*", &with_keys(bad, bad))
            .error(400, "ArgumentInvalid");
        assert!(text.starts_with("Invalid device key length"), "{text}");
    }
    for good in [STANDARD.encode([1; 16]), STANDARD.encode([1; 64])] {
        hub.put_if("/devices/a", "*", &with_keys(&good, &good)).ok();
    }
    // HUB-KEY-4: a single key is refused.
    for body in [with_keys(KEY_1, ""), with_keys("", KEY_1)] {
        let text = hub.put_if("/devices/a", "*", &body).error(400, "ArgumentInvalid");
        assert_eq!(text, "Either no keys or both keys can be set");
    }
}

fn self_signed(primary: Option<&str>, secondary: Option<&str>) -> Value {
    let thumbprints = json!({"primaryThumbprint": primary, "secondaryThumbprint": secondary});
    json!({"deviceId": "a", "authentication": {"type": "selfSigned", "x509Thumbprint": thumbprints}})
}

/// HUB-KEY-7, HUB-KEY-8, HUB-KEY-9, HUB-KEY-10, HUB-KEY-11, HUB-KEY-12.
#[test]
fn thumbprints_are_checked_and_returned_verbatim() {
    let hub = Hub::new();
    let colons = "aa:".repeat(20);
    for bad in [&colons[..40], &"a".repeat(39), &"g".repeat(40)] {
        let text = hub
            .put("/devices/a", &self_signed(Some(bad), None))
            .error(400, "ArgumentInvalid");
        assert!(text.starts_with("StringIsNotThumbprint"), "{text}");
    }
    let (sha1, sha256) = ("aB".repeat(20), "Cd".repeat(32));
    hub.put("/devices/a", &self_signed(Some(&sha1), Some(&sha256)))
        .error(400, "ArgumentInvalid");
    let device = hub.put("/devices/a", &self_signed(Some(&sha1), Some(&sha1))).ok();
    assert_eq!(
        device["authentication"],
        json!({
            "symmetricKey": {"primaryKey": null, "secondaryKey": null},
            "x509Thumbprint": {"primaryThumbprint": sha1, "secondaryThumbprint": sha1},
            "type": "selfSigned",
        })
    );
    hub.put_if("/devices/a", "*", &self_signed(Some(&sha256), None))
        .ok();
    let none = hub.put_if("/devices/a", "*", &self_signed(None, None)).ok();
    assert_eq!(none["authentication"]["type"], "selfSigned");
    let body = json!({"deviceId": "a", "authentication": {"type": "certificateAuthority"}});
    let device = hub.put_if("/devices/a", "*", &body).ok();
    assert_eq!(
        device["authentication"],
        json!({
            "symmetricKey": {"primaryKey": null, "secondaryKey": null},
            "x509Thumbprint": {"primaryThumbprint": null, "secondaryThumbprint": null},
            "type": "certificateAuthority",
        })
    );
}

/// HUB-KEY-13, HUB-KEY-16.
#[test]
fn device_without_authentication_is_refused() {
    let hub = Hub::new();
    let body = json!({"deviceId": "a", "authentication": {"type": "none"}});
    hub.put("/devices/a", &body).error(400, "ArgumentInvalid");
    let body = json!({"deviceId": "a", "authentication": {"type": "password"}});
    hub.put("/devices/a", &body).error(400, "ArgumentInvalid");
}

/// HUB-ID-1, HUB-ID-2, HUB-ID-3, HUB-ID-5, HUB-DEVICE-23, HUB-HTTP-5.
#[test]
fn device_ids_have_the_documented_characters_and_keep_case() {
    let hub = Hub::new();
    hub.put("/devices/a", &json!({"deviceId": "b"}))
        .error(400, "ArgumentInvalid");
    hub.put("/devices/a", &json!({})).error(400, "ArgumentInvalid");
    let long = "x".repeat(129);
    hub.put(&format!("/devices/{long}"), &json!({ "deviceId": long }))
        .error(400, "ArgumentInvalid");
    for bad in ["a%26b", "a%20b", "%C3%A4"] {
        let decoded = percent_encoding::percent_decode_str(bad).decode_utf8().unwrap();
        let response = hub.put(&format!("/devices/{bad}"), &json!({ "deviceId": decoded }));
        response.error(400, "ArgumentInvalid");
    }
    let every = "Az09-:.+%_#*?!(),=@;$'";
    let encoded =
        percent_encoding::utf8_percent_encode(every, percent_encoding::NON_ALPHANUMERIC).to_string();
    hub.put(&format!("/devices/{encoded}"), &json!({ "deviceId": every }))
        .ok();
    assert_eq!(hub.get(&format!("/devices/{encoded}")).ok()["deviceId"], every);
    // Device ids are case-sensitive.
    hub.create("Device");
    assert_eq!(hub.get("/devices/device").error(404, "DeviceNotFound"), "device");
    // Literal path segments are case-insensitive.
    assert_eq!(hub.get("/Devices/Device").ok()["deviceId"], "Device");
}

/// HUB-DEVICE-18, HUB-DEVICE-19, HUB-DEVICE-20, HUB-ETAG-8, HUB-ETAG-9, HUB-ETAG-14: deleting a device also deletes its
/// twin and modules.
#[test]
fn delete_needs_if_match_and_removes_twin_and_modules() {
    let hub = Hub::new();
    assert_eq!(hub.get("/devices/a").error(404, "DeviceNotFound"), "a");
    let device = hub.create("a");
    hub.put("/devices/a/modules/m", &json!({"deviceId": "a", "moduleId": "m"}))
        .ok();
    hub.patch("/twins/a", &json!({"tags": {"x": 1}})).ok();
    let response = hub.send("DELETE", "/devices/a", None, None);
    assert_eq!(response.error(412, "PreconditionFailed"), "Etag missing");
    hub.delete("/devices/a", "\"stale\"")
        .error(412, "PreconditionFailed");
    let gone = hub.delete("/devices/a", &quoted(&device["etag"]));
    assert_eq!((gone.status, gone.raw.body.len()), (204, 0));
    hub.get("/devices/a").error(404, "DeviceNotFound");
    hub.delete("/devices/a", "\"*\"").error(404, "DeviceNotFound");
    hub.create("a");
    assert_eq!(hub.get("/devices/a/modules").ok(), json!([]));
    assert_eq!(hub.get("/twins/a").ok().get("tags"), None);
    for wildcard in ["\"*\"", "*"] {
        assert_eq!(hub.delete("/devices/a", wildcard).status, 204);
        hub.create("a");
    }
}

/// HUB-DEVICE-3: a device that is created again gets a new generation id, even if the clock has not moved.
#[test]
fn registering_an_id_again_gives_a_new_generation() {
    let hub = Hub::new();
    let first = hub.create("a");
    hub.delete("/devices/a", "*");
    assert_ne!(hub.create("a")["generationId"], first["generationId"]);
}

/// HUB-DEVICE-21, HUB-HTTP-6.
#[test]
fn device_list_has_at_most_a_thousand_items() {
    let hub = Hub::new();
    for number in 0..1001 {
        hub.create(&format!("d{number:04}"));
    }
    let count = |path: &str| hub.get(path).ok().as_array().unwrap().len();
    assert_eq!(count("/devices/?top=5000"), 1000);
    assert_eq!(count("/devices?top=0"), 1000);
    assert_eq!(count("/devices?top=-1"), 1000);
    assert_eq!(count("/devices?top=many"), 1000);
    assert_eq!(count("/devices"), 1000);
    assert_eq!(count("/devices?top=3"), 3);
    assert_eq!(hub.get("/devices?top=1").ok()[0], hub.get("/devices/d0000").ok());
}

/// HUB-DEVICE-22, HUB-DEVICE-25.
#[test]
fn status_reason_has_at_most_128_characters() {
    let hub = Hub::new();
    let body =
        |status: &str, reason: String| json!({"deviceId": "a", "status": status, "statusReason": reason});
    hub.put("/devices/a", &body("enabled", "é".repeat(129)))
        .error(400, "ArgumentInvalid");
    hub.put("/devices/a", &body("asleep", String::new()))
        .error(400, "ArgumentInvalid");
    hub.put("/devices/a", &body("disabled", "é".repeat(128))).ok();
    assert_eq!(hub.get("/twins/a").ok()["statusReason"], "é".repeat(128));
}

/// HUB-STATS-1, HUB-STATS-2, HUB-DEVICE-4.
#[test]
fn statistics_count_enabled_disabled_and_connected_devices() {
    let hub = Hub::new();
    hub.create("a");
    hub.create("b");
    hub.put("/devices/c", &json!({"deviceId": "c", "status": "disabled"}))
        .ok();
    hub.engine.set_connected("b", None, true).unwrap();
    assert_eq!(
        hub.get("/statistics/devices").ok(),
        json!({"totalDeviceCount": 3, "enabledDeviceCount": 2, "disabledDeviceCount": 1})
    );
    assert_eq!(
        hub.get("/statistics/service").ok(),
        json!({"connectedDeviceCount": 1})
    );
    let device = hub.get("/devices/b").ok();
    assert_eq!(device["connectionState"], "Connected");
    assert_eq!(
        device["connectionStateUpdatedTime"],
        "2026-03-01T12:00:00.1234567Z"
    );
    assert_eq!(device["lastActivityTime"], "2026-03-01T12:00:00.1234567Z");
}

/// HUB-ETAG-11, HUB-ETAG-20.
#[test]
fn identities_take_if_match_with_and_without_quotes() {
    let hub = Hub::new();
    hub.create("d");
    let module = json!({"deviceId": "d", "moduleId": "m"});
    hub.put("/devices/d/modules/m", &module).ok();
    let device = json!({"deviceId": "d"});
    for (path, body) in [("/devices/d/modules/m", &module), ("/devices/d", &device)] {
        let bare = |tag: &Value| tag.as_str().unwrap().to_owned();
        let first = hub.get(path).ok()["etag"].clone();
        let second = hub.put_if(path, &bare(&first), body).ok()["etag"].clone();
        hub.put_if(path, &bare(&first), body)
            .error(412, "PreconditionFailed");
        hub.delete(path, &bare(&first)).error(412, "PreconditionFailed");
        let third = hub.put_if(path, &quoted(&second), body).ok()["etag"].clone();
        assert_ne!(first, third);
        hub.put_if(path, "\"\"*\"\"", body).ok();
        let last = hub.get(path).ok()["etag"].clone();
        assert_eq!(hub.delete(path, &bare(&last)).status, 204, "{path}");
    }
}

/// HUB-KEY-17.
#[test]
fn last_of_members_that_differ_only_in_case_counts() {
    let hub = Hub::new();
    let created = hub.create("a");
    let mut body = created.clone();
    let added = body["authentication"]["symmetricKey"].as_object_mut().unwrap();
    added.insert("primarykey".to_owned(), json!(""));
    added.insert("secondarykey".to_owned(), json!(""));
    let renewed = hub.put_if("/devices/a", "*", &body).ok();
    assert_ne!(keys(&renewed), keys(&created));
    let pascal = json!({
        "DeviceId": "a",
        "Authentication": {"Type": "sas", "SymmetricKey": {"PrimaryKey": KEY_1, "SecondaryKey": KEY_2}},
    });
    assert_eq!(
        keys(&hub.put_if("/devices/a", "*", &pascal).ok()),
        (KEY_1.to_owned(), KEY_2.to_owned())
    );
}
