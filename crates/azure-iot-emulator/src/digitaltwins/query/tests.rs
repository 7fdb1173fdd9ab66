//! Pages executed chunk by chunk, with changes to the graph in between.

use futures::executor::block_on;
use http::Method;
use serde_json::{Value, json};
use twin_query::digitaltwins as language;

use super::execute::{Chunk, Page, Progress};
use super::plan::Plan;
use super::token::Token;
use crate::clock::Clock;
use crate::digitaltwins::DigitalTwins;
use crate::service::ServiceRequest;

/// A chunk so small that the query pauses after every step.
const STEP: Chunk = Chunk { roots: 1, steps: 1 };
const WHOLE: Chunk = Chunk {
    roots: usize::MAX,
    steps: u32::MAX,
};

fn send(service: &DigitalTwins, method: Method, path: &str, body: &Value) {
    let request = ServiceRequest::new(method, &format!("{path}?api-version=2023-10-31")).unwrap();
    let response = block_on(service.handle(request.with_json(body)));
    assert!(response.status.is_success(), "{path}: {:?}", response.body_json());
}

fn put(service: &DigitalTwins, id: &str, number: usize) {
    let body = json!({"$metadata": {"$model": "dtmi:w:Node;1"}, "number": number});
    send(service, Method::PUT, &format!("/digitaltwins/{id}"), &body);
}

fn relate(service: &DigitalTwins, source: &str, target: &str) {
    let path = format!("/digitaltwins/{source}/relationships/{target}");
    let body = json!({"$relationshipName": "r", "$targetId": target});
    send(service, Method::PUT, &path, &body);
}

/// Deletes a twin and its relationships.
fn remove(service: &DigitalTwins, id: &str, sources: &[&str], targets: &[&str]) {
    let outgoing = targets.iter().map(|target| (id, *target));
    for (source, target) in outgoing.chain(sources.iter().map(|source| (*source, id))) {
        let path = format!("/digitaltwins/{source}/relationships/{target}");
        send(service, Method::DELETE, &path, &Value::Null);
    }
    send(
        service,
        Method::DELETE,
        &format!("/digitaltwins/{id}"),
        &Value::Null,
    );
}

/// Returns a graph in which `root` has relationships to four twins, each of these to three leaves, and every leaf
/// back to the root.
fn graph() -> DigitalTwins {
    let service = DigitalTwins::new(Clock::new());
    let model = json!([{"@id": "dtmi:w:Node;1", "@type": "Interface", "@context": "dtmi:dtdl:context;2", "contents": [
        {"@type": "Relationship", "name": "r"},
        {"@type": "Property", "name": "number", "schema": "integer"},
    ]}]);
    send(&service, Method::POST, "/models", &model);
    for id in ["root", "m0", "m1", "m2", "m3", "l0", "l1", "l2"] {
        put(&service, id, 1);
    }
    for middle in ["m0", "m1", "m2", "m3"] {
        relate(&service, "root", middle);
        LEAVES.iter().for_each(|leaf| relate(&service, middle, leaf));
    }
    LEAVES.iter().for_each(|leaf| relate(&service, leaf, "root"));
    service
}

const LEAVES: [&str; 3] = ["l0", "l1", "l2"];

/// Returns the rows of a query, as the joined ids of their columns, and the number of chunks. `between` is called
/// after each chunk with the number of chunks so far.
fn rows(
    service: &DigitalTwins,
    text: &str,
    chunk: Chunk,
    mut between: impl FnMut(usize),
) -> (Vec<String>, usize) {
    let mut session = service.instance.session();
    let query = language::parse_and_validate(text).unwrap();
    let plan = session
        .graph
        .read_for_query(|graph| Plan::new(&query, graph))
        .unwrap();
    let token = Token::start(text).within(plan.generation).unwrap();
    let mut page = Page::new(token, 1000, false);
    let mut chunks = 0;
    loop {
        let progress = session
            .graph
            .read_for_query(|graph| page.advance(&plan, graph, chunk));
        chunks += 1;
        match progress {
            Progress::More => between(chunks),
            Progress::Done => break,
            Progress::OtherGraph => panic!("the graph was not replaced"),
        }
        assert!(chunks < 100_000, "the query does not end");
    }
    let body: Value = serde_json::from_slice(&page.into_body()).unwrap();
    let rows = body["value"].as_array().unwrap().iter().map(|row| {
        let columns = row.as_object().unwrap().values();
        let columns: Vec<_> = columns.map(|id| id.as_str().unwrap_or_default()).collect();
        columns.join("-")
    });
    (rows.collect(), chunks)
}

const TWO_HOPS: &str = "SELECT a.$dtId AS a, b.$dtId AS b, c.$dtId AS c \
                    FROM DIGITALTWINS MATCH (a)-[:r]->(b)-[x:r]->(c) WHERE a.$dtId = 'root' AND b.number = 1";

#[test]
fn pauses_do_not_change_the_rows() {
    let service = graph();
    for query in [
        TWO_HOPS,
        "SELECT a.$dtId AS a, b.$dtId AS b FROM DIGITALTWINS MATCH (a)-[*..4]-(b) WHERE a.$dtId = 'root'",
        "SELECT a.$dtId AS a, b.$dtId AS b FROM DIGITALTWINS MATCH (a)-[*1..3]->(b)<-[:none|r]-(c) WHERE c.$dtId = 'm1'",
        "SELECT b.$dtId AS b FROM DIGITALTWINS MATCH (a)-[:r]->(b)-[*2]->(a) WHERE a.$dtId = 'root'",
        "SELECT B.$dtId AS b, C.$dtId AS c, D.$dtId AS d FROM DIGITALTWINS A JOIN B RELATED A.r \
         JOIN C RELATED A.r JOIN D RELATED B.r WHERE A.$dtId = 'root'",
    ] {
        let (whole, _) = rows(&service, query, WHOLE, |_| {});
        assert!(!whole.is_empty(), "{query}");
        for steps in [1, 2, 3, 7] {
            let (found, chunks) = rows(&service, query, Chunk { roots: 1, steps }, |_| {
                // The graph is not locked between chunks.
                assert!(service.instance.session().graph.try_write().is_some());
            });
            assert_eq!(found, whole, "{query}");
            assert!(steps > 1 || chunks > whole.len(), "{query}: {chunks} chunks");
        }
    }
}

/// Checks for every pause that a change during it affects all later rows, and that each unaffected row is returned
/// exactly once.
fn change_at_every_pause(change: impl Fn(&DigitalTwins), gone: &str, rest: usize) {
    let (_, pauses) = rows(&graph(), TWO_HOPS, STEP, |_| {});
    for pause in 1..pauses {
        let service = graph();
        let counted = |service: &DigitalTwins| rows(service, TWO_HOPS, WHOLE, |_| {}).0;
        let before = counted(&service);
        let (mut found, _) = rows(&service, TWO_HOPS, STEP, |chunks| {
            if chunks == pause {
                change(&service);
            }
        });
        let remaining = counted(&service).iter().filter(|row| row.contains(gone)).count();
        assert_eq!(remaining, 0);
        assert!(found.iter().all(|row| before.contains(row)), "{pause}: {found:?}");
        // Rows found before the change remain; they are the first in traversal order.
        let early: Vec<_> = found.iter().filter(|row| row.contains(gone)).collect();
        let expected: Vec<_> = before.iter().filter(|row| row.contains(gone)).collect();
        assert!(expected.starts_with(&early), "{pause}: {found:?}");
        if pause == 1 {
            assert!(early.is_empty(), "{found:?}");
        }
        found.retain(|row| !row.contains(gone));
        assert_eq!(found.len(), rest, "{pause}: {found:?}");
        found.sort();
        found.dedup();
        assert_eq!(found.len(), rest, "{pause}: {found:?}");
    }
}

#[test]
fn twin_in_a_reused_slot_is_not_followed() {
    let change = |service: &DigitalTwins| {
        let slot = service.instance.session().graph.read().find("m1");
        remove(service, "m1", &["root"], &LEAVES);
        put(service, "x", 1);
        assert_eq!(service.instance.session().graph.read().find("x"), slot);
        // The new twin has no relationship to a leaf.
        relate(service, "x", "m2");
    };
    change_at_every_pause(change, "-m1-", 9);
}

#[test]
fn twin_that_no_longer_matches_is_not_followed() {
    change_at_every_pause(|service| put(service, "m1", 2), "-m1-", 9);
}

#[test]
fn relationship_in_a_reused_slot_is_not_followed() {
    let change = |service: &DigitalTwins| {
        send(
            service,
            Method::DELETE,
            "/digitaltwins/m2/relationships/l1",
            &Value::Null,
        );
        let body = json!({"$relationshipName": "other", "$targetId": "l1"});
        let model = json!([{"@id": "dtmi:w:Other;1", "@type": "Interface", "@context": "dtmi:dtdl:context;2", "contents": [
            {"@type": "Relationship", "name": "other"}]}]);
        send(service, Method::POST, "/models", &model);
        let twin = json!({"$metadata": {"$model": "dtmi:w:Other;1"}});
        send(service, Method::PUT, "/digitaltwins/other", &twin);
        send(
            service,
            Method::PUT,
            "/digitaltwins/other/relationships/l1",
            &body,
        );
    };
    change_at_every_pause(change, "-m2-l1", 11);
}

#[test]
fn traversal_ends_when_its_starting_point_is_deleted() {
    let (whole, pauses) = rows(&graph(), TWO_HOPS, STEP, |_| {});
    for pause in 1..pauses {
        let service = graph();
        let (found, chunks) = rows(&service, TWO_HOPS, STEP, |chunks| {
            if chunks == pause {
                remove(&service, "root", &LEAVES, &["m0", "m1", "m2", "m3"]);
                put(&service, "root-2", 1);
            }
        });
        assert!(whole.starts_with(&found));
        assert!(chunks <= pause + 2, "{chunks}");
    }
}

/// A query visits only the candidates of the index.
#[test]
fn equality_visits_only_matching_candidates() {
    let service = graph();
    for (query, candidates) in [
        (
            "SELECT R.$sourceId FROM RELATIONSHIPS R WHERE R.$relationshipId = 'root'",
            3,
        ),
        (
            "SELECT R.$sourceId FROM RELATIONSHIPS R WHERE R.$sourceId = 'm1'",
            3,
        ),
        (
            "SELECT R.$sourceId FROM RELATIONSHIPS R WHERE R.$targetId = 'l1'",
            4,
        ),
        ("SELECT T.$dtId FROM DIGITALTWINS T WHERE T.$dtId = 'm1'", 1),
        ("SELECT T.$dtId FROM DIGITALTWINS T WHERE T.number = 2", 0),
    ] {
        // Builds an index if the query benefits from it.
        send(&service, Method::POST, "/query", &json!({ "query": query }));
        let chunk = Chunk { roots: 1, steps: 100 };
        let (found, chunks) = rows(&service, query, chunk, |_| {});
        assert_eq!((found.len(), chunks), (candidates, candidates + 1), "{query}");
    }
}
