//! Property tests of patches and diffs.

use digitaltwins_convenience::{DigitalTwinPatch, RelationshipPatch};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Generates member names, many of which need escaping in a JSON Pointer.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-d]",
        1 => "[~/ü\"%\\\\ ]{1,3}",
        1 => Just(String::new()),
    ]
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e6..1e6_f64).prop_map(Value::from),
        "[a-c/~]{0,3}".prop_map(Value::from),
    ]
}

/// Generates values that the service can store, which excludes null.
fn value() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            object(inner).prop_map(Value::Object),
        ]
    })
}

fn object(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::vec((name(), value), 0..5).prop_map(|members| members.into_iter().collect())
}

/// Generates two objects that share members, such as a resource before and after a change.
fn change() -> impl Strategy<Value = (Map<String, Value>, Map<String, Value>)> {
    (object(value()), object(value()), any::<u32>()).prop_map(|(before, mut after, kept)| {
        for (index, (name, value)) in before.iter().enumerate() {
            if kept & (1 << (index % 32)) != 0 {
                after.insert(name.clone(), value.clone());
            }
        }
        (before, after)
    })
}

fn applied(before: &Map<String, Value>, patch: &[json_patch::PatchOperation]) -> Value {
    let mut document = Value::Object(before.clone());
    json_patch::patch(&mut document, patch)
        .unwrap_or_else(|error| panic!("{error}: {patch:?} of {document}"));
    document
}

/// Returns whether all names could be names of properties, which excludes empty names.
fn has_property_names(object: &Map<String, Value>) -> bool {
    object.keys().all(|name| !name.is_empty())
}

proptest! {
    #[test]
    fn a_diff_turns_before_into_after((before, after) in change()) {
        prop_assume!(has_property_names(&before) && has_property_names(&after));
        let patch = DigitalTwinPatch::diff(&before, &after).unwrap();
        prop_assert_eq!(applied(&before, patch.operations()), Value::Object(after.clone()));
        // The patch is minimal and uses only operations that the service supports.
        prop_assert_eq!(patch.is_empty(), before == after);
        for operation in patch.operations() {
            let name = serde_json::to_value(operation).unwrap()["op"].clone();
            prop_assert!(name == "add" || name == "remove", "{}", name);
        }
        let again: json_patch::Patch = patch.clone().into();
        prop_assert_eq!(&DigitalTwinPatch::try_from(again).unwrap(), &patch);
    }

    #[test]
    fn null_and_empty_members_count_as_unset((before, after) in change()) {
        prop_assume!(has_property_names(&before) && has_property_names(&after));
        // A type serializes nulls and empty objects for properties that have no value on the service.
        let mut seen = before.clone();
        seen.insert("unset".to_owned(), Value::Null);
        seen.insert("default".to_owned(), json!({}));
        let mut wanted = after.clone();
        wanted.insert("unset".to_owned(), json!(1));
        wanted.insert("default".to_owned(), json!({"inside": 2}));
        let patch = DigitalTwinPatch::diff(&seen, &wanted).unwrap();
        prop_assert_eq!(applied(&before, patch.operations()), Value::Object(wanted));
    }

    #[test]
    fn lists_of_any_names_are_paths(names in prop::collection::vec(name(), 1..5), value in scalar()) {
        prop_assume!(!names.iter().any(|name| name.starts_with('$')));
        let patch = RelationshipPatch::new().add(&names[..], &value).unwrap();
        let mut document = value;
        for name in names.iter().rev() {
            document = Value::Object(Map::from_iter([(name.clone(), document)]));
        }
        let json_patch::PatchOperation::Add(add) = &patch.operations()[0] else { panic!("no add") };
        prop_assert_eq!(document.pointer(add.path.as_str()), Some(&add.value));
        prop_assert_eq!(add.path.count(), names.len());
    }

    #[test]
    fn any_string_is_a_path_or_an_error(text in ".{0,12}") {
        // A string never causes a panic, and an accepted path survives a round trip.
        if let Ok(patch) = DigitalTwinPatch::new().remove(text.as_str()) {
            let text = patch.to_string();
            let again: json_patch::Patch = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(DigitalTwinPatch::try_from(again).unwrap(), patch);
        }
    }

    #[test]
    fn model_and_source_times_of_a_diff_are_the_only_metadata(
        (before, after) in change(), model in 1..3_u32, time in prop::option::of(1..3_u32)
    ) {
        prop_assume!(has_property_names(&before) && has_property_names(&after));
        let twin = |contents: &Map<String, Value>, model: u32, time: Option<u32>| {
            let mut twin = contents.clone();
            let mut metadata = json!({"$model": format!("dtmi:example:Room;{model}"), "$lastUpdateTime": format!("t{model}")});
            for name in contents.keys() {
                metadata[name.as_str()] = json!({"lastUpdateTime": format!("t{model}")});
                if let Some(time) = time {
                    metadata[name.as_str()]["sourceTime"] = json!(format!("2024-01-0{time}T00:00:00Z"));
                }
            }
            twin.insert("$metadata".to_owned(), metadata);
            twin
        };
        let (old, new) = (twin(&before, 1, None), twin(&after, model, time));
        let patch = DigitalTwinPatch::diff(&old, &new).unwrap();
        // The service creates the metadata of a property; in this test, the test itself does.
        let mut document = old.clone();
        for name in after.keys() {
            let metadata = document["$metadata"].as_object_mut().unwrap();
            metadata.entry(name.clone()).or_insert_with(|| json!({}));
        }
        let result = applied(&document, patch.operations());
        prop_assert_eq!(&result["$metadata"]["$model"], &new["$metadata"]["$model"]);
        prop_assert_eq!(&result["$metadata"]["$lastUpdateTime"], "t1");
        for name in after.keys() {
            prop_assert_eq!(result["$metadata"][name].get("sourceTime"), new["$metadata"][name].get("sourceTime"));
        }
    }
}

#[test]
fn a_diff_of_two_resources_is_refused() {
    let error = DigitalTwinPatch::diff(&json!({"$dtId": "a"}), &json!({"$dtId": "b"})).unwrap_err();
    assert_eq!(
        (error.is_invalid_input(), error.parameter()),
        (true, Some("after"))
    );
    for name in ["$relationshipId", "$sourceId", "$targetId", "$relationshipName"] {
        let error = RelationshipPatch::diff(&json!({name: "a"}), &json!({name: "b"})).unwrap_err();
        assert!(error.to_string().contains(name), "{error}");
    }
    // An identifying member that is missing on one side does not make the values different resources.
    let patch = DigitalTwinPatch::diff(
        &json!({"$dtId": "a", "$etag": "1", "x": 1}),
        &json!({"$etag": "2", "x": 1}),
    );
    assert!(patch.unwrap().is_empty());
    assert!(
        DigitalTwinPatch::diff(&json!([1]), &json!([1]))
            .unwrap_err()
            .is_invalid_input()
    );
}

#[test]
fn components_are_compared_member_by_member() {
    let before = json!({"thermostat": {"target": 20, "mode": "auto", "$metadata": {
        "$lastUpdateTime": "t1", "target": {"lastUpdateTime": "t1"}}}});
    let after = json!({"thermostat": {"target": 21, "$metadata": {
        "$lastUpdateTime": "t2", "target": {"lastUpdateTime": "t2", "sourceTime": "2024-05-01T00:00:00Z"}}}});
    let patch = DigitalTwinPatch::diff(&before, &after).unwrap();
    assert_eq!(
        serde_json::to_value(&patch).unwrap(),
        json!([
            {"op": "add", "path": "/thermostat/target", "value": 21},
            {"op": "remove", "path": "/thermostat/mode"},
            {"op": "add", "path": "/thermostat/$metadata/target/sourceTime", "value": "2024-05-01T00:00:00Z"},
        ])
    );
}
