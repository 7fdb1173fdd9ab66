//! Property indexes under random changes. The query results are compared with a scan of a map that mirrors the graph.

use std::collections::BTreeMap;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

use crate::fixture::{Instance, model};

/// Returns a random number. Some are equal but written differently, such as `1` and `1.0`, and some are integers that a
/// double cannot represent exactly.
fn value(random: &mut StdRng) -> Value {
    [
        json!(1),
        json!(1.0),
        json!(-0.0),
        json!(0),
        json!(9_007_199_254_740_993_i64),
        json!(9_007_199_254_740_992_i64),
        json!(2.5),
    ]
    .choose(random)
    .cloned()
    .expect("a value")
}

fn equal(left: &Value, right: &Value) -> bool {
    match (left.as_i64(), right.as_i64()) {
        (Some(left), Some(right)) => left == right,
        _ => left == right || (left.is_number() && left.as_f64() == right.as_f64()),
    }
}

fn string(random: &mut StdRng) -> &'static str {
    ["1", "red", "it", ""].choose(random).expect("a string")
}

#[test]
fn indexed_equality_matches_a_scan_after_random_changes() {
    let mut rows = 0;
    for seed in 0..20 {
        let mut random = StdRng::seed_from_u64(seed);
        let instance = Instance::new();
        let contents = json!([
            {"@type": "Property", "name": "n", "schema": "double"},
            {"@type": "Property", "name": "o", "schema": {"@type": "Object", "fields": [
                {"name": "s", "schema": "string"}
            ]}},
            {"@type": "Relationship", "name": "r", "properties": [
                {"@type": "Property", "name": "w", "schema": "string"}
            ]},
        ]);
        instance.post("/models", &model("dtmi:r:A;1", contents)).ok();
        instance.put_twin("hub", "dtmi:r:A;1", json!({}));
        let mut twins: BTreeMap<String, (Value, &str)> = BTreeMap::new();
        let mut relationships: BTreeMap<String, &str> = BTreeMap::new();
        for _ in 0..150 {
            let id = format!("t{}", random.random_range(0..12));
            let path = format!("/digitaltwins/hub/relationships/{id}");
            match random.random_range(0..8) {
                0..3 => {
                    let (n, s) = (value(&mut random), string(&mut random));
                    instance.put_twin(&id, "dtmi:r:A;1", json!({"n": n, "o": {"s": s}}));
                    twins.insert(id, (n, s));
                }
                3 if twins.contains_key(&id) => {
                    let n = value(&mut random);
                    let patch = json!([{"op": "add", "path": "/n", "value": n}]);
                    instance.patch(&format!("/digitaltwins/{id}"), &patch).ok();
                    twins.entry(id).and_modify(|known| known.0 = n);
                }
                4 if twins.contains_key(&id) => {
                    let w = string(&mut random);
                    let body = json!({"$relationshipName": "r", "$targetId": id, "w": w});
                    instance.put(&path, &body).ok();
                    relationships.insert(id, w);
                }
                5 if relationships.contains_key(&id) => {
                    instance.delete(&path).ok();
                    relationships.remove(&id);
                }
                6 if twins.contains_key(&id) && !relationships.contains_key(&id) => {
                    instance.delete(&format!("/digitaltwins/{id}")).ok();
                    twins.remove(&id);
                }
                _ => {
                    let (n, s) = (value(&mut random), string(&mut random));
                    let number = format!("SELECT * FROM DIGITALTWINS WHERE n = {n}");
                    let found = twins.iter().filter(|(_, known)| equal(&known.0, &n));
                    let expected: Vec<_> = found.map(|(id, _)| id.clone()).collect();
                    assert_eq!(
                        sorted(instance.ids(&number)),
                        sorted(expected),
                        "seed {seed}: {number}"
                    );

                    let query =
                        format!("SELECT * FROM DIGITALTWINS WHERE o.s IN ['{s}', 'none'] AND n = {n}");
                    let found = twins
                        .iter()
                        .filter(|(_, known)| known.1 == s && equal(&known.0, &n));
                    let expected: Vec<_> = found.map(|(id, _)| id.clone()).collect();
                    rows += expected.len();
                    assert_eq!(
                        sorted(instance.ids(&query)),
                        sorted(expected),
                        "seed {seed}: {query}"
                    );

                    let query = format!("SELECT * FROM RELATIONSHIPS WHERE w = '{s}'");
                    let expected = relationships.values().filter(|w| **w == s).count();
                    rows += expected;
                    assert_eq!(instance.query(&query).len(), expected, "seed {seed}: {query}");
                }
            }
        }
    }
    assert!(rows > 200, "only {rows} rows to compare");
}

fn sorted(mut ids: Vec<String>) -> Vec<String> {
    ids.sort();
    ids
}
