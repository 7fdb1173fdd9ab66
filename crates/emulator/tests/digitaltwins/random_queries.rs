//! Random queries on random graphs, compared with an evaluator that knows no indexes and begins everywhere.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

use crate::fixture::{Instance, model};

const TWINS: usize = 9;

/// A condition on one variable, as text and as what it means.
#[derive(Debug, Clone)]
enum Condition {
    Compare(&'static str, &'static str, Value),
    In(&'static str, Vec<Value>),
    Defined(&'static str),
    Model(&'static str),
    Not(Box<Condition>),
    And(Box<Condition>, Box<Condition>),
    Or(Box<Condition>, Box<Condition>),
}

impl Condition {
    fn random(random: &mut StdRng, depth: usize) -> Self {
        let names = ["x", "y", "$dtId", "absent", "$metadata.$model"];
        let name = names.choose(random).expect("a name");
        let kind = if depth == 0 {
            random.random_range(0..4)
        } else {
            random.random_range(0..7)
        };
        let inner = |random: &mut StdRng| Box::new(Condition::random(random, depth - 1));
        match kind {
            0 => {
                let operators = ["=", "!=", "<", "<=", ">", ">="];
                Condition::Compare(
                    name,
                    operators.choose(random).expect("an operator"),
                    literal(random),
                )
            }
            1 => Condition::In(
                name,
                (0..random.random_range(1..4)).map(|_| literal(random)).collect(),
            ),
            2 => Condition::Defined(name),
            3 => Condition::Model(["dtmi:r:A;1", "dtmi:r:B;1"].choose(random).expect("a model")),
            4 => Condition::Not(inner(random)),
            5 => Condition::And(inner(random), inner(random)),
            _ => Condition::Or(inner(random), inner(random)),
        }
    }

    fn text(&self, variable: &str) -> String {
        match self {
            Condition::Compare(name, operator, value) => {
                format!("{variable}.{name} {operator} {}", written(value))
            }
            Condition::In(name, values) => {
                let values: Vec<_> = values.iter().map(written).collect();
                format!("{variable}.{name} IN [{}]", values.join(", "))
            }
            Condition::Defined(name) => format!("IS_DEFINED({variable}.{name})"),
            Condition::Model(model) => format!("IS_OF_MODEL({variable}, '{model}')"),
            Condition::Not(inner) => format!("NOT ({})", inner.text(variable)),
            Condition::And(a, b) => format!("({} AND {})", a.text(variable), b.text(variable)),
            Condition::Or(a, b) => format!("({} OR {})", a.text(variable), b.text(variable)),
        }
    }

    fn holds(&self, twin: &Value) -> Option<bool> {
        match self {
            Condition::Compare(name, operator, value) => {
                let found = member(twin, name)?;
                let ordering = match (found.as_i64(), value.as_i64(), found.as_str(), value.as_str()) {
                    (Some(a), Some(b), ..) => Some(a.cmp(&b)),
                    (.., Some(a), Some(b)) => Some(a.cmp(b)),
                    _ => None,
                };
                match *operator {
                    "=" => Some(found == value),
                    "!=" => Some(found != value),
                    "<" => ordering.map(|ordering| ordering.is_lt()),
                    "<=" => ordering.map(|ordering| ordering.is_le()),
                    ">" => ordering.map(|ordering| ordering.is_gt()),
                    _ => ordering.map(|ordering| ordering.is_ge()),
                }
            }
            Condition::In(name, values) => Some(values.contains(member(twin, name)?)),
            Condition::Defined(name) => Some(member(twin, name).is_some()),
            Condition::Model(wanted) => {
                let model = member(twin, "$metadata.$model")?;
                // B extends A.
                Some(model == wanted || (*wanted == "dtmi:r:A;1" && model == "dtmi:r:B;1"))
            }
            Condition::Not(inner) => inner.holds(twin).map(|holds| !holds),
            Condition::And(a, b) => match (a.holds(twin), b.holds(twin)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            },
            Condition::Or(a, b) => match (a.holds(twin), b.holds(twin)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
        }
    }
}

fn literal(random: &mut StdRng) -> Value {
    match random.random_range(0..4) {
        0 => json!("red"),
        1 => json!(format!("t{}", random.random_range(0..TWINS))),
        2 => json!("dtmi:r:B;1"),
        _ => json!(random.random_range(0..4)),
    }
}

fn written(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), |text| format!("'{text}'"))
}

fn member<'a>(twin: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(twin, |value, name| value.get(name))
}

struct World {
    instance: Instance,
    twins: Vec<Value>,
    /// Source, name, target.
    relationships: Vec<(usize, &'static str, usize)>,
}

fn world(random: &mut StdRng) -> World {
    let instance = Instance::new();
    let contents = json!([
        {"@type": "Property", "name": "x", "schema": "integer"},
        {"@type": "Property", "name": "y", "schema": "string"},
        {"@type": "Relationship", "name": "a"},
        {"@type": "Relationship", "name": "b"},
    ]);
    let mut second = model("dtmi:r:B;1", json!([]))[0].clone();
    second["extends"] = "dtmi:r:A;1".into();
    instance
        .post("/models", &json!([model("dtmi:r:A;1", contents)[0], second]))
        .ok();
    let mut twins = Vec::new();
    for number in 0..TWINS {
        let mut body = json!({});
        if random.random_bool(0.7) {
            body["x"] = random.random_range(0..4).into();
        }
        if random.random_bool(0.5) {
            body["y"] = ["red", "blue"].choose(random).copied().into();
        }
        let model = if random.random_bool(0.5) {
            "dtmi:r:A;1"
        } else {
            "dtmi:r:B;1"
        };
        twins.push(instance.put_twin(&format!("t{number}"), model, body).body);
    }
    let mut relationships = Vec::new();
    for number in 0..random.random_range(6..24) {
        let (source, target) = (random.random_range(0..TWINS), random.random_range(0..TWINS));
        let name = if random.random_bool(0.5) { "a" } else { "b" };
        if source != target {
            instance.relate(
                &format!("t{source}"),
                &format!("r{number}"),
                name,
                &format!("t{target}"),
            );
            relationships.push((source, name, target));
        }
    }
    World {
        instance,
        twins,
        relationships,
    }
}

/// Every row of a query, over pages of a random size, as sorted texts.
fn answer(instance: &Instance, query: &str, page: usize) -> Vec<String> {
    let mut rows = Vec::new();
    let mut body = json!({ "query": query });
    loop {
        let reply = instance.query_page(&body, page).ok();
        let found = reply.body["value"].as_array().expect("rows");
        assert!(found.len() <= page);
        rows.extend(found.iter().map(Value::to_string));
        match reply.body["continuationToken"].clone() {
            Value::Null => break,
            token => body = json!({ "continuationToken": token }),
        }
    }
    rows.sort();
    rows
}

#[test]
fn conditions_mean_what_they_say() {
    let mut rows = 0;
    for seed in 0..60 {
        let mut random = StdRng::seed_from_u64(seed);
        let world = world(&mut random);
        for _ in 0..20 {
            let condition = Condition::random(&mut random, 3);
            let query = format!("SELECT * FROM DIGITALTWINS T WHERE {}", condition.text("T"));
            let mut expected: Vec<_> = world
                .twins
                .iter()
                .filter(|twin| condition.holds(twin) == Some(true))
                .map(Value::to_string)
                .collect();
            expected.sort();
            rows += expected.len();
            let page = random.random_range(1..6);
            assert_eq!(
                answer(&world.instance, &query, page),
                expected,
                "seed {seed}: {query}"
            );
        }
    }
    assert!(rows > 500, "only {rows} rows to compare");
}

/// An edge of a pattern: as text, the names it follows, its direction and how many relationships it takes.
struct Edge {
    text: String,
    names: &'static [&'static str],
    forward: bool,
    backward: bool,
    hops: std::ops::RangeInclusive<usize>,
}

fn edge(random: &mut StdRng) -> Edge {
    let (names, written): (&[_], _) = *[
        (&["a"][..], ":a"),
        (&["b"][..], ":b"),
        (&["a", "b"][..], ":a|b"),
        (&["a", "b"][..], ""),
    ]
    .choose(random)
    .expect("names");
    let (hops, range) = [(1..=1, ""), (2..=2, "*2"), (1..=2, "*..2"), (2..=3, "*1..3")]
        .choose(random)
        .cloned()
        .expect("hops");
    let inner = format!("[{written}{range}]");
    let (text, forward, backward) = match random.random_range(0..3) {
        0 => (format!("-{inner}->"), true, false),
        1 => (format!("<-{inner}-"), false, true),
        _ => (format!("-{inner}-"), true, true),
    };
    Edge {
        text,
        names,
        forward,
        backward,
        hops,
    }
}

/// Every way to lay the edges from the end of a path on, no twin twice; `nodes` are the ends of edges so far.
fn lay(
    world: &World,
    edges: &[Edge],
    taken: usize,
    path: &mut Vec<usize>,
    nodes: &mut Vec<usize>,
    found: &mut Vec<Vec<usize>>,
) {
    let Some((edge, rest)) = edges.split_first() else {
        found.push(nodes.clone());
        return;
    };
    let here = *path.last().expect("a start");
    if edge.hops.contains(&taken) {
        nodes.push(here);
        lay(world, rest, 0, path, nodes, found);
        nodes.pop();
    }
    if taken == *edge.hops.end() {
        return;
    }
    for (source, name, target) in &world.relationships {
        let steps = [(edge.forward, source, target), (edge.backward, target, source)];
        for (allowed, from, to) in steps {
            if allowed && *from == here && edge.names.contains(name) && !path.contains(to) {
                path.push(*to);
                lay(world, edges, taken + 1, path, nodes, found);
                path.pop();
            }
        }
    }
}

#[test]
fn patterns_find_every_path_once() {
    let mut rows = 0;
    for seed in 1000..1060 {
        let mut random = StdRng::seed_from_u64(seed);
        let world = world(&mut random);
        for _ in 0..20 {
            let edges: Vec<_> = (0..random.random_range(1..4))
                .map(|_| edge(&mut random))
                .collect();
            let pattern: String = edges
                .iter()
                .enumerate()
                .map(|(at, edge)| format!("{}(n{})", edge.text, at + 1))
                .collect();
            let (fixed, tested) = (
                random.random_range(0..=edges.len()),
                random.random_range(0..=edges.len()),
            );
            let id = random.random_range(0..TWINS);
            let condition = Condition::random(&mut random, 2);
            let columns: Vec<_> = (0..=edges.len())
                .map(|at| format!("n{at}.$dtId AS c{at}"))
                .collect();
            let query = format!(
                "SELECT {} FROM DIGITALTWINS MATCH (n0){pattern} WHERE n{fixed}.$dtId = 't{id}' AND {}",
                columns.join(", "),
                condition.text(&format!("n{tested}"))
            );
            let mut found = Vec::new();
            for start in 0..TWINS {
                lay(&world, &edges, 0, &mut vec![start], &mut vec![start], &mut found);
            }
            let mut expected: Vec<String> = found
                .iter()
                .filter(|nodes| {
                    nodes[fixed] == id && condition.holds(&world.twins[nodes[tested]]) == Some(true)
                })
                .map(|nodes| {
                    let columns = nodes.iter().enumerate();
                    let row: serde_json::Map<_, _> = columns
                        .map(|(at, node)| (format!("c{at}"), Value::from(format!("t{node}"))))
                        .collect();
                    Value::from(row).to_string()
                })
                .collect();
            expected.sort();
            rows += expected.len();
            let page = random.random_range(1..6);
            assert_eq!(
                answer(&world.instance, &query, page),
                expected,
                "seed {seed}: {query}"
            );
        }
    }
    assert!(rows > 500, "only {rows} rows to compare");
}
