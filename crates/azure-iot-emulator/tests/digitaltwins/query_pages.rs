//! Pages of query rows, queries of relationships, and `IS_OF_MODEL` with the descendants of a model.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use crate::fixture::{Instance, model};

/// ADT-FUNCTION-1, ADT-FUNCTION-2.
#[test]
fn is_of_model_includes_descendants_and_higher_versions() {
    let instance = Instance::new();
    let model = |id: &str, base: Option<&str>| {
        let mut model = model(id, json!([]))[0].clone();
        if let Some(base) = base {
            model["extends"] = base.into();
        }
        model
    };
    let batch = json!([
        model("dtmi:m:Base;1", None),
        model("dtmi:m:Base;2", None),
        model("dtmi:m:Middle;1", Some("dtmi:m:Base;1")),
        model("dtmi:m:Leaf;1", Some("dtmi:m:Middle;1")),
        model("dtmi:m:Newer;1", Some("dtmi:m:Base;2")),
        model("dtmi:m:Baseline;1", None),
    ]);
    instance.post("/models", &batch).ok();
    for id in ["Base;1", "Base;2", "Middle;1", "Leaf;1", "Newer;1", "Baseline;1"] {
        instance.put_twin(&id.replace(';', "-"), &format!("dtmi:m:{id}"), json!({}));
    }
    let of = |arguments: &str| {
        instance.ids(&format!(
            "SELECT * FROM DIGITALTWINS T WHERE IS_OF_MODEL({arguments})"
        ))
    };
    assert_eq!(
        of("'dtmi:m:Base;1'"),
        ["Base-1", "Base-2", "Leaf-1", "Middle-1", "Newer-1"]
    );
    assert_eq!(of("T, 'dtmi:m:Base;2'"), ["Base-2", "Newer-1"]);
    assert_eq!(of("'dtmi:m:Middle;1'"), ["Leaf-1", "Middle-1"]);
    assert_eq!(of("'dtmi:m:Base;1', exact"), ["Base-1"]);
    assert_eq!(of("T, 'dtmi:m:Base;1', EXACT"), ["Base-1"]);
    assert_eq!(of("'dtmi:m:None;1'").len(), 0);
    let both = "IS_OF_MODEL('dtmi:m:Middle;1') AND $dtId = 'Leaf-1'";
    assert_eq!(
        instance.ids(&format!("SELECT * FROM DIGITALTWINS WHERE {both}")),
        ["Leaf-1"]
    );
    let not = instance.ids("SELECT * FROM DIGITALTWINS WHERE NOT IS_OF_MODEL('dtmi:m:Base;1')");
    assert_eq!(not, ["Baseline-1"]);
}

/// ADT-ROW-6, ADT-PATH-5, ADT-QUERY-13.
#[test]
fn relationships_can_be_queried() {
    let instance = Instance::with_building();
    let body = json!({"$relationshipName": "adjacent", "$targetId": "room-2", "door": "oak"});
    instance.put("/digitaltwins/room-1/relationships/n", &body).ok();
    let query = |condition: &str| instance.query(&format!("SELECT * FROM RELATIONSHIPS R WHERE {condition}"));
    assert_eq!(
        query("R.door = 'oak'"),
        [instance.get("/digitaltwins/room-1/relationships/n").body]
    );
    assert_eq!(query("R.$sourceId = 'floor-1'").len(), 2);
    assert_eq!(query("$targetId = 'room-2'").len(), 2);
    assert_eq!(
        query("R.$targetId IN ['room-1', 'room-2'] AND R.$sourceId = 'floor-1'").len(),
        2
    );
    assert_eq!(
        query("R.$relationshipName = 'contains' AND R.$relationshipId = 'r2'").len(),
        1
    );
    assert_eq!(query("R.$sourceId = 'none'").len(), 0);
    assert_eq!(
        instance.query("SELECT COUNT() FROM RELATIONSHIPS"),
        [json!({"COUNT": 3})]
    );
    assert_eq!(
        instance.query("SELECT R.$targetId AS to, R.door FROM RELATIONSHIPS R WHERE R.$sourceId = 'room-1'"),
        [json!({"to": "room-2", "door": "oak"})]
    );
}

/// ADT-QUERY-1, ADT-QUERY-5, ADT-QUERY-6, ADT-QUERY-7, ADT-QUERY-31: tokens are bound to their query and
/// instance.
#[test]
fn queries_are_paged_by_token() {
    let instance = Instance::with_models();
    for number in 0..25 {
        instance.put_twin(
            &format!("t{number:02}"),
            "dtmi:test:Floor;1",
            json!({"level": number % 2}),
        );
    }
    let mut body = json!({"query": "SELECT * FROM DIGITALTWINS WHERE level = 0"});
    let (mut found, mut sizes) = (Vec::new(), Vec::new());
    loop {
        let reply = instance.query_page(&body, 5).ok();
        let ids = reply.column("$dtId");
        sizes.push(ids.len());
        found.extend(ids);
        let Some(token) = reply.body["continuationToken"].as_str() else {
            break;
        };
        // The token determines the query; the query in the body is ignored.
        body = json!({"query": "SELECT * FROM RELATIONSHIPS", "continuationToken": token});
    }
    assert_eq!((found.len(), sizes), (13, vec![5, 5, 3]));
    found.sort();
    found.dedup();
    assert_eq!(found.len(), 13);

    let page = |size: usize| instance.query_page(&json!({"query": "SELECT * FROM DIGITALTWINS"}), size);
    let token = page(2).body["continuationToken"].clone();
    for bad in [
        json!("abc"),
        json!(""),
        json!(token.as_str().map(|token| &token[1..])),
    ] {
        instance
            .post("/query", &json!({ "continuationToken": bad }))
            .is_error(400, "BadRequest", "token");
    }
    Instance::with_models()
        .post("/query", &json!({ "continuationToken": token }))
        .is_error(400, "BadRequest", "token");
    let body = json!({"query": "SELECT * FROM DIGITALTWINS"});
    let bad = instance.send(
        Method::POST,
        "/query",
        Some(&body),
        &[("max-items-per-page", "none")],
    );
    bad.is_error(400, "InvalidArgument", "max-items-per-page");
}

/// ADT-QUERY-5: every page of a query starts to match the pattern at the same variable, even if an index is built
/// between two pages.
#[test]
fn every_page_starts_from_the_same_variable_of_a_pattern() {
    let instance = Instance::with_models();
    for number in 0..20 {
        instance.put_twin(&format!("t{number}"), "dtmi:test:Floor;1", json!({"level": 1}));
    }
    for number in 0..20 {
        instance.relate(
            &format!("t{number}"),
            "r",
            "contains",
            &format!("t{}", 19 - number),
        );
    }
    let ids: Vec<_> = (0..20).map(|number| format!("'t{number}'")).collect();
    let query = format!(
        "SELECT a.$dtId AS a FROM DIGITALTWINS MATCH (a)-[:contains]->(b) \
         WHERE (a.$dtId = 'none' OR a.$dtId IN [{}]) AND b.level = 1",
        ids.join(", ")
    );
    let first = instance.query_page(&json!({ "query": query }), 5).ok();
    let mut found = first.column("a");
    instance.query("SELECT COUNT() FROM DIGITALTWINS T WHERE T.level = 1");
    let mut token = first.body["continuationToken"].clone();
    while token.is_string() {
        let page = instance
            .query_page(&json!({ "continuationToken": token }), 5)
            .ok();
        found.extend(page.column("a"));
        token = page.body["continuationToken"].clone();
    }
    found.sort();
    found.dedup();
    assert_eq!(found.len(), 20);
}

/// ADT-QUERY-7: a token holds positions in one graph; in another graph it would skip or repeat rows.
#[test]
fn tokens_are_bound_to_the_graph() {
    let instance = Instance::with_models();
    for number in 0..30 {
        instance.put_twin(&format!("t{number}"), "dtmi:test:Floor;1", json!({}));
    }
    for number in 0..10 {
        instance.delete(&format!("/digitaltwins/t{number}")).ok();
    }
    let token = || {
        let page = instance.query_page(&json!({"query": "SELECT * FROM DIGITALTWINS"}), 5);
        page.ok().body["continuationToken"].clone()
    };
    let next = |token: &Value| instance.query_page(&json!({ "continuationToken": token }), 5);
    let before = token();
    instance.service.set_query_lag(Duration::from_secs(1));
    next(&before).is_error(400, "BadRequest", "token");
    let lagging = token();
    next(&lagging).ok();
    instance.service.set_query_lag(Duration::ZERO);
    next(&lagging).is_error(400, "BadRequest", "token");
    assert_eq!(
        next(&before).ok().column("$dtId").len(),
        5,
        "the token is valid again in its own graph"
    );
    instance.service.load(&instance.service.dump()).expect("a state");
    next(&before).is_error(400, "BadRequest", "token");
}

/// ADT-QUERY-4: twins are deleted during a scan of several batches.
#[test]
fn long_scan_returns_each_twin_once() {
    let instance = Instance::with_models();
    for number in 0..3000 {
        instance.put_twin(
            &format!("t{number}"),
            "dtmi:test:Floor;1",
            json!({"level": number}),
        );
    }
    for number in (0..3000).step_by(3) {
        instance.delete(&format!("/digitaltwins/t{number}")).ok();
    }
    let count = |query: &str| instance.query(query)[0]["COUNT"].as_u64();
    assert_eq!(count("SELECT COUNT() FROM DIGITALTWINS"), Some(2000));
    assert_eq!(
        count("SELECT COUNT() FROM DIGITALTWINS WHERE IS_OF_MODEL('dtmi:test:Space;1')"),
        Some(2000)
    );
    assert_eq!(
        count("SELECT COUNT() FROM DIGITALTWINS WHERE level >= 2998"),
        Some(2)
    );
    let body = json!({"query": "SELECT * FROM DIGITALTWINS"});
    assert_eq!(
        instance.query_page(&body, 5000).body["value"]
            .as_array()
            .map(Vec::len),
        Some(1000),
        "at most"
    );
    assert_eq!(
        instance.post("/query", &body).body["value"]
            .as_array()
            .map(Vec::len),
        Some(100),
        "by default"
    );
}
