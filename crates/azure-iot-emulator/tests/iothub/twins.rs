use serde_json::{Value, json};

use crate::support::{Hub, build, quoted, with_header};

fn hub() -> Hub {
    let hub = Hub::new();
    hub.create("a");
    hub
}

fn version(twin: &Value) -> u64 {
    twin["properties"]["desired"]["$version"].as_u64().unwrap()
}

/// HUB-TWIN-1, HUB-TWIN-2, HUB-TWIN-3, HUB-TWIN-4, HUB-TWIN-6, HUB-TWIN-8, HUB-TWIN-10, HUB-TWIN-11, HUB-ETAG-5,
/// HUB-ETAG-7, HUB-ETAG-19.
#[test]
fn new_twin_has_version_two_and_no_tags() {
    let hub = hub();
    let response = hub.get("/twins/a");
    assert_eq!(response.header("etag"), Some("\"AAAAAAAAAAE=\""));
    let device = hub.get("/devices/a").ok();
    let section = json!({"$metadata": {"$lastUpdated": "2026-03-01T12:00:00.1234567Z"}, "$version": 1});
    let expected = json!({
        "deviceId": "a",
        "etag": "AAAAAAAAAAE=",
        "deviceEtag": device["etag"],
        "status": "enabled",
        "statusUpdateTime": "0001-01-01T00:00:00Z",
        "connectionState": "Disconnected",
        "lastActivityTime": "0001-01-01T00:00:00Z",
        "cloudToDeviceMessageCount": 0,
        "authenticationType": "sas",
        "x509Thumbprint": {"primaryThumbprint": null, "secondaryThumbprint": null},
        "version": 2,
        "properties": {"desired": section, "reported": section},
        "capabilities": {"iotEdge": false},
    });
    // Compared as strings, because the order of members matters.
    assert_eq!(response.ok().to_string(), expected.to_string());
}

/// HUB-TWIN-3, HUB-TWIN-21, HUB-TWIN-24: `deviceEtag` is the identity's ETag, which for a module twin is the module's.
#[test]
fn module_twin_has_the_etag_of_its_module() {
    let hub = hub();
    let module = hub
        .put("/devices/a/modules/m", &json!({"deviceId": "a", "moduleId": "m"}))
        .ok();
    let twin = hub.get("/twins/a/modules/m").ok();
    assert_eq!((&twin["deviceId"], &twin["moduleId"]), (&json!("a"), &json!("m")));
    assert_eq!(twin["deviceEtag"], module["etag"]);
    assert_eq!(twin["etag"], "AAAAAAAAAAE=");
    let patched = hub
        .patch(
            "/twins/a/modules/m",
            &json!({"properties": {"desired": {"x": 1}}}),
        )
        .ok();
    assert_eq!((version(&patched), version(&hub.get("/twins/a").ok())), (2, 1));
    let replaced = hub.put("/twins/a/modules/m", &json!({"tags": {"t": 1}})).ok();
    assert_eq!(
        (&replaced["tags"], replaced["properties"]["desired"].get("x")),
        (&json!({"t": 1}), None)
    );
}

/// HUB-TWIN-5, HUB-TWIN-17, HUB-TWIN-24, HUB-ETAG-6.
#[test]
fn patch_with_equal_desired_values_increments_the_version() {
    let hub = hub();
    let patch = json!({"properties": {"desired": {"x": {"y": 1}}}});
    let first = hub.patch("/twins/a", &patch).ok();
    assert_eq!(
        (version(&first), &first["version"], &first["etag"]),
        (2, &json!(3), &json!("AAAAAAAAAAI="))
    );
    let second = hub.patch("/twins/a", &patch).ok();
    assert_eq!(
        (version(&second), &second["version"], &second["etag"]),
        (3, &json!(4), &json!("AAAAAAAAAAM="))
    );
    assert_eq!(
        version(
            &hub.patch("/twins/a", &json!({"properties": {"desired": {}}}))
                .ok()
        ),
        4
    );
}

/// HUB-TWIN-6, HUB-TWIN-15, HUB-TWIN-18.
#[test]
fn patch_of_tags_keeps_the_desired_version_and_null_removes() {
    let hub = hub();
    let twin = hub
        .patch(
            "/twins/a",
            &json!({"tags": {"room": {"floor": 1, "door": "x"}, "on": true}}),
        )
        .ok();
    assert_eq!((version(&twin), &twin["etag"]), (1, &json!("AAAAAAAAAAI=")));
    let twin = hub
        .patch("/twins/a", &json!({"tags": {"room": {"floor": 2, "door": null}}}))
        .ok();
    assert_eq!(twin["tags"], json!({"room": {"floor": 2}, "on": true}));
    // Removing the last member of a nested object leaves an empty object.
    let twin = hub
        .patch("/twins/a", &json!({"tags": {"room": {"floor": null}}}))
        .ok();
    assert_eq!(twin["tags"], json!({"room": {}, "on": true}));
    // HUB-TWIN-6: a twin without tags has no member `tags`.
    let twin = hub
        .patch("/twins/a", &json!({"tags": {"room": null, "on": null}}))
        .ok();
    assert_eq!(twin.get("tags"), None);
    let twin = hub.patch("/twins/a", &json!({"tags": {"a": 1, "b": 2}})).ok();
    assert_eq!(twin["tags"], json!({"a": 1, "b": 2}));
    assert_eq!(
        hub.patch("/twins/a", &json!({"tags": null})).ok().get("tags"),
        None
    );
}

/// RFC 7386 (HUB-TWIN-15, HUB-TWIN-16): arrays are replaced, nulls in new objects are dropped, and values of
/// different types replace each other.
#[test]
fn merge_patch_replaces_arrays_and_drops_nulls() {
    let hub = hub();
    hub.patch(
        "/twins/a",
        &json!({"tags": {"list": [1, {"k": 1}], "text": "x", "object": {"k": 1}}}),
    )
    .ok();
    let patch = json!({"tags": {
        "list": [{"k": 2}], "text": {"deep": {"gone": null, "kept": 1}}, "object": "text", "never": null,
    }});
    let twin = hub.patch("/twins/a", &patch).ok();
    let expected = json!({"list": [{"k": 2}], "text": {"deep": {"kept": 1}}, "object": "text"});
    assert_eq!(twin["tags"].to_string(), expected.to_string());
}

/// HUB-TWIN-5, HUB-TWIN-11, HUB-TWIN-12, HUB-TWIN-13, HUB-TWIN-14, HUB-TWIN-32, HUB-ETAG-6: `$metadata` of desired and
/// reported properties.
#[test]
fn metadata_records_time_and_version_of_each_level() {
    let hub = hub();
    hub.tick();
    hub.patch(
        "/twins/a",
        &json!({"properties": {"desired": {"a": {"b": 1, "c": [1]}, "d": 2}}}),
    )
    .ok();
    hub.tick();
    let twin = hub
        .patch("/twins/a", &json!({"properties": {"desired": {"a": {"b": 1}}}}))
        .ok();
    let (first, second) = ("2026-03-01T12:00:01.1234567Z", "2026-03-01T12:00:02.1234567Z");
    let desired = &twin["properties"]["desired"];
    assert_eq!(
        desired["$metadata"],
        json!({
            "$lastUpdated": second, "$lastUpdatedVersion": 3,
            "a": {
                "$lastUpdated": second, "$lastUpdatedVersion": 3,
                "b": {"$lastUpdated": second, "$lastUpdatedVersion": 3},
                "c": {"$lastUpdated": first, "$lastUpdatedVersion": 2},
            },
            "d": {"$lastUpdated": first, "$lastUpdatedVersion": 2},
        })
    );
    // A removed value has no metadata, and the metadata of a value that was replaced with a scalar has no nested
    // entries.
    let twin = hub
        .patch(
            "/twins/a",
            &json!({"properties": {"desired": {"a": "text", "d": null}}}),
        )
        .ok();
    let metadata = &twin["properties"]["desired"]["$metadata"];
    assert_eq!(
        metadata.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["$lastUpdated", "$lastUpdatedVersion", "a"]
    );
    assert_eq!(metadata["a"].as_object().unwrap().len(), 2);
    // Reported properties have times but no versions, and do not change the ETag.
    hub.report("a", json!({"temperature": {"value": 20.5}}));
    let reported = hub.get("/twins/a").ok();
    assert_eq!(
        reported["properties"]["reported"],
        json!({
            "temperature": {"value": 20.5},
            "$metadata": {
                "$lastUpdated": second,
                "temperature": {"$lastUpdated": second, "value": {"$lastUpdated": second}},
            },
            "$version": 2,
        })
    );
    assert_eq!(reported["etag"], twin["etag"]);
    assert_eq!(reported["version"], twin["version"].as_u64().unwrap() + 1);
}

/// HUB-ETAG-7, HUB-ETAG-8, HUB-ETAG-9, HUB-ETAG-10, HUB-ETAG-12, HUB-ETAG-15.
#[test]
fn quoted_stale_etag_fails_and_unquoted_etag_is_ignored() {
    let hub = hub();
    let body = json!({"tags": {"x": 1}});
    let old = quoted(&hub.get("/twins/a").ok()["etag"]);
    hub.send("PATCH", "/twins/a", Some(&old), Some(&body)).ok();
    for method in ["PATCH", "PUT"] {
        let response = hub.send(method, "/twins/a", Some(&old), Some(&body));
        let text = response.error(412, "PreconditionFailed");
        assert!(text.contains("newVersion:1"), "{text}");
        // HUB-ETAG-12: an unquoted value is not an entity tag and is ignored.
        hub.send(method, "/twins/a", Some(old.trim_matches('"')), Some(&body))
            .ok();
        for wildcard in ["*", "\"*\""] {
            hub.send(method, "/twins/a", Some(wildcard), Some(&body)).ok();
        }
    }
    let current = hub.get("/twins/a");
    let tag = current.header("etag").unwrap().to_owned();
    hub.send("PATCH", "/twins/a", Some(&tag), Some(&body)).ok();
}

/// HUB-TWIN-21, HUB-TWIN-22.
#[test]
fn put_twin_replaces_tags_and_desired_and_keeps_reported() {
    let hub = hub();
    hub.patch(
        "/twins/a",
        &json!({"tags": {"old": 1}, "properties": {"desired": {"old": 1}}}),
    )
    .ok();
    hub.report("a", json!({"kept": 1}));
    hub.tick();
    let twin = hub
        .put(
            "/twins/a",
            &json!({"tags": {"new": {}}, "properties": {"desired": {"new": 1}}}),
        )
        .ok();
    assert_eq!(twin["tags"], json!({"new": {}}));
    let stamp = json!({"$lastUpdated": "2026-03-01T12:00:01.1234567Z", "$lastUpdatedVersion": 3});
    let mut metadata = stamp.clone();
    metadata["new"] = stamp;
    assert_eq!(
        twin["properties"]["desired"],
        json!({"new": 1, "$metadata": metadata, "$version": 3})
    );
    assert_eq!(twin["properties"]["reported"]["kept"], 1);
    let empty = hub.put("/twins/a", &json!({})).ok();
    assert_eq!(
        (empty.get("tags"), empty["properties"]["desired"].get("new")),
        (None, None)
    );
    assert_eq!(version(&empty), 4);
}

/// HUB-TWIN-19: clients send whole twins back; members that cannot be written are ignored.
#[test]
fn patch_with_a_whole_twin_ignores_read_only_members() {
    let hub = hub();
    hub.patch(
        "/twins/a",
        &json!({"tags": {"t": 1}, "properties": {"desired": {"d": 1}}}),
    )
    .ok();
    hub.report("a", json!({"r": 1}));
    let mut twin = hub.get("/twins/a").ok();
    twin["deviceId"] = json!("b");
    twin["etag"] = json!("nonsense");
    twin["properties"]["reported"]["r"] = json!(2);
    twin["tags"]["t"] = json!(2);
    let response = hub.patch("/twins/a", &twin).ok();
    assert_eq!(
        (&response["deviceId"], &response["tags"]["t"]),
        (&json!("a"), &json!(2))
    );
    assert_eq!(response["properties"]["reported"]["r"], 1);
    assert_eq!(version(&response), 3);
}

/// HUB-TWIN-28, HUB-LIMIT-7: numbers are returned as they were sent.
#[test]
fn numbers_are_returned_as_sent() {
    let hub = hub();
    let mut request = build("PATCH", "/twins/a", None, None);
    request.body = r#"{"tags":{"int":1,"float":1.0,"small":1e-7,"big":4503599627370495}}"#.into();
    hub.request(request).ok();
    let raw = hub.get("/twins/a").raw.body;
    let text = std::str::from_utf8(&raw).unwrap();
    assert!(
        text.contains(r#""tags":{"int":1,"float":1.0,"small":1e-7,"big":4503599627370495}"#),
        "{text}"
    );
}

/// HUB-TWIN-25.
#[test]
fn twin_of_missing_device_or_module_is_not_found() {
    let hub = hub();
    for method in ["GET", "PATCH", "PUT"] {
        let body = (method != "GET").then(|| json!({}));
        let response = hub.send(method, "/twins/b", None, body.as_ref());
        assert_eq!(response.error(404, "DeviceNotFound"), "b");
        hub.send(method, "/twins/a/modules/m", None, body.as_ref())
            .error(404, "DeviceNotFound");
        hub.send(method, "/twins/b/modules/m", None, body.as_ref())
            .error(404, "DeviceNotFound");
    }
}

/// HUB-HTTP-7: the content type of the body is ignored, because clients send different ones.
#[test]
fn content_type_of_the_body_is_ignored() {
    let hub = hub();
    let request = build("PATCH", "/twins/a", None, Some(&json!({"tags": {"x": 1}})));
    hub.request(with_header(request, "content-type", "text/plain"))
        .ok();
}
