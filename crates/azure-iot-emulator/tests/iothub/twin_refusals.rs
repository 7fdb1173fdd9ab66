//! Twin writes that the hub refuses.

use serde_json::{Value, json};

use crate::support::{Hub, build};

fn hub() -> Hub {
    let hub = Hub::new();
    hub.create("a");
    hub
}

/// HUB-TWIN-26, HUB-TWIN-27.
#[test]
fn twin_sections_must_be_objects() {
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

/// HUB-LIMIT-2, HUB-LIMIT-5, HUB-LIMIT-6, HUB-LIMIT-9, HUB-LIMIT-11, HUB-LIMIT-12, HUB-LIMIT-14. Unit tests check
/// the other limits.
#[test]
fn twin_writes_beyond_the_limits_are_refused() {
    let hub = hub();
    let deep = (0..11).fold(json!(1), |inner, _| json!({ "a": inner }));
    let big: Value = (0..3)
        .map(|number| (number.to_string(), json!("x".repeat(3000))))
        .collect();
    for bad in [
        json!({"a.b": 1}),
        json!({ "a": deep }),
        json!({"a": "x".repeat(5000)}),
    ] {
        for method in ["PATCH", "PUT"] {
            hub.send(method, "/twins/a", None, Some(&json!({ "tags": bad })))
                .error(400, "ArgumentInvalid");
        }
    }
    for method in ["PATCH", "PUT"] {
        let response = hub.send(method, "/twins/a", None, Some(&json!({ "tags": big })));
        assert_eq!(
            response.error(403, "DeviceModelMaxPropertiesExceeded"),
            "'Tags' size should be less than 8192 bytes."
        );
    }
    // The limit for desired properties is four times that for tags and applies to the merged result.
    for name in ["a", "b", "c"] {
        hub.patch("/twins/a", &json!({"properties": {"desired": { name: big }}}))
            .ok();
    }
    let text = hub
        .patch("/twins/a", &json!({"properties": {"desired": {"d": big}}}))
        .error(403, "DeviceModelMaxPropertiesExceeded");
    assert_eq!(text, "'Properties.Desired' size should be less than 32768 bytes.");
    assert_eq!(hub.get("/twins/a").ok()["properties"]["desired"].get("d"), None);
}

/// HUB-TWIN-20.
#[test]
fn twin_write_with_an_unknown_member_is_refused() {
    let hub = hub();
    for bad in [
        json!({"desired": {"x": 1}}),
        json!({"tags": {"x": 1}, "Tags": {"x": 1}}),
        json!({"tag": {}}),
    ] {
        for method in ["PATCH", "PUT"] {
            hub.send(method, "/twins/a", None, Some(&bad))
                .error(400, "ArgumentInvalid");
        }
    }
    assert_eq!(hub.get("/twins/a").ok()["version"], 2);
}

/// HUB-TWIN-33.
#[test]
fn members_of_a_twin_ignore_case() {
    let hub = hub();
    let body = json!({
        "DeviceId": "a",
        "Tags": {"Floor": 1},
        "PROPERTIES": {"Desired": {"Speed": 2}},
    });
    for method in ["PATCH", "PUT"] {
        let twin = hub.send(method, "/twins/a", None, Some(&body)).ok();
        assert_eq!(twin["tags"], json!({"Floor": 1}), "{method}");
        assert_eq!(twin["properties"]["desired"]["Speed"], 2, "{method}");
    }
    let both = json!({"properties": {"desired": {"x": 1}, "Desired": {"y": 1}}});
    hub.patch("/twins/a", &both).error(400, "ArgumentInvalid");
}

/// HUB-TWIN-23, HUB-LIMIT-8.
#[test]
fn put_twin_with_null_is_refused_and_patch_with_null_only_below_arrays() {
    let hub = hub();
    let nested = json!({"o": {"a": null}});
    for body in [
        json!({"tags": {"a": null}}),
        json!({ "tags": nested }),
        json!({"properties": {"desired": nested}}),
    ] {
        let text = hub.put("/twins/a", &body).error(400, "ArgumentInvalid");
        assert!(
            text.starts_with("Value of Property or Tag cannot be null."),
            "{text}"
        );
        hub.patch("/twins/a", &body).ok();
    }
    let text = hub
        .put("/twins/a", &json!({"tags": {"o": {"my-tag": null}}}))
        .error(400, "ArgumentInvalid");
    assert!(text.ends_with("Error in Property/Tag o.my-tag"), "{text}");
    for value in [json!([null]), json!([{"b": null}]), json!([[{"b": {"c": null}}]])] {
        let body = json!({"properties": {"desired": {"n": value}}});
        for method in ["PATCH", "PUT"] {
            let response = hub.send(method, "/twins/a", None, Some(&body));
            assert!(response.error(400, "ArgumentInvalid").contains("cannot be null"));
        }
    }
    // `null` in place of a section clears the section.
    hub.put("/twins/a", &json!({"tags": null})).ok();
}

/// HUB-TWIN-29.
#[test]
fn twins_of_system_modules_cannot_be_written() {
    let hub = Hub::new();
    hub.create_edge("e");
    let body = json!({"properties": {"desired": {"x": 1}}});
    for id in ["%24edgeAgent", "$edgeHub"] {
        let path = format!("/twins/e/modules/{id}");
        for method in ["PATCH", "PUT"] {
            let response = hub.send(method, &path, None, Some(&body));
            assert_eq!(
                response.error(401, "SystemModuleModifyUnauthorizedAccess"),
                "Unauthorized to modify reserved module."
            );
        }
        assert_eq!(hub.get(&path).ok()["version"], 2);
    }
    // Neither the module nor its twin exists.
    hub.create("leaf");
    hub.patch("/twins/leaf/modules/$edgeAgent", &body)
        .error(404, "DeviceNotFound");
}
