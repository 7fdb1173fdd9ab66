//! Every operation as it goes over the wire: method, path, query, headers, body.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use futures::TryStreamExt;
use iothub_convenience::*;
use serde_json::{Value, json};
use support::Recorder;

/// All characters that an id may have beside letters and digits.
const ODD_ID: &str = "dev:1.2+3%_#*?!(),=@;$'";

/// Shows the requests of one or more calls, whatever they are answered.
macro_rules! requests {
    ($recorder:ident; $($call:expr),+ $(,)?) => {{
        $( let _ = $call.await; )+
        insta::assert_snapshot!($recorder.take().join("\n\n----\n\n"));
    }};
}

fn recorder() -> (Arc<Recorder>, IotHubRegistryManager) {
    let recorder = Recorder::new();
    let hub = recorder.hub();
    (recorder, hub)
}

fn keys() -> SymmetricKey {
    SymmetricKey::new(
        "cHJpbWFyeS1rZXktMDEyMzQ1Njc4OTAxMjM0NTY3ODk=",
        "c2Vjb25kYXJ5LWtleS0wMTIzNDU2Nzg5MDEyMzQ1Njc=",
    )
    .unwrap()
}

fn thumbprint() -> X509Thumbprint {
    X509Thumbprint::new("A".repeat(40), Some(&"B".repeat(40))).unwrap()
}

fn all_options() -> Option<DeviceOptions> {
    Some(DeviceOptions {
        iot_edge: true,
        status_reason: Some("Wartung ☃".into()),
        device_scope: Some("ms-azure-iot-edge://edge-1-638500000000000000".into()),
        parent_scopes: Some(vec!["ms-azure-iot-edge://parent-1".into()]),
    })
}

fn etag(text: &str) -> Precondition {
    Precondition::IfMatch(Etag::from(text))
}

const ANY: Precondition = Precondition::Unconditional;

#[tokio::test]
async fn create_devices() {
    let (recorder, hub) = recorder();
    requests!(recorder;
        hub.create_device_with_sas(ODD_ID, keys(), DeviceStatus::Enabled, None),
        hub.create_device_with_sas("d", SymmetricKey::assigned_by_service(), DeviceStatus::Disabled, all_options()),
        hub.create_device_with_x509("d", thumbprint(), DeviceStatus::Enabled, None),
        hub.create_device_with_x509("d", X509Thumbprint::new("c".repeat(64), None).unwrap(), DeviceStatus::Enabled, None),
        hub.create_device_with_certificate_authority("d", DeviceStatus::Enabled, Some(DeviceOptions { parent_scopes: Some(vec![]), ..Default::default() })),
    );
}

#[tokio::test]
async fn update_devices() {
    let (recorder, hub) = recorder();
    requests!(recorder;
        hub.update_device_with_sas("d", etag("MTIz"), keys(), DeviceStatus::Enabled, all_options()),
        hub.update_device_with_sas("d", etag("\"MTIz\""), keys(), DeviceStatus::Enabled, None),
        hub.update_device_with_x509("d", etag("W/\"MTIz\""), thumbprint(), DeviceStatus::Enabled, None),
        hub.update_device_with_certificate_authority("d", ANY, DeviceStatus::Disabled, None),
        hub.update_device_with_certificate_authority("d", etag("*"), DeviceStatus::Disabled, None),
    );
}

#[tokio::test]
async fn read_and_delete_devices() {
    let (recorder, hub) = recorder();
    requests!(recorder;
        hub.get_device(ODD_ID),
        hub.get_devices(None),
        hub.get_devices(Some(2)),
        hub.delete_device(ODD_ID, ANY),
        hub.delete_device("d", etag("MTIz")),
        hub.get_device_registry_statistics(),
        hub.get_service_statistics(),
    );
}

#[tokio::test]
async fn modules() {
    let (recorder, hub) = recorder();
    requests!(recorder;
        hub.create_module_with_sas(ODD_ID, "m#1", None, keys()),
        hub.create_module_with_x509("d", "m", Some("iotEdge"), thumbprint()),
        hub.create_module_with_certificate_authority("d", "m", Some("iotEdge")),
        hub.update_module_with_sas("d", "$edgeAgent", None, etag("MTIz"), keys()),
        hub.update_module_with_x509("d", "m", Some("iotEdge"), ANY, thumbprint()),
        hub.update_module_with_certificate_authority("d", "m", None, etag("MTIz")),
        hub.get_module("d", "$edgeHub"),
        hub.get_modules(ODD_ID),
        hub.delete_module("d", "m%", etag("MTIz")),
    );
}

#[tokio::test]
async fn twins() {
    let (recorder, hub) = recorder();
    let patch = TwinPatch::from_json(json!({
        "tags": {"site": "Zürich ☃", "gone": null, "deep": {"x": null, "empty": {}}, "list": []},
        "properties": {"desired": {"ratio": 1.0, "big": 4_503_599_627_370_495_i64, "gone": null}}
    }))
    .unwrap();
    let contents =
        TwinReplacement::from_json(json!({"tags": {}, "properties": {"desired": {"a": {}}}})).unwrap();
    requests!(recorder;
        hub.get_twin(ODD_ID),
        hub.update_twin("d", &patch, ANY),
        hub.update_twin("d", &TwinPatch::new(), etag("AAAAAAAAAAE=")),
        hub.update_twin("d", &TwinPatch::new().remove_all_tags(), etag("\"AAAAAAAAAAE=\"")),
        hub.replace_twin("d", &contents, ANY),
        hub.replace_twin("d", &TwinReplacement::new(), etag("AAAAAAAAAAE=")),
        hub.get_module_twin("d", "$edgeAgent"),
        hub.update_module_twin("d", "m#", &TwinPatch::new().set_desired("a.b", 1), etag("AAAAAAAAAAE=")),
        hub.replace_module_twin("d", "m", &contents, ANY),
    );
}

#[tokio::test]
async fn methods() {
    let (recorder, hub) = recorder();
    let reboot = DirectMethod::new("reboot ☃");
    requests!(recorder;
        hub.invoke_device_method(ODD_ID, &reboot),
        hub.invoke_device_method("d", &reboot.clone().with_payload(Value::Null)),
        hub.invoke_device_method("d", &reboot.clone().with_payload(json!([{"f": 1.0, "n": null}])).with_connect_timeout(Duration::from_secs(5)).with_response_timeout(Duration::from_millis(29_001))),
        hub.invoke_device_module_method("d", "$edgeAgent", &reboot.clone().with_payload("")),
    );
}

#[tokio::test]
async fn queries() {
    let (recorder, hub) = recorder();
    let page = |rows: Value, token: Option<&'static str>| {
        let headers: Vec<_> = [("x-ms-item-type", "Raw")]
            .into_iter()
            .chain(token.map(|token| ("x-ms-continuation", token)))
            .collect();
        recorder.answer_with(200, &headers, &rows.to_string());
    };
    page(json!([{"n": 1}]), Some("a+b/c=="));
    page(json!([]), Some("second"));
    page(json!([{"n": 2}, {"n": 3}]), None);
    let options = QueryOptions {
        max_item_count: Some(2),
        ..Default::default()
    };
    let rows: Vec<_> = hub
        .query_iot_hub("SELECT n FROM devices WHERE tags.site = 'Zürich'", Some(options))
        .unwrap()
        .map_ok(|row| row.as_json()["n"].clone())
        .try_collect()
        .await
        .unwrap();
    assert_eq!(rows, [1, 2, 3]);
    insta::assert_snapshot!(recorder.take().join("\n\n----\n\n"));
}
