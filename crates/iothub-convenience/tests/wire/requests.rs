//! Snapshots of the requests of every operation: method, path, query, headers and body.

use std::sync::Arc;
use std::time::Duration;

use crate::support::MockTransport;
use futures::{StreamExt, TryStreamExt};
use iothub_convenience::*;
use serde_json::{Value, json};

/// All characters that are allowed in an id besides letters and digits.
const SPECIAL_ID: &str = "dev:1.2+3%_#*?!(),=@;$'";

/// Asserts the requests of one or more calls, ignoring their results.
macro_rules! requests {
    ($transport:ident; $($call:expr),+ $(,)?) => {{
        $( let _ = $call.await; )+
        insta::assert_snapshot!($transport.take().join("\n\n----\n\n"));
    }};
}

fn transport() -> (Arc<MockTransport>, IotHubRegistryManager) {
    let transport = MockTransport::new();
    let hub = transport.hub();
    (transport, hub)
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

fn device_options() -> Option<CreateOrUpdateDeviceOptions> {
    Some(CreateOrUpdateDeviceOptions {
        iot_edge: true,
        status_reason: Some("Wartung ☃".into()),
        device_scope: Some("ms-azure-iot-edge://edge-1-638500000000000000".into()),
        parent_scopes: Some(vec!["ms-azure-iot-edge://parent-1".into()]),
        ..Default::default()
    })
}

fn module_options() -> Option<CreateOrUpdateModuleOptions> {
    Some(CreateOrUpdateModuleOptions {
        managed_by: Some("iotEdge".into()),
        ..Default::default()
    })
}

fn etag(text: &str) -> Precondition {
    Precondition::IfMatch(Etag::from(text))
}

const ANY: Precondition = Precondition::Unconditional;

#[tokio::test]
async fn create_devices() {
    let (transport, hub) = transport();
    requests!(transport;
        hub.create_device_with_sas(SPECIAL_ID, keys(), DeviceStatus::Enabled, None),
        hub.create_device_with_sas("d", SymmetricKey::assigned_by_service(), DeviceStatus::Disabled, device_options()),
        hub.create_device_with_x509("d", thumbprint(), DeviceStatus::Enabled, None),
        hub.create_device_with_x509("d", X509Thumbprint::new("c".repeat(64), None).unwrap(), DeviceStatus::Enabled, None),
        hub.create_device_with_certificate_authority("d", DeviceStatus::Enabled, Some(CreateOrUpdateDeviceOptions { parent_scopes: Some(vec![]), ..Default::default() })),
    );
}

#[tokio::test]
async fn update_devices() {
    let (transport, hub) = transport();
    requests!(transport;
        hub.update_device_with_sas("d", keys(), DeviceStatus::Enabled, etag("MTIz"), device_options()),
        hub.update_device_with_sas("d", keys(), DeviceStatus::Enabled, etag("\"MTIz\""), None),
        hub.update_device_with_x509("d", thumbprint(), DeviceStatus::Enabled, etag("W/\"MTIz\""), None),
        hub.update_device_with_certificate_authority("d", DeviceStatus::Disabled, ANY, None),
        hub.update_device_with_certificate_authority("d", DeviceStatus::Disabled, etag("*"), None),
        hub.update_device("d", Authentication::sas(keys()), DeviceStatus::Disabled, etag("MTIz"), device_options()),
    );
}

#[tokio::test]
async fn read_and_delete_devices() {
    let (transport, hub) = transport();
    requests!(transport;
        hub.get_device(SPECIAL_ID),
        hub.get_devices(None),
        hub.get_devices(Some(GetDevicesOptions { max_count: Some(2) })),
        hub.delete_device(SPECIAL_ID, ANY),
        hub.delete_device("d", etag("MTIz")),
        hub.get_device_registry_statistics(),
        hub.get_service_statistics(),
    );
}

#[tokio::test]
async fn modules() {
    let (transport, hub) = transport();
    requests!(transport;
        hub.create_module_with_sas(SPECIAL_ID, "m#1", keys(), None),
        hub.create_module_with_x509("d", "m", thumbprint(), module_options()),
        hub.create_module_with_certificate_authority("d", "m", module_options()),
        hub.create_module("d", "m", Authentication::x509(thumbprint()), module_options()),
        hub.update_module_with_sas("d", "$edgeAgent", keys(), etag("MTIz"), None),
        hub.update_module_with_x509("d", "m", thumbprint(), ANY, module_options()),
        hub.update_module_with_certificate_authority("d", "m", etag("MTIz"), None),
        hub.update_module("d", "$edgeHub", Authentication::sas(keys()), etag("MTIz"), module_options()),
        hub.get_module("d", "$edgeHub"),
        hub.get_modules(SPECIAL_ID),
        hub.delete_module("d", "m%", etag("MTIz")),
    );
}

#[tokio::test]
async fn twins() {
    let (transport, hub) = transport();
    let patch = TwinPatch::from_json(json!({
        "tags": {"site": "Zürich ☃", "gone": null, "deep": {"x": null, "empty": {}}, "list": []},
        "properties": {"desired": {"ratio": 1.0, "big": 4_503_599_627_370_495_i64, "gone": null}}
    }))
    .unwrap();
    let contents =
        TwinReplacement::from_json(json!({"tags": {}, "properties": {"desired": {"a": {}}}})).unwrap();
    requests!(transport;
        hub.get_twin(SPECIAL_ID),
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
    let (transport, hub) = transport();
    let reboot = DirectMethod::new("reboot ☃");
    requests!(transport;
        hub.invoke_device_method(SPECIAL_ID, &reboot),
        hub.invoke_device_method("d", &reboot.clone().with_payload(Value::Null)),
        hub.invoke_device_method("d", &reboot.clone().with_payload(json!([{"f": 1.0, "n": null}])).with_connect_timeout(Duration::from_secs(5)).with_response_timeout(Duration::from_millis(29_001))),
        hub.invoke_device_module_method("d", "$edgeAgent", &reboot.clone().with_payload("")),
    );
}

#[tokio::test]
async fn queries() {
    let (transport, hub) = transport();
    let page = |rows: Value, token: Option<&'static str>| {
        let headers: Vec<_> = [("x-ms-item-type", "Raw")]
            .into_iter()
            .chain(token.map(|token| ("x-ms-continuation", token)))
            .collect();
        transport.respond_with(200, &headers, &rows.to_string());
    };
    page(json!([{"n": 1}]), Some("a+b/c=="));
    page(json!([]), Some("second"));
    page(json!([{"n": 2}, {"n": 3}]), None);
    let options = QueryIotHubOptions {
        page_size: Some(2),
        ..Default::default()
    };
    let rows: Vec<_> = hub
        .query_iot_hub_rows("SELECT n FROM devices WHERE tags.site = 'Zürich'", Some(options))
        .unwrap()
        .map_ok(|row| row.as_json()["n"].clone())
        .try_collect()
        .await
        .unwrap();
    assert_eq!(rows, [1, 2, 3]);
    insta::assert_snapshot!(transport.take().join("\n\n----\n\n"));
}

#[tokio::test]
async fn configurations() {
    let (transport, hub) = transport();
    let content = ConfigurationContent::device([
        ("properties.desired.interval", json!(5)),
        ("properties.desired.gone", Value::Null),
    ])
    .unwrap();
    let full = Configuration::new("cfg-1", content)
        .with_label("env", "prüf")
        .with_priority(10)
        .with_target_condition("tags.site='Zürich'")
        .with_metric("q1", "SELECT deviceId FROM devices WHERE x=1");
    let edge =
        ConfigurationContent::edge_modules([("$edgeAgent", json!({"properties.desired": {"gone": null}}))])
            .unwrap();
    let mut minimal = Configuration::new("cfg%edge+1*", edge.clone());
    minimal.labels = Some(std::collections::BTreeMap::new());
    minimal.etag = Some(Etag::from("MQ=="));
    let module = ConfigurationContent::module([("properties.desired", json!({}))]).unwrap();
    let queries = [("bad".to_owned(), "SELEC".to_owned())].into_iter().collect();
    requests!(transport;
        hub.create_configuration(&full),
        hub.create_configuration(&minimal),
        hub.update_configuration(&Configuration::new("cfg-1", module), etag("MQ==")),
        hub.update_configuration(&full, ANY),
        hub.get_configuration("cfg%edge+1*"),
        hub.get_configurations(None),
        hub.get_configurations(Some(GetConfigurationsOptions { max_count: Some(2) })),
        hub.delete_configuration("cfg-1", ANY),
        hub.delete_configuration("cfg-1", etag("\"MQ==\"")),
        hub.test_configuration_queries("tags.site='Zürich'", queries),
        hub.apply_configuration_content_on_edge_device(SPECIAL_ID, &edge),
    );
}

#[tokio::test]
async fn import_and_export_jobs() {
    let (transport, hub) = transport();
    let out = "https://x.blob.core.windows.net/out";
    requests!(transport;
        hub.create_import_export_job(&ImportExportJobRequest::import("https://x.blob.core.windows.net/in?sv=1&sig=a%2Fb", out)),
        hub.create_import_export_job(&ImportExportJobRequest::export(out, true).with_configurations(None)),
        hub.create_import_export_job(&ImportExportJobRequest::export(out, false).with_output_blob_name("o.txt").with_configurations(Some("c.txt")).with_managed_identity(Some("/subscriptions/s/u"))),
        hub.create_import_export_job(&ImportExportJobRequest::import(out, out).with_input_blob_name("i.txt").with_managed_identity(None)),
        hub.get_import_export_jobs(),
        hub.get_import_export_job("job/1 ü"),
        hub.cancel_import_export_job("job-1"),
        hub.watch_import_export_job("job/1 ü", None).unwrap().next(),
    );
}

#[tokio::test]
async fn scheduled_jobs() {
    let (transport, hub) = transport();
    let patch = TwinPatch::from_json(
        json!({"tags": {"gone": null, "empty": {}}, "properties": {"desired": {"ratio": 1.0}}}),
    )
    .unwrap();
    let method = DirectMethod::new("reboot")
        .with_payload(json!({"a": null}))
        .with_response_timeout(Duration::from_secs(30));
    requests!(transport;
        hub.create_scheduled_job(
            &ScheduledJobRequest::update_twin("sj-1", "deviceId IN ['dev-1','dev-2']", patch)
                .with_start_time("2030-01-02T03:04:05.678Z".parse::<DateTime>().unwrap())
                .with_max_execution_time(Duration::from_secs(3600))
        ),
        hub.create_scheduled_job(&ScheduledJobRequest::update_twin("sj-2", "*", TwinPatch::new().remove_all_tags())),
        hub.create_scheduled_job(&ScheduledJobRequest::device_method("sj-'2", "*", method)),
        hub.get_scheduled_job("sj-'2"),
        hub.cancel_scheduled_job("sj-1"),
    );
}

#[tokio::test]
async fn scheduled_jobs_are_listed_page_by_page() {
    let (transport, hub) = transport();
    transport.respond_with(
        200,
        &[("x-ms-continuation", "job-tok-1==")],
        r#"[{"jobId": "a", "status": "running"}]"#,
    );
    transport.respond_with(200, &[("x-ms-continuation", "next")], "[]");
    transport.respond_with(200, &[("x-ms-item-type", "JobResponse")], r#"[{"jobId": "b"}]"#);
    let options = QueryScheduledJobsOptions {
        job_type: Some(JobType::ScheduleUpdateTwin),
        job_status: Some(JobStatus::Running),
        page_size: Some(2),
        ..Default::default()
    };
    let jobs: Vec<_> = hub
        .query_scheduled_jobs(Some(options))
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(
        jobs.iter().map(|job| &*job.job_id).collect::<Vec<_>>(),
        ["a", "b"]
    );
    transport.respond_with(200, &[], "[]");
    assert_eq!(
        hub.query_scheduled_jobs(None)
            .unwrap()
            .try_collect::<Vec<_>>()
            .await
            .unwrap(),
        []
    );
    insta::assert_snapshot!(transport.take().join("\n\n----\n\n"));
}

#[tokio::test]
async fn messages_over_http() {
    let (transport, hub) = transport();
    requests!(transport;
        hub.purge_command_queue(SPECIAL_ID),
        hub.receive_feedback_notification(),
        hub.complete_feedback_notification("tok/1+ ü"),
        hub.abandon_feedback_notification("tok/1+ ü"),
    );
}

#[tokio::test]
async fn digital_twins() {
    let (transport, hub) = transport();
    let patch = PlugAndPlayPatch::new()
        .add("/targetTemperature", 1.0)
        .and_then(|patch| patch.replace("/x", Value::Null))
        .and_then(|patch| patch.remove("/gone"))
        .unwrap();
    let command = DirectMethod::new("getMax Min/1");
    let slow = command
        .clone()
        .with_connect_timeout(Duration::from_secs(10))
        .with_response_timeout(Duration::from_secs(20));
    requests!(transport;
        hub.get_digital_twin(SPECIAL_ID),
        hub.update_digital_twin("d", &patch, ANY),
        hub.update_digital_twin("d", &patch, etag("AAAAAAAAAAE=")),
        hub.update_digital_twin("d", &PlugAndPlayPatch::from_operations(json!([])).unwrap(), etag("*")),
        hub.invoke_command("d", &command),
        hub.invoke_command("d", &slow.clone().with_payload(json!({"since": "2024", "n": null}))),
        hub.invoke_component_command(SPECIAL_ID, "thermostat 1", &slow.with_payload(5)),
    );
}

#[tokio::test]
async fn invalid_arguments_send_no_request() {
    let (transport, hub) = transport();
    let empty = Precondition::IfMatch(Etag::from(""));
    let nested = TwinPatch::new().set_desired("a.b.c.d.e.f.g.h.i.j.k.l", 1);
    for error in [
        hub.get_device("..").await.err(),
        hub.get_twin(".").await.err(),
        hub.delete_device("", ANY).await.err(),
        hub.delete_module("d", "..", ANY).await.err(),
        hub.get_module("d", "a/b").await.err(),
        hub.create_module_with_certificate_authority("d", "$edgeAgent", None)
            .await
            .err(),
        hub.get_modules("a&b").await.err(),
        hub.invoke_device_method("ü", &DirectMethod::new("m")).await.err(),
        hub.invoke_device_module_method("d", &"x".repeat(129), &DirectMethod::new("m"))
            .await
            .err(),
        hub.purge_command_queue("..").await.err(),
        hub.get_digital_twin("..").await.err(),
        hub.invoke_command("d", &DirectMethod::new("..")).await.err(),
        hub.invoke_component_command("d", "", &DirectMethod::new("m"))
            .await
            .err(),
        hub.get_configuration("..").await.err(),
        hub.get_import_export_job(".").await.err(),
        hub.cancel_scheduled_job("").await.err(),
        hub.complete_feedback_notification("..").await.err(),
        hub.update_twin("d", &nested, ANY).await.err(),
        hub.replace_twin(
            "d",
            &TwinReplacement::from_json(json!({"tags": {"a b": 1}})).unwrap(),
            ANY,
        )
        .await
        .err(),
        hub.update_twin("d", &TwinPatch::new(), empty.clone()).await.err(),
        hub.update_device_with_sas("d", keys(), DeviceStatus::Enabled, empty, None)
            .await
            .err(),
        hub.create_configuration(&Configuration::new("c", ConfigurationContent::default()))
            .await
            .err(),
        hub.query_iot_hub_rows("x".repeat(8193), None).err(),
    ] {
        let error = error.unwrap();
        assert!(error.is_invalid_input(), "{error:?}");
        assert_eq!(error.attempts(), 0);
    }
    assert_eq!(transport.take(), Vec::<String>::new());
}
