//! Proptest strategies that generate twin documents.

use proptest::prelude::*;
use serde_json::{Map, Value};

/// Generates names from a small set, so that documents overlap.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("a".to_owned()),
        Just("b".to_owned()),
        Just("c".to_owned()),
        Just("ü".to_owned()),
        "[a-d]{0,2}",
    ]
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<bool>().prop_map(Value::from),
        (-1000_i64..1000).prop_map(Value::from),
        (-1.0e6_f64..1.0e6).prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ]
}

fn value(leaf: BoxedStrategy<Value>) -> impl Strategy<Value = Value> {
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            object(inner).prop_map(Value::Object),
            prop::collection::vec(scalar(), 0..3).prop_map(Value::Array),
        ]
    })
}

fn object(inner: impl Strategy<Value = Value>) -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::vec((name(), inner), 0..4).prop_map(|members| members.into_iter().collect())
}

/// Generates the members of a stored section.
pub(crate) fn members_without_nulls() -> impl Strategy<Value = Map<String, Value>> {
    object(value(scalar().boxed()))
}

/// Generates the members of a patch.
pub(crate) fn members() -> impl Strategy<Value = Map<String, Value>> {
    object(value(prop_oneof![Just(Value::Null), scalar()].boxed()))
}
