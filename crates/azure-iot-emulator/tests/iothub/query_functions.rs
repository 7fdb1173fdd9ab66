//! Functions in conditions.

use serde_json::json;

use crate::query::{building, ids, query};
use crate::support::Hub;

/// HUB-QUERY-27, HUB-QUERY-30.
#[test]
fn string_number_and_type_functions_work_in_conditions() {
    let hub = building();
    for (condition, expected) in [
        ("STARTSWITH(devices.deviceId, 'd1')", true),
        ("startsWith(deviceId, '1')", false),
        (
            "INDEX_OF(deviceId, '1') = 1 AND INDEX_OF(deviceId, 'x') = -1",
            true,
        ),
        ("CONCAT(deviceId, '-', tags.location.room) = 'd1-r1'", true),
        ("LENGTH('äöü') = 3", true),
        ("UPPER(deviceId) = 'D1' AND LOWER('ÄB') = 'äb'", true),
        (
            "SUBSTRING('hello', 1) = 'ello' AND SUBSTRING('hello', 1, 2) = 'el'",
            true,
        ),
        ("SUBSTRING('hello', -1) = 'hello'", false),
        ("ABS(-2) = 2 AND ABS(-2.5) = 2.5", true),
        ("CEILING(1.2) = 2 AND FLOOR(1.8) = 1 AND FLOOR(3) = 3", true),
        ("SIGN(-3) = -1 AND SIGN(0.0) = 0 AND SIGN(2.5) = 1", true),
        (
            "SQRT(9) = 3 AND SQUARE(3) = 9 AND POWER(2, 10) = 1024 AND EXP(0) = 1",
            true,
        ),
        ("IS_DEFINED(SQRT(-1))", false),
        ("AS_NUMBER('12') = 12 AND AS_NUMBER('1.5') = 1.5", true),
        ("IS_DEFINED(AS_NUMBER('twelve'))", false),
        (
            "IS_NUMBER(tags.location.floor) AND IS_STRING(deviceId) AND IS_BOOL(tags.on)",
            true,
        ),
        (
            "IS_OBJECT(tags.location) AND NOT IS_PRIMITIVE(tags.location) AND IS_PRIMITIVE(tags.on)",
            true,
        ),
        ("IS_NULL(null) AND NOT IS_NULL(tags.nothing)", true),
        ("IS_DEFINED(LENGTH(tags.location.floor))", false),
    ] {
        let expected = if expected { "d1" } else { "" };
        assert_eq!(
            ids(&hub, &format!("deviceId = 'd1' AND {condition}")),
            expected,
            "{condition}"
        );
    }
    assert_eq!(
        ids(&hub, "deviceId = 'd2' AND IS_ARRAY(properties.reported.list)"),
        "d2"
    );
}

/// HUB-QUERY-29.
#[test]
fn array_contains_finds_the_children_of_an_edge_device() {
    let hub = Hub::new();
    let scope = hub.create_edge("e")["deviceScope"].clone();
    hub.create("stranger");
    hub.put(
        "/devices/leaf",
        &json!({"deviceId": "leaf", "deviceScope": scope}),
    )
    .ok();
    let scope = scope.as_str().unwrap();
    for name in ["array_contains", "ARRAY_CONTAINS", "Array_Contains"] {
        let text = format!("select deviceId from devices where {name}(parentScopes, '{scope}')");
        assert_eq!(query(&hub, &text).ok(), json!([{"deviceId": "leaf"}]), "{text}");
    }
    let other = "SELECT deviceId FROM devices WHERE ARRAY_CONTAINS(parentScopes, 'ms-azure-iot-edge://x-1')";
    assert_eq!(query(&hub, other).ok(), json!([]));
    // If the value is not an array, the result is undefined, and so is its negation.
    for condition in [
        "ARRAY_CONTAINS(deviceId, 'e')",
        "NOT ARRAY_CONTAINS(deviceId, 'x')",
    ] {
        assert_eq!(ids(&hub, condition), "", "{condition}");
    }
}
