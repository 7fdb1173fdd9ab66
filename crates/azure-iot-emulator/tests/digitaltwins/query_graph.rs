//! Queries with JOIN and MATCH.

use serde_json::{Value, json};

use crate::fixture::{Instance, model};

/// Returns a ring of twins n0 → n1 → … → n9 → n0 over the relationship `next`. `skip` leads from each of them to the
/// twin after the next, and `own` from the additional twin `hub` to all of them.
fn ring() -> Instance {
    let instance = Instance::new();
    let contents = json!([
        {"@type": "Property", "name": "number", "schema": "integer"},
        {"@type": "Relationship", "name": "next", "properties": [
            {"@type": "Property", "name": "cost", "schema": "integer"}]},
        {"@type": "Relationship", "name": "skip"},
        {"@type": "Relationship", "name": "own"},
    ]);
    instance.post("/models", &model("dtmi:g:Node;1", contents)).ok();
    instance.put_twin("hub", "dtmi:g:Node;1", json!({}));
    for number in 0..10 {
        instance.put_twin(&format!("n{number}"), "dtmi:g:Node;1", json!({"number": number}));
    }
    for number in 0..10 {
        let body = json!({
            "$relationshipName": "next", "$targetId": format!("n{}", (number + 1) % 10), "cost": number,
        });
        instance
            .put(&format!("/digitaltwins/n{number}/relationships/next"), &body)
            .ok();
        instance.relate(
            &format!("n{number}"),
            "skip",
            "skip",
            &format!("n{}", (number + 2) % 10),
        );
        instance.relate("hub", &format!("own{number}"), "own", &format!("n{number}"));
    }
    instance
}

/// Returns the ids at the given keys of each row, joined with hyphens. The rows are sorted.
#[track_caller]
fn rows(instance: &Instance, query: &str, keys: &[&str]) -> Vec<String> {
    let id = |value: &Value| {
        let id = value["$dtId"]
            .as_str()
            .or(value["$relationshipId"].as_str())
            .or(value.as_str());
        id.unwrap_or("-").to_owned()
    };
    let mut rows: Vec<_> = instance
        .query(query)
        .iter()
        .map(|row| keys.iter().map(|key| id(&row[key])).collect::<Vec<_>>().join("-"))
        .collect();
    rows.sort();
    rows
}

/// ADT-JOIN-1, ADT-JOIN-2, ADT-JOIN-4, ADT-JOIN-8, ADT-ROW-3.
#[test]
fn join_follows_relationships_to_new_twins() {
    let instance = ring();
    let query = "SELECT T, CT, R FROM DIGITALTWINS T JOIN CT RELATED T.next R WHERE T.$dtId = 'n3'";
    let found = instance.query(query);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["T"], instance.get("/digitaltwins/n3").body);
    assert_eq!(found[0]["CT"], instance.get("/digitaltwins/n4").body);
    assert_eq!(
        found[0]["R"],
        instance.get("/digitaltwins/n3/relationships/next").body
    );

    let chain = "SELECT A.$dtId AS a, B.$dtId AS b, C.$dtId AS c FROM DIGITALTWINS A \
                 JOIN B RELATED A.next JOIN C RELATED B.skip S";
    assert_eq!(
        rows(
            &instance,
            &format!("{chain} WHERE A.$dtId = 'n0'"),
            &["a", "b", "c"]
        ),
        ["n0-n1-n3"]
    );
    // The condition may restrict the `$dtId` of any twin in the chain.
    assert_eq!(
        rows(
            &instance,
            &format!("{chain} WHERE C.$dtId = 'n0'"),
            &["a", "b", "c"]
        ),
        ["n7-n8-n0"]
    );
    assert_eq!(
        rows(
            &instance,
            &format!("{chain} WHERE B.$dtId = 'n5'"),
            &["a", "b", "c"]
        ),
        ["n4-n5-n7"]
    );
    // The two joins start at the same twin.
    let branches = "SELECT B, C FROM DIGITALTWINS A JOIN B RELATED A.next JOIN C RELATED A.skip \
                    WHERE A.$dtId IN ['n0', 'n1']";
    assert_eq!(rows(&instance, branches, &["B", "C"]), ["n1-n2", "n2-n3"]);
    // JOIN is an inner join, so without a match there is no row.
    let none = "SELECT A FROM DIGITALTWINS A JOIN B RELATED A.own WHERE A.$dtId = 'n0'";
    assert_eq!(instance.query(none).len(), 0);
}

/// ADT-JOIN-8, ADT-FUNCTION-3, ADT-QUERY-12, ADT-QUERY-13.
#[test]
fn conditions_apply_to_every_part_of_a_join() {
    let instance = ring();
    let owned = "FROM DIGITALTWINS H JOIN N RELATED H.own R WHERE H.$dtId = 'hub'";
    let query = format!("SELECT N.$dtId AS n {owned} AND N.number > 7");
    assert_eq!(rows(&instance, &query, &["n"]), ["n8", "n9"]);
    let query = format!("SELECT N.$dtId AS n {owned} AND R.$relationshipId = 'own4'");
    assert_eq!(rows(&instance, &query, &["n"]), ["n4"]);
    let query = format!("SELECT N.$dtId AS n {owned} AND (N.number = 2 OR R.$relationshipId = 'own4')");
    assert_eq!(rows(&instance, &query, &["n"]), ["n2", "n4"]);
    let query =
        format!("SELECT N.$dtId AS n {owned} AND IS_OF_MODEL(N, 'dtmi:g:Node;1') AND NOT N.number < 9");
    assert_eq!(rows(&instance, &query, &["n"]), ["n9"]);
    assert_eq!(
        instance.query(&format!("SELECT COUNT() {owned}")),
        [json!({"COUNT": 10})]
    );
    assert_eq!(instance.query(&format!("SELECT TOP(3) N.$dtId {owned}")).len(), 3);
}

/// ADT-JOIN-3, ADT-JOIN-4, ADT-JOIN-5, ADT-JOIN-6, ADT-QUERY-30.
#[test]
fn invalid_joins_are_refused() {
    let instance = ring();
    for query in [
        "SELECT A FROM DIGITALTWINS A JOIN B RELATED A.next",
        "SELECT A FROM DIGITALTWINS A JOIN B RELATED A.next WHERE A.number = 1",
        "SELECT * FROM DIGITALTWINS A JOIN B RELATED A.next WHERE A.$dtId = 'n0'",
        "SELECT A FROM DIGITALTWINS A JOIN B RELATED X.next WHERE A.$dtId = 'n0'",
        "SELECT A FROM RELATIONSHIPS A JOIN B RELATED A.next WHERE A.$dtId = 'n0'",
        "SELECT A FROM DIGITALTWINS A JOIN B RELATED A.next WHERE A.$dtId = 'n0' AND number = 1",
    ] {
        instance
            .refused_query(query)
            .is_error(400, "SqlQueryError", "SQL query parse failed: ");
    }
    let joins = |count: usize| {
        let joins: String = (0..count)
            .map(|at| format!(" JOIN T{} RELATED T{at}.next", at + 1))
            .collect();
        format!(
            "SELECT T0.$dtId AS first, T{count}.$dtId AS last FROM DIGITALTWINS T0{joins} WHERE T0.$dtId = 'n0'"
        )
    };
    assert_eq!(rows(&instance, &joins(5), &["first", "last"]), ["n0-n5"]);
    assert_eq!(instance.refused_query(&joins(6)).code(), "SqlQueryError");
}

/// ADT-MATCH-3, ADT-MATCH-4, ADT-MATCH-5.
#[test]
fn match_follows_directions_and_relationship_names() {
    let instance = ring();
    let ends = |pattern: &str| {
        let query = format!("SELECT b.$dtId AS b FROM DIGITALTWINS MATCH {pattern} WHERE a.$dtId = 'n3'");
        rows(&instance, &query, &["b"])
    };
    assert_eq!(ends("(a)-[:next]->(b)"), ["n4"]);
    assert_eq!(ends("(a)<-[:next]-(b)"), ["n2"]);
    assert_eq!(ends("(a)-[:next]-(b)"), ["n2", "n4"]);
    assert_eq!(ends("(a)-[:next|skip]->(b)"), ["n4", "n5"]);
    assert_eq!(ends("(a)-[]->(b)"), ["n4", "n5"]);
    assert_eq!(ends("(a)<-[]-(b)"), ["hub", "n1", "n2"]);
    assert_eq!(ends("(a)-[]-(b)"), ["hub", "n1", "n2", "n4", "n5"]);
    assert_eq!(ends("(a)-[:none]->(b)"), Vec::<String>::new());
    assert_eq!(ends("(a)-[:next]->()-[:skip]->(b)"), ["n6"]);
    // Only `m` skips to the third twin, and the path has already visited `m`.
    assert_eq!(
        ends("(a)-[:next]->(m)-[:skip]->()<-[:skip]-(b)"),
        Vec::<String>::new()
    );
    assert_eq!(
        ends("(a)<-[:own]-(h)-[:own]->(b)").len(),
        9,
        "a path does not return to its start"
    );
}

/// ADT-MATCH-2, ADT-MATCH-6, ADT-MATCH-11, ADT-MATCH-12, ADT-QUERY-13, ADT-ROW-3: relationships can be named just like
/// twins.
#[test]
fn any_twin_of_a_pattern_can_be_fixed() {
    let instance = ring();
    let query = |condition: &str| {
        let query = format!(
            "SELECT a, r, b, c FROM DIGITALTWINS MATCH (a)-[r:next]->(b)-[:skip]->(c) WHERE {condition}"
        );
        rows(&instance, &query, &["a", "r", "b", "c"])
    };
    assert_eq!(query("a.$dtId = 'n0'"), ["n0-next-n1-n3"]);
    assert_eq!(query("b.$dtId = 'n0'"), ["n9-next-n0-n2"]);
    assert_eq!(query("c.$dtId = 'n0'"), ["n7-next-n8-n0"]);
    assert_eq!(query("c.$dtId = 'n0' AND r.cost = 7"), ["n7-next-n8-n0"]);
    assert_eq!(query("c.$dtId = 'n0' AND r.cost = 8"), Vec::<String>::new());
    let count = "SELECT COUNT() FROM DIGITALTWINS MATCH (a)-[:own]->(b) WHERE a.$dtId = 'hub'";
    assert_eq!(instance.query(count), [json!({"COUNT": 10})]);
    let lone = "SELECT a FROM DIGITALTWINS MATCH (a) WHERE a.$dtId = 'n1'";
    assert_eq!(rows(&instance, lone, &["a"]), ["n1"]);
}

/// ADT-MATCH-6, ADT-MATCH-7, ADT-MATCH-8, ADT-MATCH-9.
#[test]
fn edge_spans_the_given_number_of_hops() {
    let instance = ring();
    let ends = |hops: &str| {
        let query = format!(
            "SELECT b.$dtId AS b FROM DIGITALTWINS MATCH (a)-[:next{hops}]->(b) WHERE a.$dtId = 'n0'"
        );
        rows(&instance, &query, &["b"])
    };
    assert_eq!(ends(""), ["n1"]);
    assert_eq!(ends("*3"), ["n3"]);
    assert_eq!(ends("*..3"), ["n1", "n2", "n3"]);
    assert_eq!(ends("*3..5"), ["n4", "n5"]);
    assert_eq!(ends("*1..3"), ["n2", "n3"]);
    // Nine hops visit the whole ring; the tenth would return to the start.
    assert_eq!(ends("*..10").len(), 9);
    assert_eq!(ends("*10"), Vec::<String>::new());
    let refused = "SELECT b FROM DIGITALTWINS MATCH (a)-[:next*11]->(b) WHERE a.$dtId = 'n0'";
    assert_eq!(instance.refused_query(refused).code(), "SqlQueryError");
    let refused = "SELECT b FROM DIGITALTWINS MATCH (a)-[r:next*2]->(b) WHERE a.$dtId = 'n0'";
    assert_eq!(instance.refused_query(refused).code(), "SqlQueryError");
}

/// ADT-MATCH-10, ADT-MATCH-13, ADT-ROW-3: paths may go against the direction of a relationship, and a repeated
/// variable closes the path.
#[test]
fn each_path_is_a_row_and_visits_a_twin_once() {
    let instance = ring();
    let paths = "SELECT b.$dtId AS b FROM DIGITALTWINS MATCH (a)-[:next|skip*2]->(b) WHERE a.$dtId = 'n0'";
    assert_eq!(rows(&instance, paths, &["b"]), ["n2", "n3", "n3", "n4"]);
    let against = "SELECT a.$dtId AS a FROM DIGITALTWINS MATCH (a)-[:next*2]->(b) WHERE b.$dtId = 'n0'";
    assert_eq!(rows(&instance, against, &["a"]), ["n8"]);
    let closed =
        "SELECT b.$dtId AS b FROM DIGITALTWINS MATCH (a)-[:next]->(b)-[:next*9]->(a) WHERE a.$dtId = 'n0'";
    assert_eq!(rows(&instance, closed, &["b"]), ["n1"]);
    let triangle = "SELECT b.$dtId AS b FROM DIGITALTWINS MATCH (a)-[:next]->(b)-[:next]->(c)<-[:skip]-(a) WHERE a.$dtId = 'n0'";
    assert_eq!(rows(&instance, triangle, &["b"]), ["n1"]);
}

/// ADT-QUERY-5.
#[test]
fn rows_of_one_start_twin_span_pages() {
    let instance = ring();
    let query = "SELECT N.$dtId AS n FROM DIGITALTWINS H JOIN N RELATED H.own WHERE H.$dtId = 'hub'";
    let mut body = json!({ "query": query });
    let mut found = Vec::new();
    loop {
        let page = instance.query_page(&body, 4).ok();
        let ids = page.column("n");
        assert!(ids.len() <= 4);
        found.extend(ids);
        match page.body["continuationToken"].clone() {
            Value::Null => break,
            token => body = json!({ "continuationToken": token }),
        }
    }
    assert_eq!(
        found,
        (0..10).map(|number| format!("n{number}")).collect::<Vec<_>>()
    );
}

/// ADT-MATCH-2: MATCH without a condition on the `$dtId` of a twin is refused; the id of a twin that does not exist
/// gives no rows.
#[test]
fn match_needs_a_fixed_twin() {
    let instance = ring();
    let refused = "SELECT b FROM DIGITALTWINS MATCH (a)-[]->(b)";
    assert_eq!(instance.refused_query(refused).code(), "SqlQueryError");
    let nothing = "SELECT b FROM DIGITALTWINS MATCH (a)-[]->(b) WHERE a.$dtId = 'none'";
    assert_eq!(instance.query(nothing).len(), 0);
}
