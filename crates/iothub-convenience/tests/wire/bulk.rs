//! Requests and reports of bulk runs.

use crate::support::MockTransport;
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

pub(crate) fn sequential() -> Option<BulkOptions> {
    Some(BulkOptions {
        max_concurrency: 1,
        ..Default::default()
    })
}

/// Returns the outcome of each item as a word.
pub(crate) fn outcomes<I, T>(report: &BulkReport<I, T>) -> Vec<String> {
    let word = |outcome: &BulkOutcome<T>| match outcome {
        BulkOutcome::Done(_) => "done".to_owned(),
        BulkOutcome::Failed(failure) => format!("failed: {failure}"),
        BulkOutcome::RefusedTogether(failure) => format!("refused together: {failure}"),
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

pub(crate) fn count<I, T>(report: &BulkReport<I, T>, word: &str) -> usize {
    outcomes(report)
        .iter()
        .filter(|outcome| outcome.starts_with(word))
        .count()
}

#[tokio::test]
async fn every_import_mode_is_sent() {
    let transport = MockTransport::new();
    transport.respond(200, &json!({"isSuccessful": true, "errors": [], "warnings": []}));
    let keys = SymmetricKey::new(
        "cHJpbWFyeS1rZXktMDEyMzQ1Njc4OTAxMjM0NTY3ODk=",
        "c2Vjb25kYXJ5LWtleS0wMTIzNDU2Nzg5MDEyMzQ1Njc=",
    )
    .unwrap();
    let patch =
        TwinPatch::from_json(json!({"tags": {"a": null, "ü": {}}, "properties": {"desired": {"y": 1.0}}}))
            .unwrap();
    let options = CreateOrUpdateDeviceOptions {
        iot_edge: true,
        status_reason: Some("ü".into()),
        device_scope: Some("s".into()),
        parent_scopes: Some(vec!["p".into()]),
        ..Default::default()
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
        RegistryEntry::update_twin("d10", TwinPatch::new(), ANY).with_module("$edgeAgent"),
    ];
    let report = transport
        .hub()
        .bulk_create_or_update_devices(entries, None)
        .await
        .unwrap();
    assert!(report.is_successful(), "{:?}", outcomes(&report));
    insta::assert_snapshot!(transport.take().join("\n----\n").replace("},{\"", "},\n{\""));
}

#[tokio::test]
async fn entries_are_sent_in_chunks_of_a_hundred() {
    let transport = MockTransport::new();
    for _ in 0..3 {
        transport.respond(200, &json!({"isSuccessful": true, "errors": []}));
    }
    let report = transport
        .hub()
        .bulk_create_or_update_devices(creations(250), sequential())
        .await
        .unwrap();
    assert!(report.is_successful());
    let sizes: Vec<_> = transport
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

    let nothing = transport
        .hub()
        .bulk_create_or_update_devices([], None)
        .await
        .unwrap();
    assert!(nothing.is_successful() && transport.take().is_empty());
}

#[tokio::test]
async fn failed_entries_have_their_codes() {
    let transport = MockTransport::new();
    // The body is longer than the excerpt that an error contains.
    let mut errors: Vec<_> = (0..60)
        .map(|number| json!({"deviceId": format!("d{number}"), "errorCode": 409_001, "errorStatus": "the device is already registered"}))
        .collect();
    errors.push(json!({"deviceId": "d60", "errorCode": "ArgumentInvalid"}));
    errors.push(json!({"deviceId": "d61", "errorCode": 400_999, "errorStatus": "new"}));
    let body = json!({"isSuccessful": false, "errors": errors, "warnings": []}).to_string();
    transport.respond_with(
        400,
        &[("iothub-errorcode", "BulkRegistryOperationFailure")],
        &body,
    );
    let report = transport
        .hub()
        .bulk_create_or_update_devices(creations(63), None)
        .await
        .unwrap();
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
        "failed: DeviceAlreadyExists (409001): the device is already registered"
    );
}

#[tokio::test]
async fn entry_with_a_service_error_is_unfinished() {
    let transport = MockTransport::new();
    transport.respond(
        400,
        &json!({"isSuccessful": false, "errors": [
            {"deviceId": "d0", "errorCode": 429_001}, {"deviceId": "d1", "errorCode": 500_001},
            {"deviceId": "d2", "errorCode": "GenericServiceUnavailable"}, {"deviceId": "d3", "errorCode": 409_001}]}),
    );
    let report = transport
        .hub()
        .bulk_create_or_update_devices(creations(5), None)
        .await
        .unwrap();
    let counts = ["not done", "unknown", "failed", "done"].map(|what| count(&report, what));
    assert_eq!(counts, [2, 1, 1, 1], "{:?}", outcomes(&report));
    let ids: Vec<_> = report.into_unfinished();
    let ids: Vec<_> = ids.iter().map(RegistryEntry::device_id).collect();
    assert_eq!(ids, ["d0", "d1", "d2"]);
}

#[tokio::test]
async fn entries_are_unfinished_if_the_hub_does_not_exist() {
    let transport = MockTransport::new();
    transport.respond(404, &json!({"Message": "no such host"}));
    let report = transport
        .hub()
        .bulk_create_or_update_devices(creations(150), sequential())
        .await
        .unwrap();
    assert_eq!(count(&report, "not done"), 150, "{:?}", outcomes(&report));
    assert!(report.stopped_by.as_ref().unwrap().is_not_found());
    assert_eq!(transport.take().len(), 1);
}

#[tokio::test]
async fn max_concurrency_of_zero_is_refused() {
    let transport = MockTransport::new();
    let hub = transport.hub();
    let zero = || {
        Some(BulkOptions {
            max_concurrency: 0,
            ..Default::default()
        })
    };
    let assert_refused = |error: Error| {
        assert_eq!(error.parameter(), Some("max_concurrency"));
        assert_eq!(error.to_string(), "invalid max_concurrency: must be at least 1");
    };
    assert_refused(
        hub.bulk_create_or_update_devices(creations(2), zero())
            .await
            .unwrap_err(),
    );
    assert_refused(
        hub.regenerate_keys(["d"], KeyPolicy::Both, zero())
            .await
            .unwrap_err(),
    );
    assert_refused(hub.swap_keys(["d"], zero()).await.unwrap_err());
    assert_refused(hub.get_keys(["d"], zero()).await.unwrap_err());
    assert_refused(hub.update_twins([], zero()).await.unwrap_err());
    let method = DirectMethod::new("m");
    assert_refused(
        hub.invoke_method_on_devices(["d"], &method, zero())
            .await
            .unwrap_err(),
    );
    assert_eq!(transport.take(), Vec::<String>::new());
}

#[tokio::test]
async fn errors_are_matched_to_modules() {
    let transport = MockTransport::new();
    let errors = [
        json!([{"deviceId": "e", "errorCode": 404_001}]),
        json!([{"deviceId": "d", "moduleId": "m1", "errorCode": 409_301}]),
    ];
    for errors in errors {
        transport.respond(400, &json!({"isSuccessful": false, "errors": errors}));
    }
    transport.respond(200, &json!({"isSuccessful": true}));
    let entries = [
        RegistryEntry::create("d"),
        RegistryEntry::create("d").with_module("m1"),
        RegistryEntry::create("d").with_module("m2"),
        RegistryEntry::create("e").with_module("m"),
    ];
    let report = transport
        .hub()
        .bulk_create_or_update_devices(entries, None)
        .await
        .unwrap();
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
async fn invalid_and_duplicate_entries_are_not_sent() {
    let transport = MockTransport::new();
    transport.respond(200, &json!({"isSuccessful": true}));
    let entries = [
        RegistryEntry::create("a/b"),
        RegistryEntry::create("d"),
        RegistryEntry::delete("d", ANY),
        RegistryEntry::update("e", if_match("")),
        RegistryEntry::create("f").with_twin(TwinPatch::new().set_tag("x y", 1)),
        RegistryEntry::create("g").with_twin(TwinPatch::new().remove_all_tags()),
        RegistryEntry::create("h").with_module("$x"),
    ];
    let report = transport
        .hub()
        .bulk_create_or_update_devices(entries, None)
        .await
        .unwrap();
    assert_eq!(
        (count(&report, "failed"), count(&report, "done")),
        (6, 1),
        "{:?}",
        outcomes(&report)
    );
    let error = report.failed().next().unwrap().1.error.as_ref();
    assert!(error.and_then(Error::invalid_id).is_some());
    assert_eq!(transport.take().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn service_error_stops_the_run_which_can_be_resumed() {
    let transport = MockTransport::new();
    transport.respond(200, &json!({"isSuccessful": true}));
    transport.respond_with(
        401,
        &[],
        r#"{"Message":"ErrorCode:IotHubUnauthorizedAccess;Unauthorized"}"#,
    );
    let hub = transport.hub();
    let report = hub
        .bulk_create_or_update_devices(creations(350), sequential())
        .await
        .unwrap();
    assert_eq!((count(&report, "done"), count(&report, "not done")), (100, 250));
    assert!(report.stopped_by.as_ref().unwrap().is_unauthorized());
    assert_eq!(transport.take().len(), 2);

    let rest = report.into_unfinished();
    assert_eq!((rest.len(), rest[0].device_id()), (250, "d100"));
    for _ in 0..3 {
        transport.respond(200, &json!({"isSuccessful": true}));
    }
    assert!(
        hub.bulk_create_or_update_devices(rest, sequential())
            .await
            .unwrap()
            .is_successful()
    );
}

#[tokio::test(start_paused = true)]
async fn outcome_of_a_chunk_is_unknown_if_its_response_is_lost() {
    let transport = MockTransport::new();
    transport.fail(TransportError::Io);
    let report = transport
        .hub()
        .bulk_create_or_update_devices(creations(150), sequential())
        .await
        .unwrap();
    assert_eq!((count(&report, "unknown"), count(&report, "not done")), (100, 50));
    assert!(report.stopped_by.as_ref().unwrap().is_unknown_outcome());
    assert_eq!(transport.take().len(), 1, "not retried");
    assert_eq!(report.into_unfinished().len(), 150);

    // An invalid response, and a failure that names no entry.
    for response in ["not json", r#"{"isSuccessful": false, "errors": []}"#] {
        transport.respond_with(200, &[], response);
        let report = transport
            .hub()
            .bulk_create_or_update_devices(creations(2), None)
            .await
            .unwrap();
        assert_eq!(count(&report, "unknown"), 2, "{response}");
    }
}

/// Returns the ids of the entries in each request.
fn packed(requests: &[String]) -> Vec<Vec<String>> {
    let ids = |request: &String| {
        let rest = request.split("\"id\":\"").skip(1);
        rest.filter_map(|rest| rest.split('"').next().map(str::to_owned))
            .collect()
    };
    requests.iter().map(ids).collect()
}

/// HUB-BULK-3, HUB-BULK-4.
#[tokio::test]
async fn request_never_has_two_entries_of_one_device_or_its_modules() {
    let transport = MockTransport::new();
    for _ in 0..4 {
        transport.respond(200, &json!({"isSuccessful": true}));
    }
    let entries = [
        RegistryEntry::create("a"),
        RegistryEntry::create("a").with_module("m1"),
        RegistryEntry::create("b").with_module("m1"),
        RegistryEntry::create("a").with_module("m2"),
        RegistryEntry::create("b").with_module("m2"),
        RegistryEntry::create("c"),
        RegistryEntry::delete("a", ANY).with_module("m3"),
    ];
    let report = transport
        .hub()
        .bulk_create_or_update_devices(
            entries,
            Some(BulkOptions {
                max_concurrency: 8,
                ..Default::default()
            }),
        )
        .await
        .unwrap();
    assert!(report.is_successful(), "{:?}", outcomes(&report));
    let requests = transport.take();
    assert_eq!(
        packed(&requests),
        [vec!["a", "b", "c"], vec!["a", "b"], vec!["a"], vec!["a"]]
    );
    // Modules follow their device, in the order of the entries.
    for (request, module) in requests.iter().skip(1).zip(["m1", "m2", "m3"]) {
        assert!(
            request.contains(&format!("\"moduleId\":\"{module}\"")),
            "{request}"
        );
    }
}

const FORMAT_ERROR: &str = r#"{"Message":"ErrorCode:IotHubFormatError;x"}"#;

/// HUB-BULK-8: only a failure with `isSuccessful` names entries.
#[tokio::test]
async fn refused_request_is_halved_until_the_refused_entry_is_alone() {
    let transport = MockTransport::new();
    let (refuse, accept) = (
        || transport.respond_with(400, &[("iothub-errorcode", "IotHubFormatError")], FORMAT_ERROR),
        || transport.respond(200, &json!({"isSuccessful": true})),
    );
    // The fourth of five entries is refused: d0-d4, d0-d1, d2-d4, d2, d3-d4, d3, d4.
    refuse();
    accept();
    refuse();
    accept();
    refuse();
    refuse();
    accept();
    let report = transport
        .hub()
        .bulk_create_or_update_devices(creations(5), sequential())
        .await
        .unwrap();
    let sizes: Vec<_> = packed(&transport.take()).iter().map(Vec::len).collect();
    assert_eq!(sizes, [5, 2, 3, 1, 2, 1, 1]);
    assert_eq!((count(&report, "failed"), count(&report, "done")), (1, 4));
    let (entry, failure) = report.failed().next().unwrap();
    assert_eq!(entry.device_id(), "d3");
    assert_eq!(failure.code, Some(ErrorCode::IOTHUB_FORMAT_ERROR));
    assert!(report.stopped_by.is_none());
}

#[tokio::test]
async fn entries_refused_only_together_are_unfinished() {
    let transport = MockTransport::new();
    transport.respond_with(400, &[("iothub-errorcode", "IotHubFormatError")], FORMAT_ERROR);
    transport.respond(200, &json!({"isSuccessful": true}));
    transport.respond_with(401, &[], "{}");
    let report = transport
        .hub()
        .bulk_create_or_update_devices(creations(150), sequential())
        .await
        .unwrap();
    let counts = ["done", "refused together", "not done", "failed"].map(|what| count(&report, what));
    assert_eq!(counts, [50, 50, 50, 0], "{:?}", outcomes(&report));
    assert!(report.stopped_by.as_ref().unwrap().is_unauthorized());
    assert_eq!(report.into_unfinished().len(), 100);
}

#[tokio::test(start_paused = true)]
async fn each_twin_update_has_its_outcome() {
    let transport = MockTransport::new();
    transport.respond(200, &json!({"deviceId": "a", "etag": "AAAAAAAAAAI="}));
    transport.respond_with(412, &[("iothub-errorcode", "PreconditionFailed")], "{}");
    transport.respond_with(403, &[], "{}");
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
    let report = transport.hub().update_twins(updates, sequential()).await.unwrap();
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
