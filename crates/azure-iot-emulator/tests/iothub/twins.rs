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

/// Section 2.1, case 24.
#[test]
fn case_24_new_twin() {
    let hub = hub();
    let answer = hub.get("/twins/a");
    assert_eq!(answer.header("etag"), Some("\"AAAAAAAAAAE=\""));
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
    // As text, for the order of the members.
    assert_eq!(answer.ok().to_string(), expected.to_string());
}

/// Section 2.1: `deviceEtag` is the identity's, and a module twin has its module's.
#[test]
fn section_2_1_module_twin() {
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

/// Section 2.2, case 25.
#[test]
fn case_25_same_values_are_a_new_version() {
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

/// Section 2.2, cases 26 and 27.
#[test]
fn cases_26_and_27_tags() {
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
    // Nulling the last leaf leaves an empty object.
    let twin = hub
        .patch("/twins/a", &json!({"tags": {"room": {"floor": null}}}))
        .ok();
    assert_eq!(twin["tags"], json!({"room": {}, "on": true}));
    // 27
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

/// RFC 7386 (section 2.2): arrays are replaced, nulls in new objects are dropped, other types give way.
#[test]
fn section_2_2_merge_patch() {
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

/// Section 2.1: what `$metadata` says of whom.
#[test]
fn section_2_1_metadata() {
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
    // What is removed, or no longer an object, leaves no trace.
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
    // Reported properties know times only, and leave the etag alone.
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

/// Section 2.2, case 28.
#[test]
fn case_28_sections_must_be_objects() {
    let hub = hub();
    for body in [
        json!({"properties": {"desired": "text"}}),
        json!({"properties": {"desired": [1]}}),
        json!({"properties": 1}),
        json!({"tags": "text"}),
        json!(["tags"]),
        json!("text"),
    ] {
        hub.patch("/twins/a", &body).error(400, "ArgumentInvalid");
        hub.put("/twins/a", &body).error(400, "ArgumentInvalid");
    }
    let mut request = build("PATCH", "/twins/a", None, None);
    request.body = "{\"tags\":".into();
    hub.request(request).error(400, "IotHubFormatError");
    assert_eq!(hub.get("/twins/a").ok()["version"], 2);
}

/// Section 2.2, cases 29 and 30.
#[test]
fn cases_29_and_30_if_match() {
    let hub = hub();
    let body = json!({"tags": {"x": 1}});
    let old = quoted(&hub.get("/twins/a").ok()["etag"]);
    hub.send("PATCH", "/twins/a", Some(&old), Some(&body)).ok();
    for method in ["PATCH", "PUT"] {
        let answer = hub.send(method, "/twins/a", Some(&old), Some(&body));
        let text = answer.error(412, "PreconditionFailed");
        assert!(text.contains("newVersion:1"), "{text}");
        // 30: without quotes it is no entity tag and does not count.
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

/// Section 2.2, case 31.
#[test]
fn case_31_replace() {
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
            &json!({"tags": {"new": {"x": null}}, "properties": {"desired": {"new": 1}}}),
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

/// Section 2.2: clients send back whole twins; what they can't write is ignored.
#[test]
fn section_2_2_read_only_members_are_ignored() {
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
    let answer = hub.patch("/twins/a", &twin).ok();
    assert_eq!(
        (&answer["deviceId"], &answer["tags"]["t"]),
        (&json!("a"), &json!(2))
    );
    assert_eq!(answer["properties"]["reported"]["r"], 1);
    assert_eq!(version(&answer), 3);
}

/// Section 2.3, case 32; the other limits have tests beside their code.
#[test]
fn case_32_limits() {
    let hub = hub();
    let deep = (0..11).fold(json!(1), |inner, _| json!({ "a": inner }));
    let big: Value = (0..3)
        .map(|number| (number.to_string(), json!("x".repeat(3000))))
        .collect();
    for bad in [
        json!({"a.b": 1}),
        json!({ "a": deep }),
        json!({"a": "x".repeat(5000)}),
        big.clone(),
    ] {
        hub.patch("/twins/a", &json!({ "tags": bad }))
            .error(400, "ArgumentInvalid");
        hub.put("/twins/a", &json!({ "tags": bad }))
            .error(400, "ArgumentInvalid");
    }
    // Desired properties may have four times as much, counted after the merge.
    for name in ["a", "b", "c"] {
        hub.patch("/twins/a", &json!({"properties": {"desired": { name: big }}}))
            .ok();
    }
    let text = hub
        .patch("/twins/a", &json!({"properties": {"desired": {"d": big}}}))
        .error(400, "ArgumentInvalid");
    assert!(text.contains("32768"), "{text}");
    assert_eq!(hub.get("/twins/a").ok()["properties"]["desired"].get("d"), None);
}

/// Section 2.3: numbers come back as they were sent.
#[test]
fn section_2_3_numbers_round_trip() {
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

/// Sections 1.3 and 2.2, case 33.
#[test]
fn case_33_missing_twins() {
    let hub = hub();
    for method in ["GET", "PATCH", "PUT"] {
        let body = (method != "GET").then(|| json!({}));
        let answer = hub.send(method, "/twins/b", None, body.as_ref());
        assert_eq!(answer.error(404, "DeviceNotFound"), "b");
        hub.send(method, "/twins/a/modules/m", None, body.as_ref())
            .error(404, "DeviceNotFound");
        hub.send(method, "/twins/b/modules/m", None, body.as_ref())
            .error(404, "DeviceNotFound");
    }
}

/// Section 7: the version is needed, and a body's content type is not looked at, since clients differ.
#[test]
fn the_content_type_does_not_matter() {
    let hub = hub();
    let request = build("PATCH", "/twins/a", None, Some(&json!({"tags": {"x": 1}})));
    hub.request(with_header(request, "content-type", "text/plain"))
        .ok();
}
