//! Tests of twin patches.

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
fn only_changes_are_sent() {
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
fn last_change_of_a_path_wins() {
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
fn contradictory_changes_are_violations() {
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
fn unchecked_disables_the_rules() {
    let patch = TwinPatch::new()
        .set_tag("$x", 1)
        .set_desired("ok.not ok", 1)
        .set_desired("deep", json!({"a": [null]}));
    assert_eq!(
        violations(&patch),
        [
            "tags.$x has '$' in its name; names must not contain . $ # space or control characters",
            "properties.desired.ok[\"not ok\"] has ' ' in its name; names must not contain . $ # space or control characters",
            "properties.desired.deep.a[0] is null, which is not allowed in arrays",
        ]
    );
    assert_eq!(violations(&patch.unchecked()), Vec::<String>::new());
}

#[test]
fn document_must_have_only_writable_members() {
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
fn version_and_metadata_are_not_differences() {
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
    fn patch_between_two_twins_turns_one_into_the_other(
        a in members_without_nulls(), b in members_without_nulls(),
        c in members_without_nulls(), d in members_without_nulls(),
    ) {
        let (before, after) = (twin(a, b), twin(c, d));
        let mut changed = before.clone();
        TwinPatch::between(&before, &after).apply_to(&mut changed);
        prop_assert_eq!(changed, after);
    }

    #[test]
    fn one_patch_has_the_effect_of_its_changes_in_sequence(start in members_without_nulls(), changes in prop::collection::vec(("[a-c](\\.[a-c]){0,2}", prop_oneof![Just(Value::Null), Just(json!(1)), members().prop_map(Value::Object)]), 0..6)) {
        let mut step_by_step = twin(Map::new(), start);
        let mut at_once = step_by_step.clone();
        let mut patch = TwinPatch::new();
        for (path, value) in changes {
            TwinPatch::new().set_desired(&path, value.clone()).apply_to(&mut step_by_step);
            patch = patch.set_desired(&path, value);
        }
        // A patch without violations must have the same effect as its changes one by one.
        if patch.sections.problems.is_empty() {
            patch.apply_to(&mut at_once);
            prop_assert_eq!(
                without_empty(step_by_step.properties.desired.as_json()),
                without_empty(at_once.properties.desired.as_json())
            );
        }
    }
}

/// Removes empty objects, because changes that are applied one by one may leave an empty object where the combined
/// patch creates none.
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

#[test]
fn patch_from_a_twin_has_only_writable_members() {
    let twin = json!({
        "DeviceId": "d", "etag": "x", "version": 7, "status": "enabled", "Tags": {"a": 1, "n": null},
        "properties": {"Desired": {"b": {"c": [1]}, "$version": 4, "$metadata": {"b": {}}}, "reported": {"r": 1}}
    });
    let expected = json!({"tags": {"a": 1}, "properties": {"desired": {"b": {"c": [1]}}}});
    assert_eq!(
        Value::Object(TwinPatch::from_twin(&twin).unwrap().to_json()),
        expected
    );
    let decoded: Twin = serde_json::from_value(twin).unwrap();
    assert_eq!(
        Value::Object(TwinPatch::from_twin(&decoded).unwrap().to_json()),
        expected
    );
    for twin in [
        json!({"deviceId": "d"}),
        json!({"tags": null, "properties": {"desired": {"$version": 1}}}),
    ] {
        assert!(TwinPatch::from_twin(twin).unwrap().is_empty());
    }
    for (document, message) in [
        (json!([]), "twin must be an object"),
        (json!(null), "twin must be an object"),
        (json!({"tags": 5}), "tags must be an object"),
        (
            json!({"properties": {"desired": 5}}),
            "properties.desired must be an object",
        ),
    ] {
        assert_eq!(TwinPatch::from_twin(document).unwrap_err().to_string(), message);
    }
}
