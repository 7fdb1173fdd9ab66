//! Regeneration, exchange and reading of keys.

use std::sync::{Arc, Mutex};

use crate::bulk::{count, outcomes, sequential};
use crate::support::{MockTransport, hub_with};
use azure_core::error::ErrorKind as TransportError;
use iothub_convenience::*;
use serde_json::{Value, json};

const KEY_A: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const KEY_B: &str = "MDEyMzQ1Njc4OWFiY2RlZg==";

fn devices(count: usize) -> Vec<IdentityId> {
    let ids = (0..count).map(|number| format!("d{number}"));
    ids.map(IdentityId::from).collect()
}

/// Returns the service's result for identities whose keys were regenerated.
fn rotated(ids: &[IdentityId]) -> Value {
    let keys = |id: &IdentityId| json!({"id": id.device_id, "primaryKey": KEY_A, "secondaryKey": KEY_B});
    json!({"policyKey": "both", "rotatedKeys": ids.iter().map(keys).collect::<Vec<_>>(), "errors": []})
}

/// HUB-REGENERATE-1.
#[tokio::test]
async fn each_policy_is_sent_with_devices_and_modules_in_one_request() {
    let transport = MockTransport::new();
    let identities = || [IdentityId::device("d"), IdentityId::module("d", "m")];
    for policy in [KeyPolicy::Primary, KeyPolicy::Secondary, KeyPolicy::Both] {
        transport.respond(
            200,
            &json!({"policyKey": "both", "rotatedKeys": [
                {"id": "d", "moduleId": null, "primaryKey": KEY_A, "secondaryKey": KEY_B},
                {"id": "d", "moduleId": "m", "primaryKey": KEY_B}
            ], "errors": []}),
        );
        let report = transport
            .hub()
            .regenerate_keys(identities(), policy, None)
            .await
            .unwrap();
        assert!(report.is_successful(), "{:?}", outcomes(&report));
        let keys: Vec<_> = report.done().map(|(_, keys)| keys.clone()).collect();
        assert_eq!(keys[0].primary().unwrap().secret(), KEY_A);
        assert_eq!(keys[0].secondary().unwrap().secret(), KEY_B);
        assert_eq!(keys[1].primary().unwrap().secret(), KEY_B);
        assert_eq!(keys[1].secondary(), None);
        assert!(!format!("{report:?}").contains(KEY_A));
    }
    insta::assert_snapshot!(transport.take().join("\n----\n"));
}

/// HUB-REGENERATE-4.
#[tokio::test]
async fn identities_are_sent_in_chunks_of_a_hundred_with_progress() {
    let transport = MockTransport::new();
    let all = devices(250);
    for chunk in all.chunks(100) {
        transport.respond(200, &rotated(chunk));
    }
    let seen = Arc::new(Mutex::new(Vec::new()));
    let options = BulkOptions {
        max_concurrency: 1,
        on_progress: Some(ProgressCallback::new({
            let seen = seen.clone();
            move |progress: &BulkProgress| seen.lock().unwrap().push((progress.done, progress.total))
        })),
        ..BulkOptions::default()
    };
    let report = transport
        .hub()
        .regenerate_keys(all.clone(), KeyPolicy::Both, Some(options))
        .await
        .unwrap();
    assert!(report.is_successful());
    let order: Vec<_> = report.results.iter().map(|result| result.item.clone()).collect();
    assert_eq!(order, all);
    let sizes: Vec<_> = transport
        .take()
        .iter()
        .map(|request| request.matches("\"id\"").count())
        .collect();
    assert_eq!(sizes, [100, 100, 50]);
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 250);
    assert_eq!(seen.last(), Some(&(250, Some(250))));
}

/// HUB-REGENERATE-1, HUB-REGENERATE-2, HUB-REGENERATE-3.
#[tokio::test]
async fn partial_results_have_the_same_form_with_200_207_and_400() {
    for status in [200, 207, 400] {
        let transport = MockTransport::new();
        transport.respond(
            status,
            &json!({"policyKey": "primaryKey",
            "rotatedKeys": [{"id": "d", "moduleId": "", "primaryKey": KEY_A, "secondaryKey": KEY_B}],
            "errors": [
                {"id": "d", "moduleId": "m", "errorCode": "ModuleNotFound", "errorStatus": "no such module"},
                {"id": "e", "errorCode": 403_012},
                {"id": "busy", "errorCode": "ThrottlingException"},
                {"id": "broken", "errorCode": 500_001}
            ]}),
        );
        let identities = [
            IdentityId::device("d"),
            IdentityId::module("d", "m"),
            IdentityId::device("e"),
            IdentityId::device("certificate"),
            IdentityId::device("busy"),
            IdentityId::device("broken"),
        ];
        let report = transport
            .hub()
            .regenerate_keys(identities, KeyPolicy::Primary, None)
            .await
            .unwrap();
        assert_eq!(
            outcomes(&report),
            [
                "done",
                "failed: ModuleNotFound (404010): no such module",
                "failed: DeviceDisabled (403012)",
                "failed: the service has generated no key; only identities that authenticate with symmetric keys have any",
                "not done",
                "unknown",
            ],
            "{status}"
        );
        let uncertain: Vec<_> = report.uncertain().map(ToString::to_string).collect();
        assert_eq!(uncertain, ["broken"]);
        assert!(report.stopped_by.is_none());
        assert_eq!(report.clone().into_not_done(), [IdentityId::device("busy")]);
        assert_eq!(report.into_unfinished().len(), 2);
        assert_eq!(transport.take().len(), 1, "{status}");
    }
}

/// HUB-REGENERATE-5.
#[tokio::test(start_paused = true)]
async fn request_whose_response_is_lost_is_not_repeated_and_its_identities_are_uncertain() {
    let transport = MockTransport::new();
    let all = devices(300);
    transport.respond(200, &rotated(&all[..100]));
    transport.fail(TransportError::Io);
    let report = transport
        .hub()
        .regenerate_keys(all.clone(), KeyPolicy::Both, sequential())
        .await
        .unwrap();
    assert_eq!(
        transport.take().len(),
        2,
        "the lost request is not repeated, and no other is sent"
    );
    assert!(report.stopped_by.as_ref().unwrap().is_unknown_outcome());
    assert_eq!(count(&report, "done"), 100);
    let uncertain: Vec<_> = report.uncertain().cloned().collect();
    assert_eq!(uncertain, all[100..200]);
    assert_eq!(report.into_not_done(), all[200..]);

    // Reading the identity shows which keys are valid.
    for id in &uncertain[..2] {
        let authentication =
            json!({"type": "sas", "symmetricKey": {"primaryKey": KEY_A, "secondaryKey": KEY_B}});
        transport.respond(
            200,
            &json!({"deviceId": id.device_id, "authentication": authentication}),
        );
    }
    let current = transport
        .hub()
        .get_keys(uncertain[..2].to_vec(), sequential())
        .await
        .unwrap();
    assert!(current.is_successful());
    for (_, keys) in current.done() {
        assert_eq!(keys.primary().unwrap().secret(), KEY_A);
    }
}

#[tokio::test(start_paused = true)]
async fn response_that_breaks_or_cannot_be_decoded_leaves_the_outcome_unknown() {
    for cut_off in [true, false] {
        let transport = MockTransport::new();
        match cut_off {
            true => transport.cut_off(r#"{"rotatedKeys": [{"id": "#),
            false => transport.respond_with(200, &[], r#"{"rotatedKeys": 5}"#),
        };
        let report = transport
            .hub()
            .regenerate_keys(["d"], KeyPolicy::Both, None)
            .await
            .unwrap();
        assert_eq!(outcomes(&report), ["unknown"]);
        assert_eq!(transport.take().len(), 1);
    }
    let transport = MockTransport::new();
    let hub = hub_with(IotHubClientOptions {
        max_response_size: Some(20),
        ..transport.options()
    });
    transport.respond(200, &rotated(&devices(1)));
    let report = hub
        .regenerate_keys(devices(1), KeyPolicy::Both, None)
        .await
        .unwrap();
    assert!(report.stopped_by.as_ref().unwrap().is_response_too_large());
    assert_eq!(outcomes(&report), ["unknown"]);
    for status in [408, 500, 504] {
        let transport = MockTransport::new();
        transport.respond(status, &json!({}));
        let report = transport
            .hub()
            .regenerate_keys(["d"], KeyPolicy::Both, None)
            .await
            .unwrap();
        assert_eq!(outcomes(&report), ["unknown"], "{status}");
        assert_eq!(transport.take().len(), 1, "{status}");
    }
    for status in [207, 400] {
        let transport = MockTransport::new();
        transport.respond(status, &json!({"rotatedKeys": [], "errors": []}));
        let report = transport
            .hub()
            .regenerate_keys(["d"], KeyPolicy::Both, None)
            .await
            .unwrap();
        assert_eq!(outcomes(&report), ["unknown"], "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn request_that_was_certainly_not_processed_is_repeated() {
    let transport = MockTransport::new();
    let throttled = [("iothub-errorcode", "ThrottlingException"), ("retry-after", "1")];
    transport.respond_with(429, &throttled, "{}");
    transport.respond_with(503, &[("retry-after", "1")], "{}");
    transport.respond(200, &rotated(&devices(1)));
    let report = transport
        .hub()
        .regenerate_keys(devices(1), KeyPolicy::Both, None)
        .await
        .unwrap();
    assert!(report.is_successful(), "{:?}", outcomes(&report));
    assert_eq!(transport.take().len(), 3);
}

#[tokio::test]
async fn request_that_is_refused_as_a_whole_is_divided() {
    let transport = MockTransport::new();
    let refusal = json!({"Message": "ErrorCode:ArgumentInvalid;", "ExceptionMessage": "Tracking ID:t"});
    let header = [("iothub-errorcode", "ArgumentInvalid")];
    let ids = devices(3);
    transport.respond_with(400, &header, &refusal.to_string());
    transport.respond_with(400, &header, &refusal.to_string());
    transport.respond(200, &rotated(&ids[1..]));
    let report = transport
        .hub()
        .regenerate_keys(ids, KeyPolicy::Both, sequential())
        .await
        .unwrap();
    let words: Vec<_> = outcomes(&report)
        .iter()
        .map(|outcome| outcome[..4].to_owned())
        .collect();
    assert_eq!(words, ["fail", "done", "done"]);
    assert_eq!(transport.take().len(), 3);
}

#[tokio::test]
async fn invalid_and_repeated_identities_fail_without_a_request() {
    let transport = MockTransport::new();
    transport.respond(200, &rotated(&[IdentityId::device("d")]));
    let identities = [
        IdentityId::device("a/b"),
        IdentityId::device("d"),
        IdentityId::module("d", "m/n"),
        IdentityId::device("d"),
    ];
    let report = transport
        .hub()
        .regenerate_keys(identities, KeyPolicy::Both, None)
        .await
        .unwrap();
    let words: Vec<_> = outcomes(&report)
        .iter()
        .map(|outcome| outcome[..4].to_owned())
        .collect();
    assert_eq!(words, ["fail", "done", "fail", "fail"]);
    let sent = transport.take();
    assert_eq!(sent.len(), 1);
    assert!(sent[0].contains(r#"{"devices":[{"id":"d"}],"#), "{}", sent[0]);
    let none: [&str; 0] = [];
    let report = transport
        .hub()
        .regenerate_keys(none, KeyPolicy::Both, None)
        .await
        .unwrap();
    assert!(report.is_successful() && transport.take().is_empty());
}

#[tokio::test]
async fn api_version_without_the_operation_is_refused_before_a_request() {
    let transport = MockTransport::new();
    for (version, is_refused) in [
        ("2021-04-12", true),
        ("2024-03-31", false),
        ("2026-11-01", false),
        ("2031-01-01-preview", false),
        ("latest", false),
    ] {
        transport.respond(200, &rotated(&devices(1)));
        let hub = hub_with(IotHubClientOptions {
            api_version: version.to_owned(),
            ..transport.options()
        });
        let result = hub.regenerate_keys(devices(1), KeyPolicy::Both, None).await;
        let parameter = result.as_ref().err().and_then(Error::parameter);
        assert_eq!(parameter == Some("api_version"), is_refused, "{version}");
        let sent = transport.take_times();
        assert_eq!(sent.len(), usize::from(!is_refused), "{version}");
    }
}

fn device(etag: &str, primary: &str, secondary: &str) -> Value {
    json!({"deviceId": "d", "etag": etag, "status": "disabled", "statusReason": "why", "capabilities": {"iotEdge": true},
        "deviceScope": "ms-azure-iot-edge://d-1", "attributes": {"site": "oslo"},
        "adrDeviceProperties": {"uuid": "u"}, "armSyncStatus": {"state": "s"}, "deviceResourceId": "/r",
        "authentication": {"type": "sas", "symmetricKey": {"primaryKey": primary, "secondaryKey": secondary},
            "policyResourceId": "/p"}})
}

#[tokio::test]
async fn swapped_keys_keep_all_other_fields() {
    let transport = MockTransport::new();
    transport
        .respond(200, &device("MQ==", KEY_A, KEY_B))
        .respond(200, &json!({"deviceId": "d"}));
    let report = transport.hub().swap_keys(["d"], None).await.unwrap();
    let (_, keys) = report.done().next().unwrap();
    assert_eq!(
        (
            keys.primary().unwrap().secret(),
            keys.secondary().unwrap().secret()
        ),
        (KEY_B, KEY_A)
    );
    insta::assert_snapshot!(transport.take().join("\n\n----\n\n"));
}

/// Two concurrent swaps of a device's keys are both carried out.
#[tokio::test]
async fn concurrent_swap_is_not_mistaken_for_a_stored_write() {
    let transport = MockTransport::new();
    transport
        .respond(200, &device("MQ==", KEY_A, KEY_B))
        .respond(412, &json!({}))
        .respond(200, &device("Mg==", KEY_B, KEY_A))
        .respond(200, &json!({"deviceId": "d"}));
    let report = transport.hub().swap_keys(["d"], None).await.unwrap();
    let (_, keys) = report.done().next().unwrap();
    assert_eq!(keys.primary().unwrap().secret(), KEY_A);
    assert_eq!(transport.take().len(), 4);
}

/// The service stored the first write, but the response was lost and the retry was refused.
#[tokio::test(start_paused = true)]
async fn swap_with_a_lost_response_is_not_repeated() {
    let transport = MockTransport::new();
    transport.respond(200, &device("MQ==", KEY_A, KEY_B));
    transport.fail(TransportError::Io);
    transport
        .respond(412, &json!({}))
        .respond(200, &device("Mg==", KEY_B, KEY_A));
    let report = transport.hub().swap_keys(["d"], None).await.unwrap();
    let (_, keys) = report.done().next().unwrap();
    assert_eq!(keys.primary().unwrap().secret(), KEY_B);
    assert_eq!(transport.take().len(), 4);
}

#[tokio::test]
async fn module_keys_are_swapped_and_failures_are_of_one_identity() {
    let transport = MockTransport::new();
    let module = json!({"deviceId": "d", "moduleId": "m", "etag": "Mg==", "managedBy": "iotEdge", "attributes": {"a": [1]},
        "authentication": {"type": "sas", "symmetricKey": {"primaryKey": KEY_A, "secondaryKey": KEY_B}}});
    transport
        .respond(200, &module)
        .respond(200, &json!({"deviceId": "d"}))
        .respond(200, &json!({"deviceId": "e", "etag": "x", "authentication": {"type": "selfSigned", "symmetricKey": {"primaryKey": null}}}))
        .respond(404, &json!({}));
    let identities = [
        IdentityId::module("d", "m"),
        IdentityId::device("e"),
        IdentityId::device("f"),
    ];
    let report = transport.hub().swap_keys(identities, sequential()).await.unwrap();
    let (_, keys) = report.done().next().unwrap();
    assert_eq!(keys.primary().unwrap().secret(), KEY_B);
    assert_eq!(count(&report, "failed"), 2, "{:?}", outcomes(&report));
    assert!(!format!("{report:?}").contains(KEY_A));
    insta::assert_snapshot!(transport.take()[1]);
}
