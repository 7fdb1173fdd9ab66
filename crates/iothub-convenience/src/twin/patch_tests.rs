//! What patches send, refuse and do.

use super::*;
use crate::twin::testing::{members, members_without_nulls};
use proptest::prelude::*;
use serde_json::json;

fn sent(patch: &TwinPatch) -> Value {
    serde_json::to_value(patch).unwrap()
}

fn violations(patch: &TwinPatch) -> Vec<String> {
    patch.validate().err().map_or_else(Vec::new, |error| {
        error.violations.iter().map(ToString::to_string).collect()
    })
}

#[test]
fn only_what_was_said_is_sent() {
    assert_eq!(sent(&TwinPatch::new()), json!({}));
    assert!(TwinPatch::new().is_empty());
    assert_eq!(sent(&TwinPatch::new().remove_all_tags()), json!({"tags": null}));
    assert_eq!(
        sent(&TwinPatch::new().set_tag("a", json!({}))),
        json!({"tags": {"a": {}}})
    );
    assert_eq!(
        sent(
            &TwinPatch::new()
                .set_desired("a.b", 1)
                .set_desired("a.c", json!([]))
                .remove_desired("a.d")
        ),
        json!({"properties": {"desired": {"a": {"b": 1, "c": [], "d": null}}}})
    );
    let patch = TwinPatch::new().set_tag("a", 1).remove_all_tags();
    assert_eq!(
        (sent(&patch), violations(&patch).len()),
        (json!({"tags": null}), 0)
    );
}

#[test]
fn the_last_word_counts() {
    let patch = TwinPatch::new()
        .set_tag("a", 1)
        .set_tag("a", 2)
        .set_tag("b.c", 1)
        .remove_tag("b");
    assert_eq!(sent(&patch), json!({"tags": {"a": 2, "b": null}}));
    let patch = TwinPatch::new()
        .set_tag("a", json!({"x": 1}))
        .set_tag("a.y", 2)
        .remove_tag("a.x");
    assert_eq!(sent(&patch), json!({"tags": {"a": {"x": null, "y": 2}}}));
    assert_eq!(violations(&patch), Vec::<String>::new());
}

#[test]
fn what_a_merge_patch_cannot_say_is_reported() {
    for (patch, message) in [
        (
            TwinPatch::new().remove_tag("a").set_tag("a.b.c", 1),
            "tags.a.b.c is set in the same patch that removes or replaces tags.a",
        ),
        (
            TwinPatch::new().set_desired("a", 1).set_desired("a.b", 1),
            "properties.desired.a.b is set in the same patch that removes or replaces properties.desired.a",
        ),
        (
            TwinPatch::new()
                .remove_tag("a")
                .set_tag("a", json!({"b": 1, "c": 2})),
            "tags.a is set in the same patch that removes or replaces tags.a",
        ),
        (
            TwinPatch::new().remove_all_tags().set_tag("a.b", 1),
            "tags.a.b is set in the same patch that removes or replaces tags",
        ),
    ] {
        assert_eq!(violations(&patch), [message]);
        assert_eq!(violations(&patch.unchecked()), [message]);
    }
}

#[test]
fn rules_are_checked_unless_told_otherwise() {
    let patch = TwinPatch::new()
        .set_tag("$x", 1)
        .set_desired("ok.not ok", 1)
        .set_desired("deep", json!({"a": [null]}));
    assert_eq!(
        violations(&patch),
        [
            "tags.$x has '$' in its name, which no name may have",
            "properties.desired.ok[\"not ok\"] has ' ' in its name, which no name may have",
            "properties.desired.deep.a[0] is null, which an array may not hold",
        ]
    );
    assert_eq!(violations(&patch.unchecked()), Vec::<String>::new());
}

#[test]
fn a_document_may_have_writable_members_only() {
    let document = json!({"tags": {"a": null}, "properties": {"desired": {"b": {"c": null}}}});
    assert_eq!(sent(&TwinPatch::from_json(document.clone()).unwrap()), document);
    assert_eq!(
        sent(&TwinPatch::from_json(json!({"tags": null})).unwrap()),
        json!({"tags": null})
    );
    let error = TwinPatch::from_json(json!({
        "deviceId": "d", "tags": 5, "properties": {"reported": {}, "desired": null}
    }))
    .unwrap_err();
    let lines: Vec<_> = error.violations.iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        [
            "deviceId cannot be written; only tags and properties.desired can",
            "tags must be an object",
            "properties.reported cannot be written; only tags and properties.desired can",
            "properties.desired must be an object",
        ]
    );
    assert!(TwinPatch::from_json(json!([])).is_err());
}

#[test]
fn the_service_s_members_are_no_difference() {
    let read = |version: i64| -> Twin {
        serde_json::from_value(json!({
            "version": version, "properties": {"desired": {"a": 1, "$version": version, "$metadata": {"x": version}}}
        }))
        .unwrap()
    };
    assert!(TwinPatch::between(&read(1), &read(2)).is_empty());
}

fn twin(tags: Map<String, Value>, desired: Map<String, Value>) -> Twin {
    let mut twin = Twin {
        tags: tags.into(),
        ..Twin::default()
    };
    twin.properties.desired = desired.into();
    twin
}

proptest! {
    #[test]
    fn a_patch_between_two_twins_makes_one_the_other(
        a in members_without_nulls(), b in members_without_nulls(),
        c in members_without_nulls(), d in members_without_nulls(),
    ) {
        let (before, after) = (twin(a, b), twin(c, d));
        let mut changed = before.clone();
        TwinPatch::between(&before, &after).apply_to(&mut changed);
        prop_assert_eq!(changed, after);
    }

    #[test]
    fn changes_one_by_one_do_what_one_patch_does(start in members_without_nulls(), changes in prop::collection::vec(("[a-c](\\.[a-c]){0,2}", prop_oneof![Just(Value::Null), Just(json!(1)), members().prop_map(Value::Object)]), 0..6)) {
        let mut step_by_step = twin(Map::new(), start);
        let mut at_once = step_by_step.clone();
        let mut patch = TwinPatch::new();
        for (path, value) in changes {
            TwinPatch::new().set_desired(&path, value.clone()).apply_to(&mut step_by_step);
            patch = patch.set_desired(&path, value);
        }
        // Where the two differ, the patch must say so.
        if patch.sections.problems.is_empty() {
            patch.apply_to(&mut at_once);
            prop_assert_eq!(
                without_empty(step_by_step.properties.desired.as_json()),
                without_empty(at_once.properties.desired.as_json())
            );
        }
    }
}

/// Without objects that have become empty: whether one stays behind depends on what was there in between.
fn without_empty(members: &Map<String, Value>) -> Map<String, Value> {
    members
        .iter()
        .filter_map(|(name, value)| match value {
            Value::Object(inner) => {
                let inner = without_empty(inner);
                (!inner.is_empty()).then(|| (name.clone(), Value::Object(inner)))
            }
            other => Some((name.clone(), other.clone())),
        })
        .collect()
}
