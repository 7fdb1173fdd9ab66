//! Many items at once: what is sent, and what is known afterwards.

use crate::support::Recorder;
use azure_core::error::ErrorKind as TransportError;
use iothub_convenience::*;
use serde_json::json;

const ANY: Precondition = Precondition::Unconditional;

fn if_match(etag: &str) -> Precondition {
    Precondition::IfMatch(Etag::from(etag))
}

fn creations(count: usize) -> Vec<RegistryEntry> {
    (0..count)
        .map(|number| RegistryEntry::create(format!("d{number}")))
        .collect()
}

fn one_by_one() -> Option<BulkOptions> {
    Some(BulkOptions {
        concurrency: 1,
        ..Default::default()
    })
}

/// A word per item.
fn outcomes<I, T>(report: &BulkReport<I, T>) -> Vec<String> {
    let word = |outcome: &BulkOutcome<T>| match outcome {
        BulkOutcome::Done(_) => "done".to_owned(),
        BulkOutcome::Failed(failure) => format!("failed: {failure}"),
        BulkOutcome::NotDone => "not done".to_owned(),
        BulkOutcome::Unknown => "unknown".to_owned(),
        other => panic!("{:?}", std::mem::discriminant(other)),
    };
    report
        .results
        .iter()
        .map(|result| word(&result.outcome))
        .collect()
}

fn count<I, T>(report: &BulkReport<I, T>, word: &str) -> usize {
    outcomes(report)
        .iter()
        .filter(|outcome| outcome.starts_with(word))
        .count()
}

#[tokio::test]
async fn every_mode_is_sent_as_the_service_reads_it() {
    let recorder = Recorder::new();
    recorder.answer(200, &json!({"isSuccessful": true, "errors": [], "warnings": []}));
    let keys = SymmetricKey::new(
        "cHJpbWFyeS1rZXktMDEyMzQ1Njc4OTAxMjM0NTY3ODk=",
        "c2Vjb25kYXJ5LWtleS0wMTIzNDU2Nzg5MDEyMzQ1Njc=",
    )
    .unwrap();
    let patch =
        TwinPatch::from_json(json!({"tags": {"a": null, "ü": {}}, "properties": {"desired": {"y": 1.0}}}))
            .unwrap();
    let options = DeviceOptions {
        iot_edge: true,
        status_reason: Some("ü".into()),
        device_scope: Some("s".into()),
        parent_scopes: Some(vec!["p".into()]),
    };
    let entries = [
        RegistryEntry::create("d1")
            .with_sas(keys)
            .with_options(options)
            .with_twin(patch.clone()),
        RegistryEntry::create("d2")
            .with_module("m")
            .with_certificate_authority(),
        RegistryEntry::create_or_update("d3", ANY).with_status(DeviceStatus::Disabled),
        RegistryEntry::create_or_update("d4", if_match("\"MTIz\""))
            .with_x509(X509Thumbprint::new("A".repeat(40), None).unwrap()),
        RegistryEntry::update("d5", ANY),
        RegistryEntry::update("d6", if_match("MTIz")),
        RegistryEntry::delete("dev:1.2+3%_#*?!(),=@;$'", ANY),
        RegistryEntry::delete("d8", if_match("MTIz")),
        RegistryEntry::update_twin("d9", patch, if_match("AAAAAAAAAAE=")),
        RegistryEntry::update_twin("d9", TwinPatch::new(), ANY).with_module("$edgeAgent"),
    ];
    let report = recorder.hub().bulk_create_or_update_devices(entries, None).await;
    assert!(report.is_successful(), "{:?}", outcomes(&report));
    insta::assert_snapshot!(recorder.take().join("\n----\n").replace("},{\"", "},\n{\""));
}

#[tokio::test]
async fn any_number_goes_in_chunks_of_a_hundred() {
    let recorder = Recorder::new();
    for _ in 0..3 {
        recorder.answer(200, &json!({"isSuccessful": true, "errors": []}));
    }
    let report = recorder
        .hub()
        .bulk_create_or_update_devices(creations(250), one_by_one())
        .await;
    assert!(report.is_successful());
    let sizes: Vec<_> = recorder
        .take()
        .iter()
        .map(|request| request.matches("\"id\"").count())
        .collect();
    assert_eq!(sizes, [100, 100, 50]);
    let order: Vec<_> = report
        .results
        .iter()
        .map(|result| result.item.device_id().to_owned())
        .collect();
    assert_eq!(
        order,
        (0..250).map(|number| format!("d{number}")).collect::<Vec<_>>()
    );

    let nothing = recorder.hub().bulk_create_or_update_devices([], None).await;
    assert!(nothing.is_successful() && recorder.take().is_empty());
}

#[tokio::test]
async fn each_failed_entry_has_its_code() {
    let recorder = Recorder::new();
    // Long enough that no excerpt of the body would do.
    let mut errors: Vec<_> = (0..60)
        .map(|number| json!({"deviceId": format!("d{number}"), "errorCode": 409_001, "errorStatus": "it is registered already, as everybody knows"}))
        .collect();
    errors.push(json!({"deviceId": "d60", "errorCode": "ArgumentInvalid"}));
    errors.push(json!({"deviceId": "d61", "errorCode": 400_999, "errorStatus": "new"}));
    let body = json!({"isSuccessful": false, "errors": errors, "warnings": []}).to_string();
    recorder.answer_with(
        400,
        &[("iothub-errorcode", "BulkRegistryOperationFailure")],
        &body,
    );
    let report = recorder
        .hub()
        .bulk_create_or_update_devices(creations(63), None)
        .await;
    assert_eq!((count(&report, "failed"), count(&report, "done")), (62, 1));
    assert!(report.stopped_by.is_none());
    let codes: Vec<_> = report
        .failed()
        .skip(58)
        .map(|(entry, failure)| (entry.device_id(), failure.code))
        .collect();
    assert_eq!(
        codes,
        [
            ("d58", Some(ErrorCode::DEVICE_ALREADY_EXISTS)),
            ("d59", Some(ErrorCode::DEVICE_ALREADY_EXISTS)),
            ("d60", Some(ErrorCode::ARGUMENT_INVALID)),
            ("d61", Some(ErrorCode::from_number(400_999))),
        ]
    );
    assert_eq!(
        outcomes(&report)[0],
        "failed: DeviceAlreadyExists (409001): it is registered already, as everybody knows"
    );
}

#[tokio::test]
async fn a_failure_of_the_service_at_one_entry_is_not_the_entrys_fault() {
    let recorder = Recorder::new();
    recorder.answer(
        400,
        &json!({"isSuccessful": false, "errors": [
            {"deviceId": "d0", "errorCode": 429_001}, {"deviceId": "d1", "errorCode": 500_001},
            {"deviceId": "d2", "errorCode": "GenericServiceUnavailable"}, {"deviceId": "d3", "errorCode": 409_001}]}),
    );
    let report = recorder
        .hub()
        .bulk_create_or_update_devices(creations(5), None)
        .await;
    let counts = ["not done", "unknown", "failed", "done"].map(|what| count(&report, what));
    assert_eq!(counts, [2, 1, 1, 1], "{:?}", outcomes(&report));
    let ids: Vec<_> = report.into_unfinished();
    let ids: Vec<_> = ids.iter().map(RegistryEntry::device_id).collect();
    assert_eq!(ids, ["d0", "d1", "d2"]);
}

#[tokio::test]
async fn a_hub_that_is_not_there_is_not_the_entries_fault() {
    let recorder = Recorder::new();
    recorder.answer(404, &json!({"Message": "no such host"}));
    let report = recorder
        .hub()
        .bulk_create_or_update_devices(creations(150), one_by_one())
        .await;
    assert_eq!(count(&report, "not done"), 150, "{:?}", outcomes(&report));
    assert!(report.stopped_by.as_ref().unwrap().is_not_found());
    assert_eq!(recorder.take().len(), 1);
}

#[tokio::test]
async fn modules_are_told_apart() {
    let recorder = Recorder::new();
    recorder.answer(
        400,
        &json!({"isSuccessful": false, "errors": [
        {"deviceId": "d", "moduleId": "m1", "errorCode": 409_301}, {"deviceId": "e", "errorCode": 404_001}]}),
    );
    let entries = [
        RegistryEntry::create("d"),
        RegistryEntry::create("d").with_module("m1"),
        RegistryEntry::create("d").with_module("m2"),
        RegistryEntry::create("e").with_module("m"),
    ];
    let report = recorder.hub().bulk_create_or_update_devices(entries, None).await;
    assert_eq!(
        outcomes(&report),
        [
            "done",
            "failed: ModuleAlreadyExistsOnDevice (409301)",
            "done",
            "failed: DeviceNotFound (404001)"
        ]
    );
}

#[tokio::test]
async fn invalid_and_repeated_entries_are_not_sent() {
    let recorder = Recorder::new();
    recorder.answer(200, &json!({"isSuccessful": true}));
    let entries = [
        RegistryEntry::create("a/b"),
        RegistryEntry::create("d"),
        RegistryEntry::delete("d", ANY),
        RegistryEntry::update("e", if_match("")),
        RegistryEntry::create("f").with_twin(TwinPatch::new().set_tag("x y", 1)),
        RegistryEntry::create("g").with_twin(TwinPatch::new().remove_all_tags()),
        RegistryEntry::create("h").with_module("$x"),
    ];
    let report = recorder.hub().bulk_create_or_update_devices(entries, None).await;
    assert_eq!(
        (count(&report, "failed"), count(&report, "done")),
        (6, 1),
        "{:?}",
        outcomes(&report)
    );
    let error = report.failed().next().unwrap().1.error.as_ref();
    assert!(error.and_then(Error::invalid_id).is_some());
    assert_eq!(recorder.take().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_failure_of_the_service_stops_and_can_be_resumed_from() {
    let recorder = Recorder::new();
    recorder.answer(200, &json!({"isSuccessful": true}));
    recorder.answer_with(
        401,
        &[],
        r#"{"Message":"ErrorCode:IotHubUnauthorizedAccess;Unauthorized"}"#,
    );
    let hub = recorder.hub();
    let report = hub
        .bulk_create_or_update_devices(creations(350), one_by_one())
        .await;
    assert_eq!((count(&report, "done"), count(&report, "not done")), (100, 250));
    assert!(report.stopped_by.as_ref().unwrap().is_unauthorized());
    assert_eq!(recorder.take().len(), 2);

    let rest = report.into_unfinished();
    assert_eq!((rest.len(), rest[0].device_id()), (250, "d100"));
    for _ in 0..3 {
        recorder.answer(200, &json!({"isSuccessful": true}));
    }
    assert!(
        hub.bulk_create_or_update_devices(rest, one_by_one())
            .await
            .is_successful()
    );
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_leaves_its_chunk_in_doubt() {
    let recorder = Recorder::new();
    recorder.fail(TransportError::Io);
    let report = recorder
        .hub()
        .bulk_create_or_update_devices(creations(150), one_by_one())
        .await;
    assert_eq!((count(&report, "unknown"), count(&report, "not done")), (100, 50));
    assert!(report.stopped_by.as_ref().unwrap().is_unknown_outcome());
    assert_eq!(recorder.take().len(), 1, "it must not be sent twice");
    assert_eq!(report.into_unfinished().len(), 150);

    // Answers that cannot be understood, or that blame nobody.
    for answer in ["not json", r#"{"isSuccessful": false, "errors": []}"#] {
        recorder.answer_with(200, &[], answer);
        let report = recorder
            .hub()
            .bulk_create_or_update_devices(creations(2), None)
            .await;
        assert_eq!(count(&report, "unknown"), 2, "{answer}");
    }
}

#[tokio::test]
async fn a_refused_chunk_does_not_stop_the_others() {
    let recorder = Recorder::new();
    recorder.answer_with(
        400,
        &[("iothub-errorcode", "IotHubFormatError")],
        r#"{"Message":"ErrorCode:IotHubFormatError;x"}"#,
    );
    recorder.answer(200, &json!({"isSuccessful": true}));
    let report = recorder
        .hub()
        .bulk_create_or_update_devices(creations(150), one_by_one())
        .await;
    assert_eq!((count(&report, "failed"), count(&report, "done")), (100, 50));
    assert_eq!(
        report.failed().next().unwrap().1.code,
        Some(ErrorCode::IOTHUB_FORMAT_ERROR)
    );
}

#[tokio::test(start_paused = true)]
async fn many_twins_each_with_its_own_result() {
    let recorder = Recorder::new();
    recorder.answer(200, &json!({"deviceId": "a", "etag": "AAAAAAAAAAI="}));
    recorder.answer_with(412, &[("iothub-errorcode", "PreconditionFailed")], "{}");
    recorder.answer_with(403, &[], "{}");
    let patch = TwinPatch::new().set_tag("x", 1);
    let update = |id: &str, precondition| TwinUpdate::new(id, patch.clone(), precondition);
    let mut module = update("a", ANY);
    module.module_id = Some("..".into());
    let updates = [
        update("a", ANY),
        module,
        update("b", if_match("x")),
        update("c", ANY),
        update("d", ANY),
    ];
    let report = recorder.hub().update_twins(updates, one_by_one()).await;
    assert_eq!(
        report
            .done()
            .map(|(_, twin)| twin.etag.clone().unwrap())
            .collect::<Vec<_>>(),
        [Etag::from("AAAAAAAAAAI=")]
    );
    let failed: Vec<_> = report
        .failed()
        .map(|(update, failure)| (update.device_id.as_str(), failure.code))
        .collect();
    assert_eq!(failed, [("a", None), ("b", Some(ErrorCode::PRECONDITION_FAILED))]);
    assert!(report.stopped_by.as_ref().unwrap().is_forbidden());
    assert_eq!(
        report
            .into_unfinished()
            .iter()
            .map(|update| &*update.device_id)
            .collect::<Vec<_>>(),
        ["c", "d"]
    );
}

fn device(etag: &str, primary: &str, secondary: &str) -> serde_json::Value {
    json!({"deviceId": "d", "etag": etag, "status": "disabled", "statusReason": "why", "capabilities": {"iotEdge": true},
        "deviceScope": "ms-azure-iot-edge://d-1",
        "authentication": {"type": "sas", "symmetricKey": {"primaryKey": primary, "secondaryKey": secondary}}})
}

const KEY_A: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const KEY_B: &str = "MDEyMzQ1Njc4OWFiY2RlZg==";

#[tokio::test]
async fn keys_change_and_nothing_else() {
    let recorder = Recorder::new();
    recorder
        .answer(200, &device("MQ==", KEY_A, KEY_B))
        .answer(200, &json!({"deviceId": "d"}));
    let report = recorder
        .hub()
        .regenerate_keys(["d".to_owned()], KeyChange::Swap, None)
        .await;
    let (_, keys) = report.done().next().unwrap();
    assert_eq!(
        (
            keys.primary().unwrap().secret(),
            keys.secondary().unwrap().secret()
        ),
        (KEY_B, KEY_A)
    );
    insta::assert_snapshot!(recorder.take().join("\n\n----\n\n"));
}

/// Two that swap the keys of a device swap them twice: the write of another is not taken for one's own.
#[tokio::test]
async fn somebody_elses_swap_is_not_ours() {
    let recorder = Recorder::new();
    recorder
        .answer(200, &device("MQ==", KEY_A, KEY_B))
        .answer(412, &json!({}))
        .answer(200, &device("Mg==", KEY_B, KEY_A))
        .answer(200, &json!({"deviceId": "d"}));
    let report = recorder
        .hub()
        .regenerate_keys(["d".to_owned()], KeyChange::Swap, None)
        .await;
    let (_, keys) = report.done().next().unwrap();
    assert_eq!(keys.primary().unwrap().secret(), KEY_A);
    assert_eq!(recorder.take().len(), 4);
}

/// The first write came through although its answer did not, so the repetition was refused.
#[tokio::test(start_paused = true)]
async fn a_swap_whose_answer_got_lost_is_not_swapped_back() {
    let recorder = Recorder::new();
    recorder.answer(200, &device("MQ==", KEY_A, KEY_B));
    recorder.fail(TransportError::Io);
    recorder
        .answer(412, &json!({}))
        .answer(200, &device("Mg==", KEY_B, KEY_A));
    let report = recorder
        .hub()
        .regenerate_keys(["d".to_owned()], KeyChange::Swap, None)
        .await;
    let (_, keys) = report.done().next().unwrap();
    assert_eq!(keys.primary().unwrap().secret(), KEY_B);
    assert_eq!(recorder.take().len(), 4);
}

#[tokio::test]
async fn a_new_key_is_written_again_after_somebody_else_was_faster() {
    let recorder = Recorder::new();
    recorder
        .answer(200, &device("MQ==", KEY_A, KEY_B))
        .answer(412, &json!({}));
    recorder
        .answer(200, &device("Mg==", KEY_B, KEY_B))
        .answer(200, &json!({"deviceId": "d"}));
    recorder.answer(200, &json!({"deviceId": "e", "etag": "x", "authentication": {"type": "selfSigned", "symmetricKey": {"primaryKey": null}}}));
    recorder.answer(404, &json!({}));
    let ids = ["d", "e", "f"].map(str::to_owned);
    let report = recorder
        .hub()
        .regenerate_keys(ids, KeyChange::Primary, one_by_one())
        .await;
    let (_, keys) = report.done().next().unwrap();
    assert_eq!(keys.secondary().unwrap().secret(), KEY_B);
    assert_ne!(keys.primary().unwrap().secret(), KEY_B);
    let sent = recorder.take();
    assert!(
        sent[3].contains("if-match: \"Mg==\"") && sent[3].contains(keys.primary().unwrap().secret()),
        "{}",
        sent[3]
    );
    assert_eq!(count(&report, "failed"), 2, "{:?}", outcomes(&report));
    assert!(!format!("{report:?}").contains(keys.primary().unwrap().secret()));
}
