//! Bulk runs.

use azure_iot_emulator::Fault;
use iothub_convenience::*;
use serde_json::json;

use crate::{ANY, hub, if_match};

#[tokio::test]
async fn every_kind_of_entry_is_applied() {
    let (_emulator, hub) = hub(&["old", "other", "gone"]).await;
    let other = hub.get_device("other").await.unwrap().into_model().unwrap();
    let entries = [
        RegistryEntry::create("old"),
        RegistryEntry::create("new").with_twin(TwinPatch::new().set_tag("a", 1).set_desired("b", 2)),
        RegistryEntry::create("new").with_module("m"),
        RegistryEntry::update("other", if_match(other.etag)).with_status(DeviceStatus::Disabled),
        RegistryEntry::delete("gone", ANY),
        RegistryEntry::delete("never", ANY),
        RegistryEntry::create_or_update("fresh", ANY).with_certificate_authority(),
    ];
    let report = hub.bulk_create_or_update_devices(entries, None).await.unwrap();
    let failed: Vec<_> = report
        .failed()
        .map(|(entry, failure)| (entry.device_id(), failure.code.unwrap()))
        .collect();
    assert_eq!(
        failed,
        [
            ("old", ErrorCode::DEVICE_ALREADY_EXISTS),
            ("never", ErrorCode::DEVICE_NOT_FOUND)
        ]
    );
    assert_eq!(report.done().count(), 5);
    let twin = hub.get_twin("new").await.unwrap().into_model().unwrap();
    assert_eq!(
        (twin.tags.get("a"), twin.properties.desired.get("b")),
        (Some(&json!(1)), Some(&json!(2)))
    );
    assert!(hub.get_module("new", "m").await.is_ok());
    assert_eq!(
        hub.get_device("other")
            .await
            .unwrap()
            .into_model()
            .unwrap()
            .status,
        Some(DeviceStatus::Disabled)
    );
    assert!(hub.get_device("gone").await.unwrap_err().is_not_found());
}

/// HUB-BULK-4.
#[tokio::test]
async fn modules_of_one_device_are_created_with_it_in_one_run() {
    let (_emulator, hub) = hub(&[]).await;
    let modules = ["m0", "m1", "m2"].map(|module| RegistryEntry::create("b1").with_module(module));
    let entries = std::iter::once(RegistryEntry::create("b1")).chain(modules);
    let report = hub.bulk_create_or_update_devices(entries, None).await.unwrap();
    assert!(report.is_successful(), "{:?}", report.results);
    assert_eq!(
        hub.get_modules("b1").await.unwrap().into_model().unwrap().len(),
        3
    );
}

/// HUB-BULK-9.
#[tokio::test]
async fn entries_of_a_refused_request_are_sent_in_smaller_ones() {
    let (emulator, hub) = hub(&[]).await;
    emulator
        .faults()
        .add(Fault::status(400).on("POST", "/devices").times(1))
        .unwrap();
    let entries = (0..100).map(|number| RegistryEntry::create(format!("q-{number}")));
    let report = hub.bulk_create_or_update_devices(entries, None).await.unwrap();
    assert!(report.is_successful());
}

#[tokio::test]
async fn interrupted_run_is_resumed_with_the_unfinished_entries() {
    let (emulator, hub) = hub(&[]).await;
    // The third request is refused without being processed.
    let mut fault = Fault::status(401).on("POST", "/devices").times(1);
    fault.skip = 2;
    emulator.faults().add(fault).unwrap();
    let entries = (0..450).map(|number| RegistryEntry::create(format!("d{number}")));
    let report = hub
        .bulk_create_or_update_devices(
            entries,
            Some(BulkOptions {
                max_concurrency: 1,
                ..Default::default()
            }),
        )
        .await
        .unwrap();
    assert_eq!(report.done().count(), 200);
    assert!(report.stopped_by.as_ref().unwrap().is_unauthorized());
    let rest = report.into_unfinished();
    assert_eq!(rest.len(), 250);
    assert!(
        hub.bulk_create_or_update_devices(rest, None)
            .await
            .unwrap()
            .is_successful()
    );
    let counts = hub
        .get_device_registry_statistics()
        .await
        .unwrap()
        .into_model()
        .unwrap();
    assert_eq!(counts.total_device_count, Some(450));
}

#[tokio::test]
async fn twins_and_keys_of_many_devices_are_changed() {
    let (_emulator, hub) = hub(&["a", "b", "c"]).await;
    let before = hub.get_device("a").await.unwrap().into_model().unwrap();
    let update = |id: &str| TwinUpdate::new(id, TwinPatch::new().set_tag("x", id), ANY);
    let report = hub
        .update_twins(["a", "b", "missing", "c"].map(update), None)
        .await
        .unwrap();
    assert_eq!(
        report
            .done()
            .map(|(_, twin)| twin.tags.get("x").cloned().unwrap())
            .collect::<Vec<_>>(),
        [json!("a"), json!("b"), json!("c")]
    );
    assert_eq!(
        report.failed().next().unwrap().1.code,
        Some(ErrorCode::DEVICE_NOT_FOUND)
    );

    let ids = ["a", "b", "c"].map(str::to_owned);
    let report = hub.swap_keys(ids, None).await.unwrap();
    assert!(report.is_successful());
    let after = hub.get_device("a").await.unwrap().into_model().unwrap();
    let keys = |device: &Device| device.authentication.clone().unwrap().symmetric_key.unwrap();
    assert_eq!(keys(&after).primary(), keys(&before).secondary());
    assert_eq!(keys(&after).secondary(), keys(&before).primary());
    assert_eq!(report.done().next().unwrap().1, &keys(&after));
}
