//! Concurrent operations: changes to a twin are serialized, and no change is lost or partly visible.

use std::cell::RefCell;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use azure_iot_emulator::ServiceRequest;
use futures::executor::block_on;
use futures::future::join_all;
use http::Method;
use serde_json::{Value, json};

use crate::fixture::Instance;

/// ADT-TWIN-22: read-modify-write under `If-Match`, from several threads.
#[test]
fn conditional_increments_are_never_lost() {
    let instance = Instance::with_models();
    instance.put_twin("t", "dtmi:test:Floor;1", json!({"level": 0}));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut done = 0;
                while done < 50 {
                    let twin = instance.get("/digitaltwins/t");
                    let level = twin.body["level"].as_i64().expect("a level");
                    let patch = json!([{"op": "replace", "path": "/level", "value": level + 1}]);
                    let headers = [("if-match", &*twin.etag())];
                    let reply = instance.send(Method::PATCH, "/digitaltwins/t", Some(&patch), &headers);
                    assert!(matches!(reply.status, 204 | 412), "{}", reply.body);
                    done += usize::from(reply.status == 204);
                }
            });
        }
    });
    assert_eq!(instance.get("/digitaltwins/t").body["level"], 200);
}

/// Writers create and delete relationships while readers list and query. Every response must be consistent, and the
/// indexes must match the graph at the end.
#[test]
fn queries_are_consistent_while_the_graph_changes() {
    let instance = Instance::with_building();
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let writers: Vec<_> = (0..2)
            .map(|writer| {
                let instance = &instance;
                scope.spawn(move || {
                    for number in 0..200 {
                        let id = format!("w{writer}-{}", number % 5);
                        instance.put_twin(&id, "dtmi:test:Floor;1", json!({"level": writer}));
                        instance.relate("floor-1", &id, "adjacent", &id);
                        instance
                            .delete(&format!("/digitaltwins/floor-1/relationships/{id}"))
                            .ok();
                        instance.delete(&format!("/digitaltwins/{id}")).ok();
                    }
                })
            })
            .collect();
        scope.spawn(|| {
            let join = "SELECT N FROM DIGITALTWINS F JOIN N RELATED F.adjacent WHERE F.$dtId = 'floor-1'";
            while !stop.load(Ordering::Relaxed) {
                for row in instance.query(join) {
                    assert!(row["N"]["level"].is_number(), "{row}");
                }
                assert!(instance.ids("SELECT * FROM DIGITALTWINS WHERE name = 'ground'") == ["floor-1"]);
            }
        });
        for writer in writers {
            writer.join().expect("a writer ends");
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert_eq!(
        instance.query("SELECT COUNT() FROM DIGITALTWINS"),
        [json!({"COUNT": 4})]
    );
    assert_eq!(
        instance.query("SELECT COUNT() FROM RELATIONSHIPS"),
        [json!({"COUNT": 2})]
    );
    assert_eq!(
        instance
            .get("/digitaltwins/floor-1/relationships")
            .column("$relationshipId"),
        ["r1", "r2"]
    );
}

/// Twins change while the first query by a property builds an index in several batches, and other queries wait for
/// the index. At the end the index must agree with a condition that uses no index.
#[test]
fn index_built_while_the_graph_changes_is_correct() {
    const TWINS: usize = 10_000;
    const LEVELS: usize = 5;
    let instance = Instance::with_models();
    let put = |number: usize, level: usize| {
        let body = json!({ "level": level });
        instance.put_twin(&format!("t{number}"), "dtmi:test:Floor;1", body);
    };
    (0..TWINS).for_each(|number| put(number, number % LEVELS));
    let counted = |condition: &str| {
        let text = format!("SELECT COUNT() FROM DIGITALTWINS T WHERE {condition}");
        instance.query(&text)
    };
    let start = Barrier::new(4);
    thread::scope(|scope| {
        for half in 0..2 {
            let (start, instance) = (&start, &instance);
            scope.spawn(move || {
                start.wait();
                for number in (half..TWINS).step_by(14) {
                    put(number, (number + 1) % LEVELS);
                    instance.delete(&format!("/digitaltwins/t{}", number + 2)).ok();
                    put(number + TWINS + 4, 0);
                }
            });
        }
        for _ in 0..2 {
            scope.spawn(|| {
                start.wait();
                counted("T.level = 1");
            });
        }
    });
    for level in 0..LEVELS {
        assert_eq!(
            counted(&format!("T.level = {level}")),
            counted(&format!("T.level >= {level} AND T.level <= {level}")),
        );
    }
}

/// Returns an instance with [`MANY`] twins of level 1: more than a query reads before it releases the graph.
fn many() -> Instance {
    let instance = Instance::with_models();
    for number in 0..MANY {
        instance.put_twin(&format!("t{number}"), "dtmi:test:Floor;1", json!({"level": 1}));
    }
    instance
}

const MANY: usize = 2500;

/// Counts the twins that have 1 at a path.
async fn counted(instance: &Instance, path: &str) -> Value {
    let query = format!("SELECT COUNT() FROM DIGITALTWINS T WHERE T.{path} = 1");
    count(instance, &query).await
}

async fn count(instance: &Instance, query: &str) -> Value {
    let body = send(instance, Method::POST, "/query", &json!({ "query": query })).await;
    body["value"][0]["COUNT"].clone()
}

async fn send(instance: &Instance, method: Method, path: &str, body: &Value) -> Value {
    let path = format!("{path}?api-version=2023-10-31");
    let request = ServiceRequest::new(method, &path).expect("a path");
    let reply = instance.service.handle(request.with_json(body)).await;
    reply.body_json().expect("JSON")
}

/// A query keeps its index while other queries build more indexes than the limit.
#[test]
fn index_in_use_is_not_evicted() {
    let instance = many();
    assert_eq!(block_on(counted(&instance, "level")), MANY, "builds the index");
    // These queries do not evict each other's indexes either. When the limit is reached, further queries run
    // without an index.
    let paths: Vec<_> = (0..20).map(|number| format!("p{number}")).collect();
    let others = join_all(paths.iter().map(|path| counted(&instance, path)));
    let (found, others) = block_on(futures::future::join(counted(&instance, "level"), others));
    assert_eq!(found, MANY);
    assert!(others.iter().all(|found| *found == 0), "{others:?}");
}

/// Positions are valid in one graph only, so a query restarts when the graph is replaced.
#[test]
fn query_restarts_when_the_graph_is_replaced() {
    let instance = many();
    assert_eq!(block_on(counted(&instance, "level")), MANY, "builds the index");
    let state = instance.service.dump();
    let load = async { instance.service.load(&state).expect("a state") };
    let (found, ()) = block_on(futures::future::join(counted(&instance, "level"), load));
    assert_eq!(found, MANY, "after loading a state");
    for lag in [Duration::from_secs(5), Duration::ZERO] {
        block_on(counted(&instance, "level"));
        let switch = async { instance.service.set_query_lag(lag) };
        let (found, ()) = block_on(futures::future::join(counted(&instance, "level"), switch));
        assert_eq!(found, MANY, "after setting a lag of {lag:?}");
    }
}

/// A `MATCH` with many paths releases the graph for other requests before it has found the last path.
#[test]
fn long_match_yields_to_other_requests() {
    const TWINS: usize = 10;
    let instance = Instance::with_models();
    let id = |number: usize| format!("t{number}");
    (0..TWINS).for_each(|number| {
        instance.put_twin(&id(number), "dtmi:test:Floor;1", json!({}));
    });
    for from in 0..TWINS {
        for to in (0..TWINS).filter(|to| *to != from) {
            instance.relate(&id(from), &id(to), "contains", &id(to));
        }
    }
    let order = RefCell::new(Vec::new());
    let query = async {
        let query = "SELECT COUNT() FROM DIGITALTWINS MATCH (a)-[*..6]->(b) WHERE a.$dtId = 't0'";
        let found = count(&instance, query).await;
        order.borrow_mut().push("query");
        found
    };
    let write = async {
        let body = json!({"$metadata": {"$model": "dtmi:test:Floor;1"}, "level": 1});
        let twin = send(&instance, Method::PUT, "/digitaltwins/t0", &body).await;
        assert_eq!(twin["level"], 1, "{twin}");
        order.borrow_mut().push("write");
    };
    let (found, ()) = block_on(futures::future::join(query, write));
    assert_eq!(order.into_inner(), ["write", "query"]);
    let ways = |hops: usize| (TWINS - hops..TWINS).product::<usize>();
    assert_eq!(found, (1..=6).map(ways).sum::<usize>());
}
