//! Property tests of typed twins: lossless round trips and diffs.

use std::collections::BTreeMap;

use digitaltwins_convenience::{
    BasicDigitalTwin, BasicRelationship, Component, DigitalTwin, DigitalTwinPatch, Relationship,
    RelationshipPatch,
};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Pump {
    speed: Option<f32>,
    hours: Option<i64>,
    serial: Option<u64>,
    label: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    open: Option<bool>,
    #[serde(default)]
    limits: Limits,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    readings: Option<Vec<f64>>,
    motor: Component<Motor>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Limits {
    low: Option<i32>,
    high: Option<i32>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Motor {
    winding: Option<String>,
    current: Option<f64>,
}

fn finite() -> impl Strategy<Value = f64> {
    any::<f64>().prop_filter("JSON has no other numbers", |number| number.is_finite())
}

fn pump() -> impl Strategy<Value = Pump> {
    let small = any::<f32>().prop_filter("JSON has no other numbers", |number| number.is_finite());
    let text = || prop::option::of("[a-cü/~\"]{0,4}");
    let limit = || prop::option::of(any::<i32>());
    (
        (
            prop::option::of(small),
            prop::option::of(any::<i64>()),
            prop::option::of(any::<u64>()),
            text(),
        ),
        (prop::option::of(any::<bool>()), limit(), limit()),
        prop::collection::btree_map("[a-c/~]{1,2}", "[xy]{0,2}", 0..4),
        prop::option::of(prop::collection::vec(finite(), 0..3)),
        (text(), prop::option::of(finite())),
    )
        .prop_map(
            |((speed, hours, serial, label), (open, low, high), tags, readings, (winding, current))| Pump {
                speed,
                hours,
                serial,
                label,
                open,
                limits: Limits { low, high },
                tags,
                readings,
                motor: Component::new(Motor { winding, current }),
            },
        )
}

/// Returns the value as the service stores it, without nulls.
fn stored(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let members = object.iter().filter(|(_, value)| !value.is_null());
            Value::Object(
                members
                    .map(|(name, value)| (name.clone(), stored(value)))
                    .collect(),
            )
        }
        other => other.clone(),
    }
}

fn as_json<T: Serialize>(value: &T) -> Value {
    serde_json::from_str(&serde_json::to_string(value).unwrap()).unwrap()
}

/// Removes empty objects, which a typed value cannot distinguish from absent ones.
fn without_empty(value: Value) -> Value {
    let Value::Object(object) = value else {
        return value;
    };
    let members = object
        .into_iter()
        .map(|(name, value)| (name, without_empty(value)));
    Value::Object(
        members
            .filter(|(_, value)| value.as_object().is_none_or(|object| !object.is_empty()))
            .collect(),
    )
}

proptest! {
    #[test]
    fn a_typed_twin_survives_a_round_trip(pump in pump(), more in any::<u64>()) {
        let mut twin = DigitalTwin::new("p", "dtmi:example:Pump;1", pump);
        twin.extra.insert("later".to_owned(), json!({"n": more}));
        twin.contents.motor.extra.insert("later".to_owned(), json!([more]));
        let text = serde_json::to_string(&twin).unwrap();
        let back: DigitalTwin<Pump> = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&back, &twin);
        // Both an untyped twin and an older type keep all members.
        let basic: BasicDigitalTwin = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(serde_json::to_string(&basic).unwrap(), text.clone());
        #[derive(Serialize, Deserialize)]
        struct Old {
            hours: Option<i64>,
        }
        let old: DigitalTwin<Old> = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(as_json(&old), as_json(&twin));
    }

    #[test]
    fn a_typed_relationship_survives_a_round_trip(diameter in prop::option::of(any::<i64>()), flow in finite()) {
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        struct Pipe {
            diameter: Option<i64>,
        }
        let mut pipe = Relationship::new("r", "a", "feeds", "b", Pipe { diameter });
        pipe.extra.insert("flow".to_owned(), json!(flow));
        let text = serde_json::to_string(&pipe).unwrap();
        prop_assert_eq!(serde_json::from_str::<Relationship<Pipe>>(&text).unwrap(), pipe);
        let basic: BasicRelationship = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(serde_json::to_string(&basic).unwrap(), text);
    }

    #[test]
    fn a_typed_diff_turns_before_into_after(before in pump(), after in pump()) {
        let patch = DigitalTwinPatch::diff(&before, &after).unwrap();
        let mut document = stored(&as_json(&before));
        json_patch::patch(&mut document, patch.operations()).unwrap();
        prop_assert_eq!(without_empty(document.clone()), without_empty(stored(&as_json(&after))));
        let read: Pump = serde_json::from_value(document).unwrap();
        prop_assert_eq!(read, after);
    }

    #[test]
    fn a_typed_diff_keeps_unknown_properties(before in pump(), after in pump(), more in any::<i64>()) {
        // The twin on the service has properties that are unknown to the type.
        let patch = DigitalTwinPatch::diff(&before, &after).unwrap();
        let mut document = stored(&as_json(&before));
        document["unknown"] = json!({"n": more});
        document["motor"]["unknown"] = json!(more);
        json_patch::patch(&mut document, patch.operations()).unwrap();
        prop_assert_eq!(&document["unknown"], &json!({"n": more}));
        prop_assert_eq!(&document["motor"]["unknown"], &json!(more));
    }

    #[test]
    fn a_diff_of_relationships_has_only_properties(before in any::<i64>(), after in any::<i64>()) {
        let contents = |n: i64| Map::from_iter([("n".to_owned(), json!(n))]);
        let relationship = |n| Relationship::new("r", "a", "feeds", "b", contents(n));
        let patch = RelationshipPatch::diff(&relationship(before), &relationship(after)).unwrap();
        let expected = if before == after { json!([]) } else { json!([{"op": "add", "path": "/n", "value": after}]) };
        prop_assert_eq!(serde_json::to_value(&patch).unwrap(), expected);
    }
}
