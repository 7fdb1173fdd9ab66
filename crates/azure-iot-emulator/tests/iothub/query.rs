use serde_json::{Value, json};

use crate::support::{Hub, Response, build, with_header};

/// Returns a hub with ten devices on three floors. Even-numbered devices have reported properties; the last device is
/// disabled.
pub(crate) fn building() -> Hub {
    let hub = Hub::new();
    for number in 0..10_u32 {
        let id = format!("d{number}");
        hub.create(&id);
        let patch = json!({
            "tags": {"location": {"floor": number % 3, "room": format!("r{number}")}, "on": number % 2 == 0},
            "properties": {"desired": {"interval": number}},
        });
        hub.patch(&format!("/twins/{id}"), &patch).ok();
        if number % 2 == 0 {
            hub.report(
                &id,
                json!({"lastDesiredVersion": number / 2, "list": [1], "odd-name": {"x": 1}}),
            );
        }
    }
    hub.put_if(
        "/devices/d9",
        "*",
        &json!({"deviceId": "d9", "status": "disabled", "statusReason": "old"}),
    )
    .ok();
    hub
}

pub(crate) fn query(hub: &Hub, text: &str) -> Response {
    hub.send("POST", "/devices/query", None, Some(&json!({ "query": text })))
}

/// Queries one page. Page size and token are sent as headers.
fn page(hub: &Hub, text: &str, size: &str, token: Option<&str>) -> Response {
    let mut request = build("POST", "/devices/query", None, Some(&json!({ "query": text })));
    request = with_header(request, "x-ms-max-item-count", size);
    if let Some(token) = token {
        request = with_header(request, "x-ms-continuation", token);
    }
    hub.request(request)
}

/// Returns the ids of the devices that match a condition.
#[track_caller]
pub(crate) fn ids(hub: &Hub, condition: &str) -> String {
    let response = query(hub, &format!("SELECT * FROM devices WHERE {condition}"));
    assert_eq!(
        response.header("x-ms-item-type"),
        Some("Twin"),
        "{condition}: {}",
        response.body
    );
    let rows = response.ok();
    let ids = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["deviceId"].as_str().unwrap().to_owned());
    ids.collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn rows(hub: &Hub, text: &str) -> Value {
    let response = query(hub, text);
    assert_eq!(
        response.header("x-ms-item-type"),
        Some("Raw"),
        "{text}: {}",
        response.body
    );
    response.ok()
}

/// HUB-QUERY-1, HUB-QUERY-2, HUB-QUERY-3, HUB-QUERY-4.
#[test]
fn last_page_of_twins_has_no_continuation_token() {
    let hub = building();
    let text = "SELECT * FROM devices";
    let first = page(&hub, text, "6", None);
    assert_eq!(first.header("x-ms-item-type"), Some("Twin"));
    let token = first.header("x-ms-continuation").unwrap().to_owned();
    assert_eq!(first.body.as_array().unwrap().len(), 6);
    assert_eq!(first.body[0], hub.get("/twins/d0").ok());
    // Deleting and creating devices between two pages neither skips nor repeats other rows.
    hub.delete("/devices/d5", "*");
    hub.create("d55");
    let last = page(&hub, text, "6", Some(&token));
    assert_eq!(last.header("x-ms-continuation"), None);
    let ids: Vec<&Value> = last
        .body
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["deviceId"])
        .collect();
    assert_eq!(ids, ["d55", "d6", "d7", "d8", "d9"]);
    // Even a full last page has no token.
    assert_eq!(page(&hub, text, "10", None).header("x-ms-continuation"), None);
    assert_eq!(page(&hub, text, "1000", None).body.as_array().unwrap().len(), 10);
}

/// HUB-QUERY-35, HUB-QUERY-36: a token is bound to its query; an invalid token is refused.
#[test]
fn continuation_tokens_and_page_sizes_are_checked() {
    let hub = building();
    let text = "SELECT * FROM devices";
    let token = page(&hub, text, "3", None)
        .header("x-ms-continuation")
        .unwrap()
        .to_owned();
    page(&hub, "SELECT deviceId FROM devices", "3", Some(&token)).error(400, "ArgumentInvalid");
    for bad in ["nonsense", "e30", &token[1..]] {
        page(&hub, text, "3", Some(bad)).error(400, "ArgumentInvalid");
    }
    for bad in ["0", "-1", "many"] {
        page(&hub, text, bad, None).error(400, "ArgumentInvalid");
    }
    // An empty token means the first page.
    assert_eq!(page(&hub, text, "3", Some("")).body[0]["deviceId"], "d0");
}

/// HUB-QUERY-5: a page has at most 100 rows.
#[test]
fn page_has_at_most_a_hundred_rows() {
    let hub = Hub::new();
    for number in 0..101 {
        hub.create(&format!("d{number:03}"));
    }
    for response in [
        query(&hub, "SELECT * FROM devices"),
        page(&hub, "SELECT * FROM devices", "5000", None),
    ] {
        assert_eq!(response.body.as_array().unwrap().len(), 100);
        assert!(response.header("x-ms-continuation").is_some());
    }
}

/// HUB-QUERY-4, HUB-QUERY-20, HUB-QUERY-21, HUB-QUERY-22, HUB-QUERY-25: projections.
#[test]
fn projections_are_raw_rows_named_by_last_segment_or_alias() {
    let hub = building();
    let text = "SELECT DeviceId, tags.location.floor, properties.reported.lastDesiredVersion AS Seen, STATUSREASON \
                FROM devices WHERE deviceId IN ['d2', 'd9']";
    assert_eq!(
        rows(&hub, text).to_string(),
        json!([
            {"deviceId": "d2", "floor": 2, "Seen": 1},
            {"deviceId": "d9", "floor": 0, "statusReason": "old"},
        ])
        .to_string()
    );
    let whole = rows(
        &hub,
        "SELECT tags, properties.desired, capabilities FROM devices WHERE deviceId = 'd1'",
    );
    let twin = hub.get("/twins/d1").ok();
    assert_eq!(
        whole,
        json!([{"tags": twin["tags"], "desired": twin["properties"]["desired"], "capabilities": {"iotEdge": false}}])
    );
    // Every member of a twin can be selected and has the same value as in the twin.
    for (name, value) in hub.get("/twins/d9").ok().as_object().unwrap() {
        let row = rows(
            &hub,
            &format!(
                "SELECT {} FROM devices WHERE deviceId = 'd9'",
                name.to_uppercase()
            ),
        );
        assert_eq!(row, json!([{ name: value }]));
    }
}

/// HUB-QUERY-2, HUB-QUERY-37: projections are paged like twins.
#[test]
fn projections_groups_and_top_are_paged() {
    let hub = building();
    for (text, count) in [
        ("SELECT deviceId FROM devices", 10),
        (
            "SELECT tags.location.floor, COUNT() AS n FROM devices GROUP BY tags.location.floor",
            3,
        ),
        ("SELECT TOP 7 deviceId FROM devices", 7),
        ("SELECT TOP 0 deviceId FROM devices", 0),
        (
            "SELECT TOP 2 tags.location.floor FROM devices GROUP BY tags.location.floor",
            2,
        ),
    ] {
        let mut all = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let response = page(&hub, text, "2", token.as_deref());
            assert!(response.body.as_array().unwrap().len() <= 2);
            all.extend(response.body.as_array().unwrap().clone());
            token = response.header("x-ms-continuation").map(str::to_owned);
            if token.is_none() {
                break;
            }
        }
        assert_eq!(all.len(), count, "{text}");
        assert_eq!(Value::from(all), page(&hub, text, "100", None).body, "{text}");
    }
}

/// HUB-QUERY-4, HUB-QUERY-23, HUB-QUERY-24: aggregates and groups; `devices.jobs` has a separate item type.
#[test]
fn aggregates_and_groups_are_raw_rows() {
    let hub = building();
    assert_eq!(
        rows(
            &hub,
            "SELECT tags.location.floor AS floor, COUNT() AS n FROM devices GROUP BY tags.location.floor"
        ),
        json!([{"floor": 0, "n": 4}, {"floor": 1, "n": 3}, {"floor": 2, "n": 3}])
    );
    assert_eq!(
        rows(
            &hub,
            "SELECT COUNT() AS n, AVG(properties.desired.interval) AS mean, SUM(properties.desired.interval) AS sum, \
             MIN(tags.location.room) AS least, MAX(properties.desired.interval) AS most FROM devices WHERE tags.on = true"
        ),
        json!([{"n": 5, "mean": 4.0, "sum": 20, "least": "r0", "most": 8}])
    );
    assert_eq!(
        rows(
            &hub,
            "SELECT COUNT() AS n, SUM(tags.x) AS s FROM devices WHERE tags.x = 1"
        ),
        json!([{"n": 0}])
    );
    assert_eq!(
        rows(
            &hub,
            "SELECT COUNT() AS n FROM devices WHERE tags.x = 1 GROUP BY tags.x"
        ),
        json!([])
    );
    // Rows without the property form a group.
    assert_eq!(
        rows(
            &hub,
            "SELECT properties.reported.list, COUNT() AS n FROM devices GROUP BY properties.reported.list"
        ),
        json!([{"list": [1], "n": 5}, {"n": 5}])
    );
    let jobs = query(&hub, "SELECT * FROM devices.jobs");
    assert_eq!(jobs.header("x-ms-item-type"), Some("DeviceJob"));
    assert_eq!(jobs.ok(), json!([]));
}

/// HUB-QUERY-6, HUB-QUERY-18, HUB-QUERY-28, HUB-QUERY-31, HUB-QUERY-32, HUB-QUERY-33, HUB-QUERY-38, HUB-QUERY-41.
#[test]
fn bad_queries_are_argument_invalid() {
    let hub = building();
    for bad in [
        "SELEC *",
        "",
        "SELECT * FROM twins",
        "SELECT * FROM devices WHERE",
        "SELECT * FROM devices WHERE NO_SUCH(deviceId)",
        "SELECT * FROM devices WHERE STARTSWITH(deviceId)",
        // HUB-QUERY-28.
        "SELECT * FROM devices WHERE STARTS_WITH(deviceId, 'd')",
        "SELECT * FROM devices WHERE ENDS_WITH(deviceId, '1')",
        "SELECT * FROM devices WHERE CONTAINS(deviceId, 'd')",
        // HUB-QUERY-18.
        "SELECT * FROM devices WHERE tags.group = 'x'",
        "SELECT COUNT() FROM devices.jobs",
        "SELECT deviceId, COUNT() FROM devices",
    ] {
        assert_eq!(
            query(&hub, bad).error(400, "ArgumentInvalid"),
            "BadRequest",
            "{bad}"
        );
    }
    query(
        &hub,
        &format!("SELECT * FROM devices WHERE deviceId = '{}'", "x".repeat(8192)),
    )
    .error(400, "ArgumentInvalid");
    hub.send("POST", "/devices/query", None, Some(&json!({})))
        .error(400, "ArgumentInvalid");
    hub.send("POST", "/devices/query", None, Some(&json!({"query": 1})))
        .error(400, "IotHubFormatError");
    hub.send("POST", "/devices/query", None, Some(&json!({"query": null})))
        .error(400, "ArgumentNull");
}

/// HUB-QUERY-8, HUB-QUERY-13, HUB-QUERY-14, HUB-QUERY-15, HUB-QUERY-16, HUB-QUERY-17, HUB-QUERY-19, HUB-QUERY-20,
/// HUB-QUERY-25, HUB-QUERY-26: a row matches only if the condition is `true`.
#[test]
fn conditions_match_only_when_true() {
    let hub = building();
    for (condition, expected) in [
        ("deviceId = 'd1'", "d1"),
        ("devices.deviceId = 'd1'", "d1"),
        ("'d1' = DEVICEID", "d1"),
        ("tags.location.floor = 1", "d1 d4 d7"),
        ("tags.location.floor = 1.0", "d1 d4 d7"),
        ("tags.location.floor = '1'", ""),
        ("tags.location.floor >= 1 AND tags.location.floor < 2", "d1 d4 d7"),
        ("tags.on", "d0 d2 d4 d6 d8"),
        ("NOT tags.on", "d1 d3 d5 d7 d9"),
        (
            "tags.on = true AND (tags.location.floor = 0 OR tags.location.room = 'r8')",
            "d0 d6 d8",
        ),
        (
            "tags.location.floor != 0 AND NOT tags.location.floor <> 1",
            "d1 d4 d7",
        ),
        (
            "tags.location.floor IN [0, 2, 'x'] AND deviceId NIN ['d0', 'd2']",
            "d3 d5 d6 d8 d9",
        ),
        ("status = 'disabled'", "d9"),
        ("connectionState = 'Connected'", ""),
        ("capabilities.iotEdge = false AND deviceId > 'd8'", "d9"),
        ("lastActivityTime > '2026-01-01'", "d0 d2 d4 d6 d8"),
        ("is_defined(properties.reported.list)", "d0 d2 d4 d6 d8"),
        ("NOT IS_DEFINED(properties.reported.list)", "d1 d3 d5 d7 d9"),
        (
            "properties.reported.[[odd-name]].x = 1 AND deviceId < 'd4'",
            "d0 d2",
        ),
        (
            "properties.desired.$version = properties.reported.lastDesiredVersion",
            "d4",
        ),
        (
            "properties.desired.$metadata.interval.$lastUpdatedVersion = 2 AND deviceId < 'd2'",
            "d0 d1",
        ),
        (
            "properties.desired.$metadata.$lastUpdated >= '2026-03-01' AND deviceId = 'd3'",
            "d3",
        ),
        ("properties.desired.interval * 2 + 1 = 7", "d3"),
        ("properties.desired.interval % 4 = 3", "d3 d7"),
        ("properties.desired.interval / 2 = 3.5", "d7"),
        ("properties.desired.interval / 0 = 1", ""),
        ("tags.location.room = 'r1' AND version = 3", "d1"),
        ("etag = 'AAAAAAAAAAI=' AND deviceId IN ['d1']", "d1"),
        // A comparison with an absent property, or of values of different types, is undefined and therefore not
        // true.
        ("tags.nothing = 1", ""),
        ("tags.nothing != 1", ""),
        ("NOT tags.nothing = 1", ""),
        ("tags.nothing NIN [1]", ""),
        ("tags.location = tags.location", ""),
        ("properties.reported.list = [1]", ""),
        ("tags.nothing = undefined", ""),
        ("tags.on != 'x'", ""),
        ("tags.nothing = 1 OR deviceId = 'd0'", "d0"),
        (
            "NOT (tags.nothing = 1 AND deviceId = 'd0')",
            "d1 d2 d3 d4 d5 d6 d7 d8 d9",
        ),
        // A value that is not a Boolean does not match.
        ("deviceId", ""),
        ("null = null AND deviceId = 'd0'", "d0"),
        // Top-level members ignore case; names below them do not.
        ("Tags.location.floor = 1 AND deviceId = 'd1'", "d1"),
        ("tags.Location.floor = 1", ""),
        ("moduleId = 'x'", ""),
        ("deviceId.x = 1", ""),
    ] {
        assert_eq!(ids(&hub, condition), expected, "{condition}");
    }
}

/// HUB-QUERY-4, HUB-QUERY-10, HUB-QUERY-11, HUB-QUERY-23: device queries return no modules, and module queries no
/// devices.
#[test]
fn queries_of_modules_and_devices_are_separate() {
    let hub = Hub::new();
    for device in ["a", "b"] {
        hub.create(device);
        for module in ["m1", "m2", "m3"] {
            let body = json!({"deviceId": device, "moduleId": module});
            hub.put(&format!("/devices/{device}/modules/{module}"), &body)
                .ok();
        }
    }
    hub.create_edge("e");
    hub.patch(
        "/twins/b/modules/m2",
        &json!({"properties": {"desired": {"x": 1}}}),
    )
    .ok();
    assert_eq!(ids(&hub, "IS_DEFINED(deviceId)"), "a b e");
    let response = query(
        &hub,
        "SELECT * FROM devices.modules WHERE devices.modules.moduleId = '$edgeHub'",
    );
    assert_eq!(response.header("x-ms-item-type"), Some("Twin"));
    assert_eq!(response.ok(), json!([hub.get("/twins/e/modules/$edgeHub").ok()]));
    assert_eq!(
        rows(
            &hub,
            "SELECT deviceId, moduleId FROM devices.modules WHERE properties.desired.x = 1"
        ),
        json!([{"deviceId": "b", "moduleId": "m2"}])
    );
    // A page may end within a device; the next page continues there.
    let text = "SELECT deviceId, moduleId FROM devices.modules WHERE moduleId != '$edgeHub'";
    let first = page(&hub, text, "4", None);
    let token = first.header("x-ms-continuation").unwrap().to_owned();
    let second = page(&hub, text, "4", Some(&token));
    assert_eq!(second.header("x-ms-continuation"), None);
    assert_eq!(
        second.body,
        json!([
            {"deviceId": "b", "moduleId": "m2"},
            {"deviceId": "b", "moduleId": "m3"},
            {"deviceId": "e", "moduleId": "$edgeAgent"},
        ])
    );
    assert_eq!(
        rows(
            &hub,
            "SELECT deviceId, COUNT() AS n FROM devices.modules GROUP BY deviceId"
        ),
        json!([{"deviceId": "a", "n": 3}, {"deviceId": "b", "n": 3}, {"deviceId": "e", "n": 2}])
    );
}

/// HUB-QUERY-12.
#[test]
fn fields_of_modules_may_have_the_prefix_devices() {
    let hub = Hub::new();
    hub.create("d");
    for id in ["m", "n"] {
        hub.put(
            &format!("/devices/d/modules/{id}"),
            &json!({"deviceId": "d", "moduleId": id}),
        )
        .ok();
    }
    for (text, expected) in [
        (
            "select moduleId from devices.modules where devices.deviceId = 'd'",
            json!([{"moduleId": "m"}, {"moduleId": "n"}]),
        ),
        (
            "SELECT devices.deviceId, devices.moduleId FROM devices.modules \
             WHERE devices.deviceId IN ['d'] AND devices.modules.moduleId != 'm'",
            json!([{"deviceId": "d", "moduleId": "n"}]),
        ),
        (
            "SELECT devices.deviceId, COUNT() AS n FROM devices.modules GROUP BY deviceId",
            json!([{"deviceId": "d", "n": 2}]),
        ),
    ] {
        assert_eq!(query(&hub, text).ok(), expected, "{text}");
    }
    query(&hub, "SELECT * FROM devices WHERE devices.modules.deviceId = 'd'").error(400, "ArgumentInvalid");
}

/// HUB-QUERY-18.
#[test]
fn reserved_word_in_brackets_is_a_name() {
    let hub = Hub::new();
    hub.create("d");
    hub.patch("/twins/d", &json!({"tags": {"group": {"region": "US"}}}))
        .ok();
    assert_eq!(ids(&hub, "tags.[[group]].region = 'US'"), "d");
}

/// HUB-QUERY-9.
#[test]
fn source_may_be_in_any_case() {
    let hub = Hub::new();
    hub.create("d");
    let rows = query(&hub, "SELECT deviceId FROM Devices").ok();
    assert_eq!(rows, json!([{"deviceId": "d"}]));
    assert_eq!(query(&hub, "SELECT * FROM DEVICES.Modules").ok(), json!([]));
}
