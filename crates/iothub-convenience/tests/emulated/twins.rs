//! Twins.

use azure_iot_emulator::{Fault, FaultAction};
use iothub_convenience::*;
use serde_json::{Value, json};

use crate::{ANY, hub, if_match};

fn members(value: Value) -> serde_json::Map<String, Value> {
    value.as_object().unwrap().clone()
}

#[tokio::test]
async fn twin_is_patched() {
    let (_emulator, hub) = hub(&["d"]).await;
    let fresh = hub.get_twin("d").await.unwrap().into_model().unwrap();
    assert!(fresh.tags.is_empty());
    assert_eq!(fresh.properties.desired.version(), Some(1));
    let patch = TwinPatch::new()
        .set_tag("site", "oslo")
        .set_tag("n.x", 1)
        .set_desired("rate", 1.5)
        .set_desired("empty", json!({}));
    let patched = hub
        .update_twin("d", &patch, if_match(fresh.etag.clone()))
        .await
        .unwrap()
        .into_model()
        .unwrap();
    assert_eq!(patched.tags.get("site"), Some(&json!("oslo")));
    assert_eq!(patched.properties.desired.get("empty"), Some(&json!({})));
    assert_eq!(patched.properties.desired.version(), Some(2));
    assert_eq!(patched.properties.desired.last_updated_version("rate"), Some(2));
    assert!(patched.properties.desired.last_updated("rate").is_some());

    let stale = hub
        .update_twin("d", &patch, if_match(fresh.etag))
        .await
        .unwrap_err();
    assert!(stale.is_precondition_failed());

    let removal = TwinPatch::new().remove_all_tags().remove_desired("rate");
    let removed = hub
        .update_twin("d", &removal, ANY)
        .await
        .unwrap()
        .into_model()
        .unwrap();
    assert!(removed.tags.is_empty());
    assert_eq!(removed.properties.desired.to_map(), members(json!({"empty": {}})));
    assert!(
        hub.update_twin("x", &patch, ANY)
            .await
            .unwrap_err()
            .is_not_found()
    );
}

#[tokio::test]
async fn apply_to_has_the_effect_of_the_service() {
    let (_emulator, hub) = hub(&["d"]).await;
    let start = json!({"tags": {"a": {"b": 1, "c": [1]}, "t": "x"}, "properties": {"desired": {"p": {"q": {"r": 1}}}}});
    let patch = TwinPatch::from_json(
        json!({"tags": {"a": {"b": null, "c": {"d": null}}, "t": null, "u": []}, "properties": {"desired": {"p": {"q": {"r": null}}, "s": 1}}}),
    )
    .unwrap();
    let mut expected = hub
        .replace_twin("d", &TwinReplacement::from_json(start).unwrap(), ANY)
        .await
        .unwrap()
        .into_model()
        .unwrap();
    patch.apply_to(&mut expected);
    let patched = hub
        .update_twin("d", &patch, ANY)
        .await
        .unwrap()
        .into_model()
        .unwrap();
    assert_eq!(patched.tags.to_map(), expected.tags.to_map());
    assert_eq!(
        patched.properties.desired.to_map(),
        expected.properties.desired.to_map()
    );
}

#[tokio::test]
async fn twin_is_replaced() {
    let (emulator, hub) = hub(&["d"]).await;
    emulator
        .iothub()
        .unwrap()
        .report_properties("d", None, members(json!({"fw": "1.2"})))
        .unwrap();
    hub.update_twin(
        "d",
        &TwinPatch::new().set_tag("old", 1).set_desired("old", 1),
        ANY,
    )
    .await
    .unwrap();
    let contents = TwinReplacement::new().with_desired(members(json!({"new": 2})));
    let replaced = hub
        .replace_twin("d", &contents, ANY)
        .await
        .unwrap()
        .into_model()
        .unwrap();
    assert!(replaced.tags.is_empty());
    assert_eq!(replaced.properties.desired.to_map(), members(json!({"new": 2})));
    assert_eq!(replaced.properties.reported.get("fw"), Some(&json!("1.2")));
    assert!(replaced.properties.reported.last_updated("fw").is_some());
}

#[tokio::test]
async fn module_twin_is_changed() {
    let (_emulator, hub) = hub(&["d"]).await;
    hub.create_module_with_sas("d", "m", SymmetricKey::assigned_by_service(), None)
        .await
        .unwrap();
    let patched = hub
        .update_module_twin("d", "m", &TwinPatch::new().set_desired("a", 1), ANY)
        .await
        .unwrap()
        .into_model()
        .unwrap();
    assert_eq!(patched.module_id.as_deref(), Some("m"));
    let modified = hub
        .modify_module_twin("d", "m", |twin| twin.tags.set("b", 2))
        .await
        .unwrap();
    let read = hub.get_module_twin("d", "m").await.unwrap().into_model().unwrap();
    assert_eq!(
        (&read.etag, read.properties.desired.get("a"), read.tags.get("b")),
        (&modified.etag, Some(&json!(1)), Some(&json!(2)))
    );
    let replaced = hub
        .replace_module_twin("d", "m", &TwinReplacement::new(), if_match(read.etag))
        .await;
    assert!(replaced.unwrap().into_model().unwrap().tags.is_empty());
    assert!(hub.get_module_twin("d", "x").await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn concurrent_modifications_are_not_lost() {
    let (_emulator, hub) = hub(&["d"]).await;
    let increment = |twin: &mut Twin| {
        let count = twin.tags.get("count").and_then(Value::as_i64).unwrap_or_default();
        twin.tags.set("count", count + 1);
    };
    let results = futures::future::join_all((0..6).map(|_| hub.modify_twin("d", increment))).await;
    let written = results.iter().filter(|result| result.is_ok()).count();
    assert!(
        results
            .iter()
            .flat_map(|result| result.as_ref().err())
            .all(Error::is_precondition_failed)
    );
    let twin = hub.get_twin("d").await.unwrap().into_model().unwrap();
    assert_eq!(twin.tags.get("count"), Some(&json!(written)));
    assert!(written > 1);
}

#[tokio::test]
async fn modification_with_a_lost_response_is_applied_once() {
    let (emulator, hub) = hub(&["d"]).await;
    for action in [FaultAction::Reset { processed: true }, FaultAction::Truncate] {
        let before = hub.get_twin("d").await.unwrap().into_model().unwrap();
        let count = |twin: &Twin| twin.tags.get("count").and_then(Value::as_i64).unwrap_or_default();
        emulator
            .faults()
            .add(Fault::new(action).on("PATCH", "/twins/*").times(1))
            .unwrap();
        let modified = hub
            .modify_twin("d", |twin| twin.tags.set("count", count(twin) + 1))
            .await
            .unwrap();
        let after = hub.get_twin("d").await.unwrap().into_model().unwrap();
        assert_eq!(count(&after), count(&before) + 1);
        assert_eq!(modified, after);
    }
}

/// HUB-LIMIT-9, HUB-LIMIT-11, HUB-LIMIT-12.
#[tokio::test]
async fn client_and_service_have_the_same_limits() {
    let (_emulator, hub) = hub(&["d"]).await;
    let nested = |depth: usize| (0..depth).fold(json!(1), |value, _| json!({ "o": value }));
    for (tags, refused) in [
        (nested(11), None),
        (nested(12), Some(400)),
        (json!({"a": "x".repeat(4096)}), None),
        (json!({"a": "x".repeat(4097)}), Some(400)),
        (json!({"a": 4_503_599_627_370_495_i64}), None),
        (json!({"a": 4_503_599_627_370_496_i64}), Some(400)),
        (json!({"a b": 1}), Some(400)),
        (json!({"a": {"b.c": 1}}), Some(400)),
        (json!({"a#": 1}), Some(400)),
        (json!({"$a": 1}), Some(400)),
        (json!({"": 1, "ü": 1}), None),
        (json!({"a": [1, null]}), Some(400)),
        (json!({"a": [{"b": null}]}), Some(400)),
        (json!({"a": null}), Some(400)),
        (
            json!({"a": "x".repeat(4000), "b": "x".repeat(4000), "c": "x".repeat(189)}),
            None,
        ),
        (
            json!({"a": "x".repeat(4000), "b": "x".repeat(4000), "c": "x".repeat(190)}),
            Some(403),
        ),
    ] {
        let contents = TwinReplacement::from_json(json!({"tags": tags})).unwrap();
        assert_eq!(contents.validate().is_err(), refused.is_some(), "client: {tags}");
        let response = hub.replace_twin("d", &contents.unchecked(), ANY).await;
        let status = response.err().and_then(|error| error.status());
        assert_eq!(status, refused, "service: {tags}");
    }
}

/// HUB-TWIN-29.
#[tokio::test]
async fn twin_of_a_system_module_cannot_be_written() {
    let (_emulator, hub) = hub(&[]).await;
    let edge = CreateOrUpdateDeviceOptions {
        iot_edge: true,
        ..Default::default()
    };
    hub.create_device_with_certificate_authority("gw", DeviceStatus::Enabled, Some(edge))
        .await
        .unwrap();
    let patch = TwinPatch::new().set_desired("x", 1);
    let error = hub
        .update_module_twin("gw", "$edgeAgent", &patch, ANY)
        .await
        .unwrap_err();
    assert_eq!(error.status(), Some(401));
    assert_eq!(
        error.error_code(),
        Some(ErrorCode::SYSTEM_MODULE_MODIFY_UNAUTHORIZED_ACCESS)
    );
    let entry = RegistryEntry::update_twin("gw", patch, ANY).with_module("$edgeAgent");
    let report = hub.bulk_create_or_update_devices([entry], None).await.unwrap();
    let codes: Vec<_> = report.failed().map(|(_, failure)| failure.code).collect();
    assert_eq!(codes, [Some(ErrorCode::SYSTEM_MODULE_MODIFY_UNAUTHORIZED_ACCESS)]);
}

#[tokio::test]
async fn tags_and_desired_properties_are_copied_to_another_device() {
    let (_emulator, hub) = hub(&["a", "b"]).await;
    let patch = TwinPatch::new().set_tag("site", "oslo").set_desired("rate.s", 5);
    let source = hub
        .update_twin("a", &patch, ANY)
        .await
        .unwrap()
        .into_model()
        .unwrap();
    let copy = TwinPatch::from_twin(&source).unwrap();
    let copied = hub
        .update_twin("b", &copy, ANY)
        .await
        .unwrap()
        .into_model()
        .unwrap();
    assert_eq!(copied.tags, source.tags);
    assert_eq!(
        copied.properties.desired.to_map(),
        source.properties.desired.to_map()
    );
}
