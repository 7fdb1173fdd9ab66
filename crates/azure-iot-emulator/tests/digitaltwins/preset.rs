//! The preset building.

use serde_json::{Value, json};

use crate::fixture::Instance;

#[test]
fn building_can_be_queried_and_changed() {
    let instance = Instance::new();
    instance.service.load_building().expect("an empty instance");
    let count = |what: &str| instance.query(&format!("SELECT COUNT() FROM {what}"))[0]["COUNT"].clone();
    assert_eq!(
        (count("DIGITALTWINS"), count("RELATIONSHIPS")),
        (json!(28), json!(36))
    );
    let rooms = "SELECT R.$dtId FROM DIGITALTWINS MATCH (B)-[:contains*..2]->(R)<-[:observes]-(S) \
        WHERE B.$dtId = 'building' AND S.battery = 80";
    assert_eq!(instance.query(rooms).len(), 4);
    // The building's twins can be patched like any other twin.
    let patch = json!([{"op": "replace", "path": "/thermostat/target", "value": 19}]);
    instance.patch("/digitaltwins/room-1-1", &patch).ok();
    let error = instance.service.load_building().expect_err("the building exists");
    assert!(error.to_string().contains("ModelIdAlreadyExists"), "{error}");
}

#[test]
fn building_is_loaded_completely_or_not_at_all() {
    let instance = Instance::with_models();
    // The sensor is one of the last twins to be loaded, so a load that is not atomic would leave most of the others
    // behind.
    instance.put_twin("sensor-3-4", "dtmi:test:Floor;1", json!({}));
    let before = instance.service.dump();
    let error = instance
        .service
        .load_building()
        .expect_err("a twin of this id exists");
    assert!(error.to_string().contains("sensor-3-4"), "{error}");
    assert_eq!(instance.service.dump(), before);
    instance.delete("/digitaltwins/sensor-3-4").ok();
    instance.service.load_building().expect("no twin is in the way");
}

/// Returns the fenced code blocks in a language: the content and end offset of each.
fn blocks<'a>(text: &'a str, language: &str) -> Vec<(usize, &'a str)> {
    let fence = format!("\n```{language}\n");
    let starts = text.match_indices(&fence).map(|(at, _)| at + fence.len());
    starts
        .map(|start| {
            let length = text[start..].find("\n```\n").expect("the end of a block");
            (start + length, &text[start..start + length])
        })
        .collect()
}

/// Runs the queries of `docs/emulator.md`.
#[test]
fn documented_queries_return_the_documented_rows() {
    let text = include_str!("../../../../docs/emulator.md");
    let instance = Instance::new();
    instance.service.load_building().expect("an empty instance");
    let rows = blocks(text, "json");
    let queries = blocks(text, "sql");
    assert!(queries.len() >= 3, "{queries:?}");
    for (end, query) in queries {
        let (_, rows) = rows
            .iter()
            .find(|(at, _)| *at > end)
            .expect("rows follow the query");
        let rows: Vec<Value> = serde_json::from_str(rows).expect("rows");
        assert!(!rows.is_empty());
        assert_eq!(instance.query(query), rows, "{query}");
    }
}
