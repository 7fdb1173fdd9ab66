//! Unsupported clauses, reserved words and limits of the query language.

use http::Method;
use serde_json::{Value, json};

use crate::fixture::{Instance, model};

const RESERVED: [&str; 37] = [
    "ALL",
    "AND",
    "AS",
    "ASC",
    "AVG",
    "BY",
    "COUNT",
    "DESC",
    "DEVICES_JOBS",
    "DEVICES_MODULES",
    "DEVICES",
    "ENDS_WITH",
    "FALSE",
    "FROM",
    "GROUP",
    "IN",
    "IS_BOOL",
    "IS_DEFINED",
    "IS_NULL",
    "IS_NUMBER",
    "IS_OBJECT",
    "IS_OF_MODEL",
    "IS_PRIMITIVE",
    "IS_STRING",
    "MAX",
    "MIN",
    "NOT",
    "NOT_IN",
    "NULL",
    "OR",
    "ORDER",
    "SELECT",
    "STARTS_WITH",
    "SUM",
    "TOP",
    "TRUE",
    "WHERE",
];

/// Returns an instance with the twin `a`, which has three arrays and a property named after each reserved word, and
/// the twin `b`, the target of a relationship of `a`.
fn instance() -> Instance {
    let instance = Instance::new();
    let array = |element: Value| json!({"@type": "Array", "elementSchema": element});
    let mut contents = vec![
        json!({"@type": "Property", "name": "numbers", "schema": array(json!("double"))}),
        json!({"@type": "Property", "name": "nested", "schema": array(array(json!("integer")))}),
        json!({"@type": "Property", "name": "objects", "schema": array(
            json!({"@type": "Object", "fields": [{"name": "a", "schema": "integer"}]}))}),
        json!({"@type": "Relationship", "name": "r", "properties": [
            {"@type": "Property", "name": "numbers", "schema": array(json!("double"))}]}),
    ];
    contents.extend(RESERVED.map(|word| json!({"@type": "Property", "name": word, "schema": "string"})));
    let mut thing = model("dtmi:q:Thing;1", contents.into());
    thing[0]["@context"] = "dtmi:dtdl:context;3".into();
    instance.post("/models", &thing).ok();
    let mut body = json!({"numbers": [1, 2.5], "nested": [[1]], "objects": [{"a": 1}]});
    for word in RESERVED {
        body[word] = word.into();
    }
    instance.put_twin("a", "dtmi:q:Thing;1", body);
    instance.put_twin("b", "dtmi:q:Thing;1", json!({}));
    let related = json!({"$relationshipName": "r", "$targetId": "b", "numbers": [1]});
    instance.put("/digitaltwins/a/relationships/r", &related).ok();
    instance
}

/// ADT-QUERY-20: a reserved word is not a name, with or without an alias.
#[test]
fn reserved_words_are_names_only_in_brackets() {
    let instance = instance();
    for word in RESERVED {
        for (alias, name) in [("", ""), (" T", "T.")] {
            let query = |name: &str| format!("SELECT * FROM DIGITALTWINS{alias} WHERE {name} = '{word}'");
            assert_eq!(
                instance.ids(&query(&format!("{name}[[{word}]]"))),
                ["a"],
                "{word}"
            );
            let bare = query(&format!("{name}{word}"));
            if name.is_empty() && ["FALSE", "NULL", "TRUE"].contains(&word) {
                assert_eq!(instance.ids(&bare).len(), 0, "{word} is a value");
            } else {
                assert_eq!(
                    instance.refused_query(&bare).code(),
                    "SqlQueryError",
                    "{name}{word}"
                );
            }
        }
        let rows = instance.query(&format!(
            "SELECT T.[[{word}]] FROM DIGITALTWINS T WHERE T.$dtId = 'a'"
        ));
        assert_eq!(rows, [json!({word: word})]);
    }
}

/// ADT-QUERY-10, ADT-QUERY-13, ADT-FUNCTION-3, ADT-FUNCTION-10, ADT-FUNCTION-11, ADT-MATCH-1, ADT-PATH-6.
#[test]
fn unsupported_clauses_and_functions_are_refused() {
    let instance = instance();
    for query in [
        "SELECT * FROM DIGITALTWINS ORDER BY $dtId",
        "SELECT COUNT() FROM DIGITALTWINS GROUP BY numbers",
        "SELECT * FROM (SELECT * FROM DIGITALTWINS)",
        "SELECT * FROM DIGITALTWINS WHERE $dtId IN (SELECT $dtId FROM DIGITALTWINS)",
        "SELECT B FROM DIGITALTWINS A LEFT OUTER JOIN B RELATED A.r WHERE A.$dtId = 'a'",
        "SELECT DISTINCT $dtId FROM DIGITALTWINS",
        "SELECT MAX(numbers) FROM DIGITALTWINS",
        "SELECT SUM(T.numbers) FROM DIGITALTWINS T",
        "SELECT COUNT(), $dtId FROM DIGITALTWINS",
        "SELECT COUNT(*) FROM DIGITALTWINS",
        "SELECT TOP(1) * FROM DIGITALTWINS",
        "SELECT * FROM DIGITALTWINS WHERE numbers + 1 = 2",
        "SELECT * FROM DIGITALTWINS T WHERE T.numbers[0] = 1",
        "SELECT * FROM DIGITALTWINS WHERE $dtId LIKE 'a%'",
        "SELECT * FROM DIGITALTWINS WHERE IS_OF_MODEL('dtmi:q:Thing;1', nearly)",
        "SELECT * FROM DIGITALTWINS; SELECT * FROM RELATIONSHIPS",
        "SELECT B FROM DIGITALTWINS MATCH (A)-[]->(B) MATCH (B)-[]->(C) WHERE A.$dtId = 'a'",
        "SELECT B FROM DIGITALTWINS A JOIN B RELATED A.r WHERE A.$dtId = 'a' AND IS_OF_MODEL('dtmi:q:Thing;1')",
        "SELECT R FROM DIGITALTWINS A JOIN B RELATED A.r R WHERE A.$dtId = 'a' AND ARRAY_CONTAINS(R.numbers, 1)",
        "SELECT * FROM RELATIONSHIPS WHERE ARRAY_CONTAINS(numbers, 1)",
        "SELECT * FROM RELATIONSHIPS WHERE IS_OF_MODEL('dtmi:q:Thing;1')",
        "SELECT * FROM DIGITALTWINS WHERE ARRAY_CONTAINS(nested, [1])",
    ] {
        instance
            .refused_query(query)
            .is_error(400, "SqlQueryError", "SQL query parse failed: ");
    }
}

/// ADT-FUNCTION-4, ADT-FUNCTION-5, ADT-FUNCTION-6, ADT-FUNCTION-7, ADT-FUNCTION-9, ADT-FUNCTION-10: ARRAY_CONTAINS
/// compares scalar elements only.
#[test]
fn absent_property_has_no_type_and_arrays_contain_scalars() {
    let instance = instance();
    for test in [
        "IS_DEFINED",
        "IS_NULL",
        "IS_BOOL",
        "IS_NUMBER",
        "IS_STRING",
        "IS_OBJECT",
        "IS_PRIMITIVE",
    ] {
        let of = |condition: &str| instance.ids(&format!("SELECT * FROM DIGITALTWINS T WHERE {condition}"));
        assert_eq!(of(&format!("{test}(T.absent)")).len(), 0, "{test}");
        assert_eq!(of(&format!("NOT {test}(T.absent)")).len(), 2, "{test}");
    }
    for (condition, found) in [
        ("ARRAY_CONTAINS(T.numbers, 2.5)", true),
        ("ARRAY_CONTAINS(T.numbers, 1.0)", true),
        ("ARRAY_CONTAINS(T.numbers, '1')", false),
        ("ARRAY_CONTAINS(T.nested, 1)", false),
        ("ARRAY_CONTAINS(T.objects, 1)", false),
        ("ARRAY_CONTAINS(T.[[ALL]], 'ALL')", false),
        ("IS_OBJECT(T.objects)", false),
        ("IS_PRIMITIVE(T.objects)", false),
        ("IS_OBJECT(T.$metadata)", true),
    ] {
        let ids = instance.ids(&format!(
            "SELECT * FROM DIGITALTWINS T WHERE T.$dtId = 'a' AND {condition}"
        ));
        assert_eq!(!ids.is_empty(), found, "{condition}");
    }
}

/// ADT-PATH-1, ADT-QUERY-22.
#[test]
fn source_times_of_twins_and_components_can_be_queried() {
    let instance = Instance::with_models();
    let time = "2021-06-29T22:45:27Z";
    let body = json!({
        "temperature": 20, "thermostat": {"target": 1, "$metadata": {"target": {"sourceTime": time}}},
        "$metadata": {"temperature": {"sourceTime": time}},
    });
    instance.put_twin("a", "dtmi:test:Room;1", body);
    let plain = json!({"temperature": 20, "thermostat": {"target": 1, "$metadata": {}}});
    instance.put_twin("b", "dtmi:test:Room;1", plain);
    for (condition, found) in [
        (
            "T.$metadata.temperature.sourceTime = '2021-06-29T22:45:27Z'",
            vec!["a"],
        ),
        ("T.$metadata.temperature.sourceTime < '2022'", vec!["a"]),
        ("NOT IS_DEFINED(T.$metadata.temperature.sourceTime)", vec!["b"]),
        ("T.thermostat.$metadata.target.sourceTime >= '2021-06'", vec!["a"]),
    ] {
        let query = format!("SELECT * FROM DIGITALTWINS T WHERE {condition}");
        assert_eq!(instance.ids(&query), found, "{condition}");
    }
}

/// ADT-QUERY-26, ADT-QUERY-27, ADT-QUERY-28.
#[test]
fn query_length_operators_and_lists_are_limited() {
    let instance = instance();
    let frame = "SELECT * FROM DIGITALTWINS WHERE $dtId = ''".len();
    let long = |length: usize| {
        format!(
            "SELECT * FROM DIGITALTWINS WHERE $dtId = '{}'",
            "ü".repeat(length - frame)
        )
    };
    let list = |operator: &str, length: usize| {
        let values = vec!["'x'"; length].join(", ");
        format!("SELECT * FROM DIGITALTWINS WHERE $dtId {operator} [{values}]")
    };
    let mixed = |count: usize| {
        let more: String = (0..count)
            .map(|at| {
                if at % 2 == 0 {
                    " AND $dtId = 'x'"
                } else {
                    " OR $dtId = 'x'"
                }
            })
            .collect();
        format!("SELECT * FROM DIGITALTWINS WHERE $dtId = 'x'{more}")
    };
    for (good, bad) in [
        (long(8000), long(8001)),
        (list("IN", 100), list("IN", 101)),
        (list("NIN", 100), list("NIN", 101)),
        (mixed(50), mixed(51)),
    ] {
        assert_eq!(instance.post("/query", &json!({ "query": good })).status, 200);
        instance
            .refused_query(&bad)
            .is_error(400, "SqlQueryError", "SQL query parse failed: ");
    }
}

/// ADT-QUERY-3, ADT-QUERY-32: the charge is a decimal number.
#[test]
fn only_successful_queries_have_a_charge() {
    let instance = instance();
    for query in [
        "SELECT * FROM DIGITALTWINS",
        "SELECT COUNT() FROM RELATIONSHIPS",
        "SELECT * FROM DIGITALTWINS WHERE $dtId = 'none'",
    ] {
        let reply = instance.post("/query", &json!({ "query": query })).ok();
        let charge = reply.header("query-charge").expect("a charge");
        let (whole, hundredths) = charge.split_once('.').expect("a decimal point");
        assert!(whole.parse::<u32>().is_ok(), "{charge}");
        assert_eq!(hundredths.len(), 2, "{charge}");
        assert!(hundredths.parse::<u32>().is_ok(), "{charge}");
    }
    assert_eq!(instance.refused_query("foo").header("query-charge"), None);
}

/// ADT-QUERY-1, ADT-QUERY-7: the query and api-version of the request are ignored.
#[test]
fn token_determines_the_query() {
    let instance = instance();
    for number in 0..5 {
        instance.put_twin(&format!("t{number}"), "dtmi:q:Thing;1", json!({}));
    }
    let first = instance.query_page(&json!({"query": "SELECT $dtId FROM DIGITALTWINS"}), 3);
    let token = first.body["continuationToken"].clone();
    let next = |body: Value, path: &str| {
        let headers = [("max-items-per-page", "3")];
        instance.send(Method::POST, path, Some(&body), &headers).ok().body["value"].clone()
    };
    let rest = next(json!({ "continuationToken": token }), "/query");
    assert_eq!(rest.as_array().map(Vec::len), Some(3));
    for query in ["SELECT COUNT() FROM RELATIONSHIPS", "nothing that can be parsed"] {
        let body = json!({"continuationToken": token, "query": query});
        assert_eq!(next(body, "/Query?api-version=2020-10-31"), rest);
    }
}
