//! Queries of one collection.

use serde_json::{Value, json};

use crate::fixture::{Instance, model};

/// Returns an instance with twins of one model that has properties of every schema.
fn instance() -> Instance {
    let instance = Instance::new();
    let contents = json!([
        {"@type": "Property", "name": "name", "schema": "string"},
        {"@type": "Property", "name": "size", "schema": "double"},
        {"@type": "Property", "name": "big", "schema": "long"},
        {"@type": "Property", "name": "on", "schema": "boolean"},
        {"@type": "Property", "name": "GROUP", "schema": "string"},
        {"@type": "Property", "name": "tags", "schema": {
            "@type": "Array", "elementSchema": "string"}},
        {"@type": "Property", "name": "map", "schema": {
            "@type": "Map", "mapKey": {"name": "k", "schema": "string"},
            "mapValue": {"name": "v", "schema": "integer"}}},
        {"@type": "Property", "name": "place", "schema": {
            "@type": "Object", "fields": [{"name": "city", "schema": "string"}]}},
        {"@type": "Component", "name": "part", "schema": "dtmi:q:Part;1"},
    ]);
    let mut thing = model("dtmi:q:Thing;1", contents)[0].clone();
    let part = json!([{"@type": "Property", "name": "serial", "schema": "string"}]);
    let mut part = model("dtmi:q:Part;1", part)[0].clone();
    thing["@context"] = "dtmi:dtdl:context;3".into();
    part["@context"] = "dtmi:dtdl:context;3".into();
    instance.post("/models", &json!([thing, part])).ok();
    for (id, mut body) in [
        (
            "a",
            json!({"name": "D'Souza", "size": 1, "on": true, "GROUP": "x", "part": {"serial": "s1"}}),
        ),
        (
            "b",
            json!({"name": "b\\b", "size": 2.5, "on": false, "tags": ["red", "blue"], "map": {"1key": 5, "key": 7}}),
        ),
        (
            "c",
            json!({"name": "cc", "size": 3, "big": 9_007_199_254_740_993_i64, "place": {"city": "Ulm"}}),
        ),
        ("d", json!({"size": 4})),
    ] {
        if body.get("part").is_none() {
            body["part"] = json!({});
        }
        body["part"]["$metadata"] = json!({});
        instance.put_twin(id, "dtmi:q:Thing;1", body);
    }
    instance
}

#[track_caller]
fn assert_ids(instance: &Instance, condition: &str, expected: &[&str]) {
    let ids = instance.ids(&format!("SELECT * FROM DIGITALTWINS T WHERE {condition}"));
    assert_eq!(ids, expected, "{condition}");
}

/// ADT-QUERY-2, ADT-QUERY-3, ADT-ROW-1, ADT-ROW-7.
#[test]
fn query_response_has_rows_token_and_charge() {
    let instance = instance();
    let reply = instance.post(
        "/query",
        &json!({"query": "SELECT * FROM DIGITALTWINS WHERE $dtId = 'a'"}),
    );
    assert_eq!(reply.status, 200);
    let twin = instance.get("/digitaltwins/a").body;
    assert_eq!(
        reply.body.to_string(),
        json!({"value": [twin], "continuationToken": null}).to_string()
    );
    let charge: f64 = reply
        .header("query-charge")
        .expect("a charge")
        .parse()
        .expect("a number");
    assert!((2.0..4.0).contains(&charge), "{charge}");
    let none = instance.post(
        "/query",
        &json!({"query": "SELECT * FROM DIGITALTWINS WHERE $dtId = 'x'"}),
    );
    assert_eq!(none.body.to_string(), r#"{"value":[],"continuationToken":null}"#);
}

/// ADT-QUERY-10, ADT-QUERY-18, ADT-QUERY-23, ADT-QUERY-29.
#[test]
fn invalid_queries_are_refused() {
    let instance = instance();
    let text = "SQL query parse failed: SQL Parser Error, Line=1, Position=0, Message=missing SELECT at 'foo' See samples in https://aka.ms/adtv2query for the correct syntax.";
    instance.refused_query("foo").is_error(400, "SqlQueryError", text);
    instance
        .refused_query("SELECT *\nFROM DIGITALTWINS WHERE")
        .is_error(
            400,
            "SqlQueryError",
            "Line=2, Position=23, Message=mismatched input '<EOF>' expecting",
        );
    for query in [
        "",
        "SELECT * FROM TWINS",
        "SELECT * FROM DIGITALTWINS ORDER BY x",
        "SELECT * FROM DIGITALTWINS WHERE name = \"x\"",
        "SELECT X.name FROM DIGITALTWINS T JOIN U RELATED T.r WHERE T.$dtId = 'a'",
    ] {
        assert_eq!(instance.refused_query(query).code(), "SqlQueryError", "{query}");
    }
    for body in [json!({}), json!([]), json!({"query": 1}), json!({"query": null})] {
        instance
            .post("/query", &body)
            .is_error(400, "BadRequest", "query");
    }
}

/// ADT-QUERY-13, ADT-ROW-5.
#[test]
fn count_returns_one_row() {
    let instance = instance();
    assert_eq!(
        instance.query("SELECT COUNT() FROM DIGITALTWINS"),
        [json!({"COUNT": 4})]
    );
    assert_eq!(
        instance.query("SELECT COUNT() FROM DIGITALTWINS WHERE size > 2"),
        [json!({"COUNT": 3})]
    );
    assert_eq!(
        instance.query("SELECT COUNT() FROM DIGITALTWINS WHERE size > 9"),
        [json!({"COUNT": 0})]
    );
}

/// ADT-ROW-1, ADT-ROW-2, ADT-ROW-4, ADT-QUERY-30.
#[test]
fn rows_have_the_members_of_the_projection() {
    let instance = instance();
    let twin = instance.get("/digitaltwins/a").body;
    let row = |select: &str| {
        let mut rows = instance.query(&format!(
            "SELECT {select} FROM DIGITALTWINS D WHERE D.$dtId = 'a'"
        ));
        rows.pop().expect("a row")
    };
    assert_eq!(row("*"), twin);
    assert_eq!(row("D"), json!({"D": twin}));
    assert_eq!(row("D AS thing"), json!({"thing": twin}));
    assert_eq!(row("TOP(1)"), twin);
    assert_eq!(
        row("D.name, D.size AS y, D.part.serial, D.absent"),
        json!({"name": "D'Souza", "y": 1, "serial": "s1"})
    );
    assert_eq!(row("name, $dtId"), json!({"name": "D'Souza", "$dtId": "a"}));
    assert_eq!(row("D.part"), json!({"part": twin["part"]}));
    assert_eq!(row("D.$metadata.$model"), json!({"$model": "dtmi:q:Thing;1"}));
    assert_eq!(
        row("D.$metadata.name"),
        json!({"name": twin["$metadata"]["name"]})
    );
    assert_eq!(row("D.$metadata"), json!({"$metadata": twin["$metadata"]}));
}

/// ADT-QUERY-11, ADT-QUERY-12: TOP works with and without a projection, and below and above the page size.
#[test]
fn top_limits_the_number_of_rows() {
    let instance = instance();
    assert_eq!(instance.query("SELECT TOP(2) FROM DIGITALTWINS").len(), 2);
    assert_eq!(
        instance.query("select top (3) T.size from digitaltwins T").len(),
        3
    );
    assert_eq!(instance.query("SELECT TOP(50) FROM DIGITALTWINS").len(), 4);
    let body = json!({"query": "SELECT TOP(3) FROM DIGITALTWINS"});
    let first = instance.query_page(&body, 2);
    let token = first.body["continuationToken"].clone();
    let second = instance.query_page(&json!({ "continuationToken": token }), 2);
    assert_eq!(second.body["value"].as_array().map(Vec::len), Some(1));
    assert_eq!(second.body["continuationToken"], Value::Null);
}

/// ADT-QUERY-11, ADT-QUERY-14, ADT-QUERY-15, ADT-QUERY-19, ADT-QUERY-32.
#[test]
fn comparisons_respect_types_and_operand_order() {
    let instance = instance();
    assert_ids(&instance, "T.size = 1", &["a"]);
    assert_ids(&instance, "T.size = 1.0", &["a"]);
    assert_ids(&instance, "2.5 = size", &["b"]);
    assert_ids(&instance, "T.size != 1", &["b", "c", "d"]);
    assert_ids(&instance, "T.size >= 2.5 AND T.size < 4", &["b", "c"]);
    assert_ids(&instance, "T.size <= 1 OR T.size > 3", &["a", "d"]);
    assert_ids(&instance, "T.big = 9007199254740993", &["c"]);
    assert_ids(&instance, "T.big = 9007199254740992", &[]);
    assert_ids(&instance, "T.on = true", &["a"]);
    assert_ids(&instance, "T.on = FALSE", &["b"]);
    assert_ids(&instance, "T.name > 'a'", &["b", "c"]);
    assert_ids(&instance, "T.name = 'CC'", &[]);
    assert_ids(&instance, "T.size = '1'", &[]);
    assert_ids(&instance, "T.size IN [1, 4, 'x']", &["a", "d"]);
    assert_ids(&instance, "T.name NIN ['cc']", &["a", "b"]);
    assert_ids(&instance, "T.[[GROUP]] = T.name", &[]);
    assert_ids(&instance, "T.size = T.size", &["a", "b", "c", "d"]);
}

/// ADT-QUERY-16.
#[test]
fn operator_precedence_is_not_and_or() {
    let instance = instance();
    assert_ids(&instance, "NOT T.size = 1", &["b", "c", "d"]);
    assert_ids(&instance, "NOT T.size = 1 AND T.size < 3", &["b"]);
    assert_ids(&instance, "NOT (T.size = 1 AND T.size < 3)", &["b", "c", "d"]);
    assert_ids(&instance, "T.size = 1 OR T.size = 3 AND T.name = 'x'", &["a"]);
    assert_ids(&instance, "(T.size = 1 OR T.size = 3) AND T.name = 'cc'", &["c"]);
}

/// ADT-QUERY-11, ADT-QUERY-17.
#[test]
fn absent_property_is_neither_equal_nor_different() {
    let instance = instance();
    assert_ids(&instance, "T.SIZE = 1", &[]);
    assert_ids(&instance, "T.SIZE != 1", &[]);
    assert_ids(&instance, "NOT T.SIZE = 1", &[]);
    assert_ids(&instance, "T.SIZE = 1 OR T.size = 1", &["a"]);
    assert_ids(&instance, "T.name.x = 1", &[]);
}

/// ADT-QUERY-18, ADT-QUERY-20, ADT-QUERY-21, ADT-PATH-4.
#[test]
fn strings_use_backslash_and_names_use_brackets_as_escapes() {
    let instance = instance();
    assert_ids(&instance, "T.[[GROUP]] = 'x'", &["a"]);
    assert_ids(&instance, "[[GROUP]] = 'x'", &["a"]);
    assert_ids(&instance, r"T.name = 'D\'Souza'", &["a"]);
    assert_ids(&instance, r"T.name = 'b\\b'", &["b"]);
    assert_ids(&instance, "T.map.[[1key]] = 5", &["b"]);
    assert_eq!(
        instance
            .refused_query("SELECT * FROM DIGITALTWINS WHERE GROUP = 'x'")
            .code(),
        "SqlQueryError"
    );
}

/// ADT-PATH-1, ADT-PATH-2, ADT-PATH-3, ADT-PATH-4, ADT-QUERY-22.
#[test]
fn paths_reach_components_objects_maps_and_metadata() {
    let instance = instance();
    assert_ids(&instance, "T.part.serial = 's1'", &["a"]);
    assert_ids(&instance, "T.place.city = 'Ulm'", &["c"]);
    assert_ids(&instance, "T.map.key = 7", &["b"]);
    assert_ids(&instance, "T.$dtId = 'a'", &["a"]);
    assert_ids(&instance, "'a' = $dtId", &["a"]);
    assert_ids(&instance, "T.$dtId IN ['a', 'c', 'x', 1]", &["a", "c"]);
    assert_ids(
        &instance,
        "T.$metadata.$model = 'dtmi:q:Thing;1'",
        &["a", "b", "c", "d"],
    );
    assert_ids(
        &instance,
        "T.$metadata.name.lastUpdateTime > '2025-05-02'",
        &["a", "b", "c"],
    );
    assert_ids(&instance, "T.$metadata.$lastUpdateTime < '2025-05-02'", &[]);
    assert_ids(
        &instance,
        "IS_DEFINED(T.part.$metadata.serial.lastUpdateTime)",
        &["a"],
    );
    let etag = instance.get("/digitaltwins/b").etag();
    assert_ids(&instance, &format!("T.$etag = '{etag}'"), &["b"]);
}

/// ADT-FUNCTION-4, ADT-FUNCTION-5, ADT-FUNCTION-6, ADT-FUNCTION-7, ADT-FUNCTION-8, ADT-FUNCTION-9, ADT-QUERY-11.
#[test]
fn functions_test_types_strings_and_arrays() {
    let instance = instance();
    assert_ids(&instance, "IS_DEFINED(T.name)", &["a", "b", "c"]);
    assert_ids(&instance, "NOT IS_DEFINED(T.name)", &["d"]);
    assert_ids(&instance, "IS_NULL(T.name)", &[]);
    assert_ids(&instance, "IS_BOOL(T.on)", &["a", "b"]);
    assert_ids(
        &instance,
        "IS_NUMBER(T.size) AND is_string(T.name)",
        &["a", "b", "c"],
    );
    assert_ids(&instance, "NOT IS_NUMBER(T.big)", &["a", "b", "d"]);
    assert_ids(&instance, "IS_OBJECT(T.place)", &["c"]);
    assert_ids(&instance, "IS_OBJECT(T.part)", &["a", "b", "c", "d"]);
    assert_ids(&instance, "IS_OBJECT(T.tags)", &[]);
    assert_ids(&instance, "IS_PRIMITIVE(T.on)", &["a", "b"]);
    assert_ids(&instance, "IS_PRIMITIVE(T.tags)", &[]);
    assert_ids(&instance, "STARTSWITH(T.name, 'D')", &["a"]);
    assert_ids(&instance, "STARTSWITH(T.name, 'd')", &[]);
    assert_ids(
        &instance,
        "ENDSWITH(T.name, 'c') OR CONTAINS(T.name, 'Sou')",
        &["a", "c"],
    );
    assert_ids(&instance, "ARRAY_CONTAINS(T.tags, 'red')", &["b"]);
    assert_ids(&instance, "ARRAY_CONTAINS(T.tags, 'green')", &[]);
    assert_ids(&instance, "ARRAY_CONTAINS(T.name, 'cc')", &[]);
}
