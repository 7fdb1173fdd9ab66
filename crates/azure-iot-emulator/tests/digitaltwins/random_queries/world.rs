//! Random graphs: twins of several models, with and without each property, component, map, array and object.

use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use serde_json::{Value, json};

use crate::fixture::{Instance, model};

pub(super) const TWINS: usize = 9;

/// The models, each with a list of the model itself and its ancestors.
pub(super) const MODELS: [(&str, &[&str]); 6] = [
    ("dtmi:r:Base;1", &["dtmi:r:Base;1"]),
    ("dtmi:r:Base;2", &["dtmi:r:Base;2"]),
    ("dtmi:r:Middle;1", &["dtmi:r:Middle;1", "dtmi:r:Base;1"]),
    (
        "dtmi:r:Leaf;1",
        &["dtmi:r:Leaf;1", "dtmi:r:Middle;1", "dtmi:r:Base;1"],
    ),
    ("dtmi:r:Leaf;3", &["dtmi:r:Leaf;3", "dtmi:r:Base;2"]),
    // This model is unrelated to the others, and its `x` is a string.
    ("dtmi:r:Other;1", &["dtmi:r:Other;1"]),
];

/// An instance, and its twins and relationships as it returns them.
pub(super) struct World {
    pub(super) instance: Instance,
    pub(super) twins: Vec<Value>,
    pub(super) relationships: Vec<Value>,
}

fn models() -> Value {
    let property = |name: &str, schema: Value| json!({"@type": "Property", "name": name, "schema": schema});
    let array = |element: &str| json!({"@type": "Array", "elementSchema": element});
    let relationships = [
        json!({"@type": "Relationship", "name": "a", "properties": [
            property("w", json!("integer")), property("label", json!("string"))]}),
        json!({"@type": "Relationship", "name": "b"}),
    ];
    let mut common = vec![
        property("x", json!("integer")),
        property("y", json!("string")),
        property("size", json!("double")),
        property("flag", json!("boolean")),
        property("GROUP", json!("string")),
        property("tags", array("string")),
        property("numbers", array("double")),
        property(
            "map",
            json!({"@type": "Map", "mapKey": {"name": "k", "schema": "string"},
                "mapValue": {"name": "v", "schema": "integer"}}),
        ),
        property(
            "place",
            json!({"@type": "Object", "fields": [
                {"name": "city", "schema": "string"},
                {"name": "inner", "schema": {"@type": "Object", "fields": [{"name": "level", "schema": "integer"}]}},
            ]}),
        ),
    ];
    common.extend(relationships.clone());
    let mut other = vec![property("x", json!("string"))];
    other.extend(relationships);
    let component = json!([{"@type": "Component", "name": "part", "schema": "dtmi:r:Part;1"}]);
    let part = json!([
        property("serial", json!("string")),
        property("level", json!("integer"))
    ]);
    let interfaces = [
        ("dtmi:r:Base;1", Value::from(common.clone()), None),
        ("dtmi:r:Base;2", common.into(), None),
        ("dtmi:r:Middle;1", component, Some("dtmi:r:Base;1")),
        (
            "dtmi:r:Leaf;1",
            json!([property("z", json!("integer"))]),
            Some("dtmi:r:Middle;1"),
        ),
        ("dtmi:r:Leaf;3", json!([]), Some("dtmi:r:Base;2")),
        ("dtmi:r:Other;1", other.into(), None),
        ("dtmi:r:Part;1", part, None),
    ];
    interfaces
        .into_iter()
        .map(|(id, contents, base)| {
            let mut interface = model(id, contents)[0].clone();
            interface["@context"] = "dtmi:dtdl:context;3".into();
            if let Some(base) = base {
                interface["extends"] = base.into();
            }
            interface
        })
        .collect()
}

fn pick(random: &mut StdRng, values: &[Value]) -> Value {
    values.choose(random).expect("a value").clone()
}

fn texts(random: &mut StdRng) -> Value {
    pick(
        random,
        &[
            json!("red"),
            json!("Red"),
            json!("reddish"),
            json!("it's \\ blue"),
            json!(""),
        ],
    )
}

fn integers(random: &mut StdRng) -> Value {
    json!(random.random_range(-1..4))
}

/// A generator of random values.
type Make = fn(&mut StdRng) -> Value;

/// Returns an array of up to three values.
fn some(random: &mut StdRng, of: Make) -> Value {
    (0..random.random_range(0..4)).map(|_| of(random)).collect()
}

fn object(random: &mut StdRng, members: &[(&str, Make)]) -> Value {
    let mut object = json!({});
    for (name, value) in members {
        if random.random_bool(0.6) {
            object[name] = value(random);
        }
    }
    object
}

fn twin(random: &mut StdRng, model: &str) -> Value {
    if model == "dtmi:r:Other;1" {
        return object(random, &[("x", texts)]);
    }
    let mut body = object(
        random,
        &[
            ("x", integers),
            ("y", texts),
            ("size", |random| {
                pick(random, &[json!(1), json!(1.0), json!(2.5), json!(-3)])
            }),
            ("flag", |random| random.random_bool(0.5).into()),
            ("GROUP", texts),
            ("tags", |random| some(random, texts)),
            ("numbers", |random| some(random, integers)),
            ("map", |random| {
                object(random, &[("k", integers), ("1 k", integers), ("GROUP", integers)])
            }),
            ("place", |random| {
                let inner: Make = |random| object(random, &[("level", integers)]);
                object(random, &[("city", texts), ("inner", inner)])
            }),
        ],
    );
    if model == "dtmi:r:Leaf;1" && random.random_bool(0.5) {
        body["z"] = integers(random);
    }
    if ["dtmi:r:Leaf;1", "dtmi:r:Middle;1"].contains(&model) {
        body["part"] = object(random, &[("serial", texts), ("level", integers)]);
        body["part"]["$metadata"] = json!({});
    }
    body
}

impl World {
    pub(super) fn random(random: &mut StdRng) -> Self {
        let instance = Instance::new();
        instance.post("/models", &models()).ok();
        let mut twins = Vec::new();
        for number in 0..TWINS {
            let (model, _) = MODELS.choose(random).expect("a model");
            let body = twin(random, model);
            twins.push(instance.put_twin(&format!("t{number}"), model, body).body);
            instance.clock.advance(Duration::from_secs(1));
        }
        let mut relationships = Vec::new();
        for number in 0..random.random_range(8..26) {
            let (source, target) = (random.random_range(0..TWINS), random.random_range(0..TWINS));
            if source == target {
                continue;
            }
            let name = if random.random_bool(0.6) { "a" } else { "b" };
            let mut body = match name {
                "a" => object(random, &[("w", integers), ("label", texts)]),
                _ => json!({}),
            };
            body["$relationshipName"] = name.into();
            body["$targetId"] = format!("t{target}").into();
            let path = format!("/digitaltwins/t{source}/relationships/r{number}");
            relationships.push(instance.put(&path, &body).ok().body);
        }
        World {
            instance,
            twins,
            relationships,
        }
    }
}
