//! Rules for the content of configurations.

use azure_iot_emulator::Tier;
use serde_json::{Value, json};

use crate::configurations::{content, edge_content, put};
use crate::support::Hub;

/// HUB-CONFIG-5, HUB-CONFIG-6, HUB-CONFIG-7, HUB-CONFIG-8.
#[test]
fn configuration_content_must_be_present_and_of_one_kind() {
    let hub = Hub::new();
    for bad in [
        json!(null),
        json!({}),
        json!({"deviceContent": null}),
        json!({"deviceContent": {"tags.a": 1}}),
        json!({"deviceContent": {"properties.desired": 5}}),
        json!({"deviceContent": {"properties.desiredx": {}}}),
        json!({"deviceContent": {"properties.desired.a.": 1}}),
        json!({"deviceContent": {}, "moduleContent": {}}),
        json!({"modulesContent": {"other": {"properties.desired": {}}}}),
        json!({"modulesContent": {"$edgeAgent": 1}}),
        json!({"somethingElse": {}}),
    ] {
        put(&hub, "c", &json!({ "content": bad })).error(400, "InvalidConfigurationContent");
    }
    put(&hub, "c", &json!({})).error(400, "InvalidConfigurationContent");
    put(&hub, "c", &json!({"content": content()})).ok();
    hub.put_if("/configurations/c", "*", &json!({"priority": 1}))
        .error(400, "InvalidConfigurationContent");
}

/// HUB-CONFIG-9, HUB-CONFIG-10.
#[test]
fn target_condition_must_match_the_content() {
    let hub = Hub::new();
    let module = json!({"moduleContent": {"properties.desired.a": 1}});
    for (content, condition) in [
        (content(), "tags.floor ="),
        (content(), "FROM devices.modules WHERE tags.a = 1"),
        (module.clone(), "tags.a = 1"),
        (module.clone(), "*"),
    ] {
        put(
            &hub,
            "c",
            &json!({"content": content, "targetCondition": condition}),
        )
        .error(400, "InvalidConfigurationTargetCondition");
    }
    put(
        &hub,
        "c",
        &json!({"content": module, "targetCondition": "FROM devices.modules WHERE moduleId = 'm'"}),
    )
    .ok();
}

/// HUB-CONFIG-20.
#[test]
fn test_queries_reports_errors_in_the_body() {
    let hub = Hub::new();
    let test = |body: Value| {
        hub.send("POST", "/configurations/testQueries", None, Some(&body))
            .ok()
    };
    let result = test(json!({
        "targetCondition": "tags.a = 1",
        "customMetricQueries": {"good": "SELECT deviceId FROM devices", "bad": "SELEC"},
    }));
    assert_eq!(result["targetConditionError"], json!(null));
    let errors = result["customMetricQueryErrors"].as_object().unwrap();
    assert_eq!(errors.keys().collect::<Vec<_>>(), ["bad"]);
    for bad in ["*", "tags.a ="] {
        let result = test(json!({ "targetCondition": bad }));
        assert!(result["targetConditionError"].is_string(), "{result}");
        assert_eq!(result["customMetricQueryErrors"], json!({}));
    }
}

/// HUB-CONFIG-14.
#[test]
fn custom_metrics_are_checked_and_counted() {
    let hub = Hub::new();
    for id in ["a", "b"] {
        hub.create(id);
    }
    hub.report("a", json!({"state": "done"}));
    let body = |queries: Value| json!({"content": content(), "metrics": { "queries": queries }});
    let query = "SELECT deviceId FROM devices WHERE properties.reported.state = 'done'";
    put(&hub, "c", &body(json!({ "done": query }))).ok();
    let metrics = hub.get("/configurations/c").ok()["metrics"].clone();
    assert_eq!(
        metrics,
        json!({"results": {"done": 1}, "queries": {"done": query}})
    );
    put(&hub, "bad", &body(json!({"x": "SELEC"}))).error(400, "InvalidConfigurationCustomMetricsQuery");
    let six: Value = (0..6).map(|number| (number.to_string(), json!(query))).collect();
    put(&hub, "six", &body(six)).error(400, "InvalidConfigurationCustomMetricsQuery");
}

/// HUB-CONFIG-23.
#[test]
fn hub_has_at_most_a_hundred_configurations() {
    let hub = Hub::new();
    for number in 0..100 {
        put(&hub, &format!("c{number}"), &json!({"content": content()})).ok();
    }
    put(&hub, "one-more", &json!({"content": content()})).error(413, "ConfigurationCountLimitExceeded");
}

/// HUB-CONFIG-24.
#[test]
fn free_hub_has_at_most_twenty_configurations_and_ten_deployments() {
    let hub = Hub::new();
    hub.engine.set_tier(Tier::F1);
    let deployment = json!({"content": edge_content(json!({}))});
    for number in 0..10 {
        put(&hub, &format!("e{number}"), &deployment).ok();
    }
    put(&hub, "e10", &deployment).error(413, "ConfigurationCountLimitExceeded");
    for number in 0..10 {
        put(&hub, &format!("c{number}"), &json!({"content": content()})).ok();
    }
    put(&hub, "c10", &json!({"content": content()})).error(413, "ConfigurationCountLimitExceeded");
    // An update does not count as an additional configuration.
    hub.put_if("/configurations/e0", "*", &deployment).ok();
}

/// HUB-CONFIG-11.
#[test]
fn target_condition_names_only_ids_tags_and_reported_properties() {
    let hub = Hub::new();
    let module = json!({"moduleContent": {"properties.desired.a": 1}});
    let test = |condition: &str| {
        let body = json!({ "targetCondition": condition });
        let tested = hub.send("POST", "/configurations/testQueries", None, Some(&body));
        tested.ok()["targetConditionError"].clone()
    };
    for (number, (content, condition)) in [
        (content(), "deviceId IN ['a', 'b'] AND devices.tags.floor = 1"),
        (
            content(),
            "properties.reported.devicePowerState = 'on' OR IS_DEFINED(Tags.x)",
        ),
        (
            module.clone(),
            "FROM devices.modules WHERE moduleId = 'm' AND devices.deviceId = 'd'",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let body = json!({"content": content, "targetCondition": condition});
        put(&hub, &format!("c{number}"), &body).ok();
        assert_eq!(test(condition), json!(null), "{condition}");
    }
    for (content, condition) in [
        (content(), "capabilities.iotEdge = true"),
        (content(), "tags.a = 1 AND NOT (status = 'enabled')"),
        (content(), "properties.desired.x = 1"),
        (content(), "STARTSWITH(modelId, 'dtmi')"),
        (content(), "tags.a + version = 1"),
        (content(), "configurations.[[c1]].status = 'Applied'"),
        (content(), "moduleId = 'm'"),
        (module, "FROM devices.modules WHERE connectionState = 'Connected'"),
    ] {
        let body = json!({"content": content, "targetCondition": condition});
        put(&hub, "bad", &body).error(400, "InvalidConfigurationTargetCondition");
        assert!(test(condition).is_string(), "{condition}");
    }
}

/// HUB-CONFIG-22.
#[test]
fn metric_without_a_source_is_accepted() {
    let hub = Hub::new();
    hub.create("a");
    let queries = json!({"all": "select *"});
    put(
        &hub,
        "c",
        &json!({"content": content(), "metrics": { "queries": queries }}),
    )
    .ok();
    assert_eq!(
        hub.get("/configurations/c").ok()["metrics"]["results"],
        json!({"all": 1})
    );
    let tested = hub.send(
        "POST",
        "/configurations/testQueries",
        None,
        Some(&json!({ "customMetricQueries": queries })),
    );
    assert_eq!(tested.ok()["customMetricQueryErrors"], json!({}));
}

/// HUB-CONFIG-16, HUB-CONFIG-31.
#[test]
fn configuration_has_every_member_and_its_system_metrics_have_queries() {
    let hub = Hub::new();
    let body = json!({"content": edge_content(json!({})), "targetCondition": "tags.x = 1", "priority": "7"});
    let created = put(&hub, "c12", &body).ok();
    let mut members: Vec<_> = created.as_object().unwrap().keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(
        members,
        [
            "content",
            "contentType",
            "createdTimeUtc",
            "etag",
            "id",
            "labels",
            "lastUpdatedTimeUtc",
            "metrics",
            "priority",
            "schemaVersion",
            "systemMetrics",
            "targetCondition",
        ]
    );
    assert_eq!(created["priority"], 7);
    let queries = created["systemMetrics"]["queries"].as_object().unwrap();
    let applied = queries["appliedCount"].as_str().unwrap();
    assert!(
        applied.contains("moduleId = '$edgeAgent'")
            && applied.contains("configurations.[[c12]].status = 'Applied'"),
        "{applied}"
    );
    for name in ["targetedCount", "reportedSuccessfulCount", "reportedFailedCount"] {
        assert!(queries[name].as_str().unwrap().starts_with("SELECT"), "{name}");
    }
}

/// HUB-LIMIT-12, HUB-LIMIT-13.
#[test]
fn content_beyond_the_limits_of_twins_is_refused() {
    let hub = Hub::new();
    hub.create_edge("edge");
    let apply = |modules: Value| {
        let body = json!({"modulesContent": {"$edgeAgent": {"properties.desired": {"modules": modules}}}});
        hub.send(
            "POST",
            "/devices/edge/applyConfigurationContent",
            None,
            Some(&body),
        )
    };
    let text = apply(json!({"m": {"settings": "x".repeat(5000)}})).error(400, "ArgumentInvalid");
    assert_eq!(
        text,
        "Property or Tag value should be maximum 4096 bytes. Error in Property/Tag modules.m.settings"
    );
    put(&hub, "c", &json!({"content": edge_content(json!({"a.b": 1}))})).error(400, "ArgumentInvalid");
    let many: Value = (0..12)
        .map(|number| (number.to_string(), json!("x".repeat(3000))))
        .collect();
    assert_eq!(
        apply(many).error(403, "DeviceModelMaxPropertiesExceeded"),
        "'Properties.Desired' size should be less than 32768 bytes."
    );
    assert_eq!(hub.get("/twins/edge/modules/$edgeAgent").ok()["version"], 2);
}

/// HUB-CONFIG-30, HUB-CONFIG-34, HUB-CONFIG-35.
#[test]
fn deployment_that_is_too_large_creates_no_module_and_changes_nothing() {
    let hub = Hub::new();
    hub.create_edge("edge");
    let many: Value = (0..12)
        .map(|number| (format!("properties.desired.x{number}"), json!("x".repeat(3000))))
        .collect();
    let modules = json!({"$edgeAgent": {"properties.desired": {"a": 1}}, "new": many});
    let before = hub.get("/twins/edge/modules/$edgeAgent").ok();
    let body = json!({ "modulesContent": modules });
    let path = "/devices/edge/applyConfigurationContent";
    hub.send("POST", path, None, Some(&body))
        .error(403, "DeviceModelMaxPropertiesExceeded");
    assert_eq!(hub.get("/twins/edge/modules/$edgeAgent").ok(), before);
    hub.get("/devices/edge/modules/new").error(404, "ModuleNotFound");
    // A configuration, in contrast, is applied to each twin independently: `$edgeAgent` is changed even though the
    // properties of `new` are refused.
    put(&hub, "c", &json!({"content": body, "targetCondition": "*"})).ok();
    hub.get("/devices/edge/modules/new").error(404, "ModuleNotFound");
    let agent = hub.get("/twins/edge/modules/$edgeAgent").ok();
    assert_eq!(agent["properties"]["desired"]["a"], 1);
}

/// HUB-CONFIG-32.
#[test]
fn every_name_in_a_path_of_the_content_is_checked() {
    let hub = Hub::new();
    hub.create("a");
    hub.create_edge("edge");
    let deep = ["n"; 14].join(".");
    let endless = vec!["n"; 50_000].join(".");
    for path in [
        "$metadata.x",
        "$version.x",
        "$version",
        "x.$metadata.y",
        "a b.c#.x",
        &deep,
        &endless,
    ] {
        let path = format!("properties.desired.{path}");
        let settings = json!({ path: 1 });
        let body = json!({"content": {"deviceContent": settings}, "targetCondition": "*"});
        let text = put(&hub, "x", &body).error(400, "ArgumentInvalid");
        assert!(text.contains("Error in Property/Tag"), "{text}");
        let body = json!({"modulesContent": {"m": settings}});
        hub.send(
            "POST",
            "/devices/edge/applyConfigurationContent",
            None,
            Some(&body),
        )
        .error(400, "ArgumentInvalid");
    }
    let deepest = format!("properties.desired.{}", ["n"; 11].join("."));
    let body = json!({"content": {"deviceContent": { deepest: 1 }}, "targetCondition": "*"});
    put(&hub, "x", &body).ok();
    hub.create("b");
    hub.get("/devices/edge/modules/m").error(404, "ModuleNotFound");
}
