//! The user-facing error texts of the crate, in one listing so that they can be reviewed together.
//!
//! `UPDATE_ERROR_TEXTS=1 cargo test -p iothub-convenience --test error_texts` rewrites the listing.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "wire/support.rs"]
mod support;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::time::Duration;

use futures::TryStreamExt;
use iothub_convenience::*;
use serde_json::{Value, json};

use support::{KEY, MockTransport};

const ANY: Precondition = Precondition::Unconditional;

/// The error texts by area. Each text appears once.
#[derive(Default)]
struct Report(BTreeMap<&'static str, Vec<String>>);

impl Report {
    fn add(&mut self, area: &'static str, text: impl ToString) {
        let (texts, text) = (self.0.entry(area).or_default(), text.to_string());
        if !texts.contains(&text) {
            texts.push(text);
        }
    }

    fn text(&self) -> String {
        let mut out = String::new();
        for (area, texts) in &self.0 {
            writeln!(out, "{area}").unwrap();
            for text in texts {
                writeln!(out, "    {text}").unwrap();
            }
        }
        out
    }
}

fn not_json() -> HashMap<Vec<u8>, u8> {
    HashMap::from([(vec![1], 2)])
}

fn identities(report: &mut Report) {
    let long = "x".repeat(129);
    let hub = MockTransport::new().hub();
    for id in ["", "..", "a/b", &long] {
        let query = hub.device_connection_string(&Device::default(), KeySlot::Primary);
        report.add("credentials", query.unwrap_err());
        let mut twin = Twin::new(id);
        twin.module_id = Some(id.to_owned());
        report.add("twins", twin.validate().unwrap_err());
    }
    for (primary, secondary) in [("!", KEY), ("c2hvcnQ=", KEY)] {
        report.add("credentials", SymmetricKey::new(primary, secondary).unwrap_err());
    }
    report.add("credentials", InvalidKey::NoRandomness);
    let (sha1, sha256) = ("a".repeat(40), "a".repeat(64));
    for (primary, secondary) in [("01:23", None), (&sha1, Some(sha256.as_str()))] {
        report.add(
            "credentials",
            X509Thumbprint::new(primary, secondary).unwrap_err(),
        );
    }
    let device: Device = serde_json::from_value(
        json!({"deviceId": "a;b", "authentication": {"type": "sas", "symmetricKey": {"primaryKey": KEY}}}),
    )
    .unwrap();
    let string = hub.device_connection_string(&device, KeySlot::Primary);
    report.add("credentials", string.unwrap_err());
    let token = hub.device_sas_token(&device, KeySlot::Primary, Duration::MAX);
    report.add("credentials", token.unwrap_err());
}

async fn registry(report: &mut Report) {
    let hub = MockTransport::new().hub();
    let (sas, enabled) = (SymmetricKey::assigned_by_service, || DeviceStatus::Enabled);
    for id in ["", "..", "a/b", &"x".repeat(129)] {
        report.add("registry", hub.get_device(id).await.unwrap_err());
    }
    let module = hub.create_module_with_sas("d", "$m", sas(), None).await;
    report.add("registry", module.unwrap_err());
    let options = CreateOrUpdateDeviceOptions {
        status_reason: Some("x".repeat(129)),
        ..Default::default()
    };
    let device = hub
        .create_device_with_sas("d", sas(), enabled(), Some(options))
        .await;
    report.add("registry", device.unwrap_err());
    let one: SymmetricKey = serde_json::from_value(json!({"primaryKey": KEY})).unwrap();
    for authentication in [
        Authentication::sas(one),
        Authentication::x509(X509Thumbprint::default()),
        serde_json::from_value(json!({"type": "none"})).unwrap(),
    ] {
        let device = hub.create_device("d", authentication, enabled(), None).await;
        report.add("registry", device.unwrap_err());
    }
    for max_count in [0, 10_000] {
        let options = GetDevicesOptions {
            max_count: Some(max_count),
        };
        report.add("registry", hub.get_devices(Some(options)).await.unwrap_err());
    }
    let transport = MockTransport::new();
    transport.respond(200, &json!({"deviceId": "d"}));
    let device = transport
        .hub()
        .get_device("d")
        .await
        .unwrap()
        .into_model()
        .unwrap();
    report.add("registry", device.precondition().unwrap_err());
}

fn twins(report: &mut Report) {
    let nested = "a.b.c.d.e.f.g.h.i.j.k.l";
    let patch = TwinPatch::new()
        .set_tag("a#", 1)
        .set_tag(&"x".repeat(1025), 1)
        .set_tag("s", "x".repeat(4097))
        .set_desired(nested, 1)
        .set_desired("integer", i64::MAX)
        .set_desired("array", json!([null]))
        .set_desired("map", not_json())
        .remove_tag("gone")
        .set_tag("gone.again", 1);
    let large = TwinPatch::new()
        .set_tag("a", "x".repeat(4000))
        .set_tag("b", "x".repeat(4000))
        .set_tag("c", "x".repeat(1000));
    report.add(
        "twins",
        patch
            .validate()
            .unwrap_err()
            .to_string()
            .replace(&"x".repeat(1025), "x…"),
    );
    for patch in [patch, large] {
        for violation in patch.validate().unwrap_err().violations {
            report.add("twins", violation.to_string().replace(&"x".repeat(1025), "x…"));
        }
    }
    for document in [
        json!([]),
        json!({"deviceId": "d", "tags": 5, "properties": {"desired": null}}),
    ] {
        report.add("twins", TwinPatch::from_json(document).unwrap_err());
    }
    let contents = TwinReplacement::new().with_tags(5).with_desired(not_json());
    report.add("twins", contents.validate().unwrap_err());
    let contents = TwinReplacement::new().with_tags(json!({"gone": null}));
    report.add("twins", contents.validate().unwrap_err());
}

async fn other_arguments(report: &mut Report) {
    let hub = MockTransport::new().hub();
    for method in [
        DirectMethod::new(""),
        DirectMethod::new("m").with_payload(not_json()),
        DirectMethod::new("m").with_response_timeout(Duration::from_secs(4)),
        DirectMethod::new("m").with_connect_timeout(Duration::from_secs(31)),
    ] {
        let outcome = hub.invoke_device_method("d", &method).await;
        report.add("methods", outcome.unwrap_err());
    }
    let job = |id: &str| ScheduledJobRequest::update_twin(id, "*", TwinPatch::new().set_tag("a", 1));
    let short = job("j").with_max_execution_time(Duration::from_millis(1));
    let condition = "x".repeat(8193);
    let long = ScheduledJobRequest::update_twin("j", condition, TwinPatch::new().set_tag("a", 1));
    for job in [job(""), job(&"x".repeat(65)), job("j 9"), short, long] {
        report.add("jobs", hub.create_scheduled_job(&job).await.unwrap_err());
    }
    let zero = QueryIotHubOptions {
        page_size: Some(0),
        ..Default::default()
    };
    report.add(
        "queries",
        hub.query_iot_hub::<Value>("q", Some(zero)).unwrap_err(),
    );
    let long = hub.query_iot_hub::<Value>("x".repeat(8193), None);
    report.add("queries", long.unwrap_err());
    let configuration = Configuration::new("c", ConfigurationContent::default());
    let created = hub.create_configuration(&configuration).await;
    report.add("configurations", created.unwrap_err());
    for (condition, metric) in [("tags.a ==", "select *"), ("*", "select")] {
        let content = ConfigurationContent::device([("properties.desired.a", 1)]).unwrap();
        let configuration = Configuration::new("c", content)
            .with_target_condition(condition)
            .with_metric("m", metric);
        let created = hub.create_configuration(&configuration).await;
        report.add("configurations", created.unwrap_err());
    }
    for manifest in ["", "{}", r#"{"modulesContent": 5}"#] {
        report.add(
            "configurations",
            ConfigurationContent::from_manifest(manifest).unwrap_err(),
        );
    }
    let content = ConfigurationContent::device([("a", not_json())]);
    report.add("configurations", content.unwrap_err());
    let tested = hub.test_configuration_queries("", BTreeMap::new()).await;
    report.add("configurations", tested.unwrap_err());
    report.add(
        "Plug and Play",
        PlugAndPlayPatch::from_operations(json!([{"op": "jump"}])).unwrap_err(),
    );
    report.add("Plug and Play", PlugAndPlayPatch::new().remove("").unwrap_err());
    let entries = [
        RegistryEntry::create("d"),
        RegistryEntry::delete("d", ANY),
        RegistryEntry::create("e").with_twin(TwinPatch::new().remove_all_tags()),
    ];
    let bulk = hub.bulk_create_or_update_devices(entries, None).await.unwrap();
    for (_, failure) in bulk.failed() {
        report.add("bulk runs", failure);
    }
    let options = BulkOptions {
        max_concurrency: 0,
        ..Default::default()
    };
    let refused = hub.swap_keys(["d"], Some(options)).await;
    report.add("bulk runs", refused.unwrap_err());
}

async fn keys_and_attributes(report: &mut Report) {
    let hub = MockTransport::new().hub();
    let bulk = hub
        .regenerate_keys(["d", "d", "a/b"], KeyPolicy::Both, None)
        .await
        .unwrap();
    for (_, failure) in bulk.failed() {
        report.add("bulk runs", failure);
    }
    let attributes = |attributes: Value| attributes.as_object().cloned();
    let options = CreateOrUpdateDeviceOptions {
        attributes: attributes(json!({"site": "oslo"})),
        ..Default::default()
    };
    let entry = RegistryEntry::update("d", ANY).with_options(options);
    let bulk = hub.bulk_create_or_update_devices([entry], None).await.unwrap();
    for (_, failure) in bulk.failed() {
        report.add("bulk runs", failure);
    }
    for document in [json!({"a.b": 1}), json!({"a": {}}), json!({"x".repeat(1025): 1})] {
        let options = CreateOrUpdateModuleOptions {
            attributes: attributes(document),
            ..Default::default()
        };
        let keys = SymmetricKey::assigned_by_service();
        let created = hub.create_module_with_sas("d", "m", keys, Some(options)).await;
        report.add("registry", created.unwrap_err());
    }
}

async fn hosts_and_versions(report: &mut Report) {
    for host in ["a b", "my-hub.azure-devices.net/devices"] {
        report.add("clients", host.parse::<HubHost>().unwrap_err());
    }
    let connection = format!("HostName=hub.example;SharedAccessKeyName=service;SharedAccessKey={KEY}");
    let with = |change: fn(&mut IotHubClientOptions)| {
        let mut options = MockTransport::new().options();
        change(&mut options);
        IotHubRegistryManager::from_connection_string(&connection, Some(options))
    };
    let no_version = with(|options| options.api_version = " ".to_owned());
    report.add("clients", no_version.unwrap_err());
    let service_host = with(|options| options.device_host = "h.service.azure-devices.net".parse().ok());
    report.add("clients", service_host.unwrap_err());
    let old = with(|options| options.api_version = "2021-04-12".to_owned()).unwrap();
    let refused = old.regenerate_keys(["d"], KeyPolicy::Both, None).await;
    report.add("bulk runs", refused.unwrap_err());
}

async fn responses(report: &mut Report) {
    let transport = MockTransport::new();
    let hub = transport.hub();
    let code = [("iothub-errorcode", "DeviceNotFound"), ("x-ms-request-id", "r1")];
    transport.respond_with(
        404,
        &code,
        r#"{"Message":"ErrorCode:DeviceNotFound;d","ExceptionMessage":"Tracking ID:t1"}"#,
    );
    report.add("responses", hub.get_device("d").await.unwrap_err());
    transport.respond(200, &json!({"deviceId": "d", "capabilities": {"iotEdge": "yes"}}));
    let device = hub.get_device("d").await.unwrap().into_model();
    report.add("responses", Error::from(device.unwrap_err()));
    transport.respond(200, &json!([{"tags": 5}]));
    let twins = hub.query_iot_hub::<Twin>("q", None).unwrap();
    report.add("responses", twins.try_collect::<Vec<_>>().await.unwrap_err());
    transport.respond_with(200, &[], "[]");
    report.add(
        "responses",
        hub.receive_feedback_notification().await.unwrap_err(),
    );
    transport.respond(200, &json!({"status": 200, "payload": {"a": "b"}}));
    let outcome = hub
        .invoke_device_method("d", &DirectMethod::new("m"))
        .await
        .unwrap();
    let payload = outcome.response().unwrap().payload_as::<BTreeMap<String, u32>>();
    report.add("responses", payload.unwrap_err());
    transport.respond(200, &json!({"status": "enqueued"}));
    let job = hub.begin_import_export_job(&ImportExportJobRequest::export("https://x", true), None);
    report.add("jobs", job.unwrap().await.unwrap_err());
    transport.respond(
        200,
        &json!({"deviceId": "d", "etag": "x", "authentication": {"type": "selfSigned"}}),
    );
    let bulk = hub.swap_keys(["d"], None).await.unwrap();
    for (_, failure) in bulk.failed() {
        report.add("bulk runs", failure);
    }
    let result = json!({"rotatedKeys": [], "errors": [{"id": "d", "errorCode": "DeviceNotFound", "errorStatus": "no such device"}]});
    transport.respond(400, &result);
    let bulk = hub
        .regenerate_keys(["d", "e"], KeyPolicy::Primary, None)
        .await
        .unwrap();
    for (_, failure) in bulk.failed() {
        report.add("bulk runs", failure);
    }
    let errors = json!({"isSuccessful": false, "errors": [{"deviceId": "a", "errorCode": 409_001}, {"deviceId": "b"}]});
    transport.respond(400, &errors);
    let entries = ["a", "b"].map(RegistryEntry::create);
    let bulk = hub.bulk_create_or_update_devices(entries, None).await.unwrap();
    for (_, failure) in bulk.failed() {
        report.add("bulk runs", failure);
    }
}

#[cfg(feature = "amqp")]
async fn messages(report: &mut Report) {
    let hub = MockTransport::new().hub();
    let message = || CloudToDeviceMessage::new("");
    for message in [
        CloudToDeviceMessage::new(vec![0; 65_537]),
        message().with_message_id(""),
        message().with_content_type("ü"),
        message().with_property("", 1),
        message().with_property("iothub-ack", 1),
        message().with_property("a\n", 1),
    ] {
        report.add("messages", hub.send_c2d_message("d", message).await.unwrap_err());
    }
    report.add("AMQP options", AmqpProxy::new("socks5://p").unwrap_err());
    let build = |amqp: AmqpOptions| {
        let options = IotHubClientOptions {
            amqp,
            ..Default::default()
        };
        let text = format!("HostName=h;SharedAccessKeyName=n;SharedAccessKey={KEY}");
        IotHubRegistryManager::from_connection_string(&text, Some(options)).unwrap_err()
    };
    let endpoint = AmqpOptions {
        endpoint: Some("h/path".to_owned()),
        ..Default::default()
    };
    report.add("AMQP options", build(endpoint));
    let certificates = AmqpOptions {
        trusted_certificates: Some(String::new()),
        ..Default::default()
    };
    report.add("AMQP options", build(certificates));
}

fn connection_strings(report: &mut Report) {
    for text in [
        "HostName=h;DeviceId=d;SharedAccessKey=c2VjcmV0",
        "Endpoint=sb://e.example/;SharedAccessKeyName=n;SharedAccessKey=c2VjcmV0",
        "AccountName=a;AccountKey=c2VjcmV0",
        "HostName=h",
    ] {
        let error = IotHubRegistryManager::from_connection_string(text, None).unwrap_err();
        report.add("connection strings", error);
    }
}

async fn report() -> Report {
    let mut report = Report::default();
    connection_strings(&mut report);
    identities(&mut report);
    registry(&mut report).await;
    twins(&mut report);
    other_arguments(&mut report).await;
    keys_and_attributes(&mut report).await;
    hosts_and_versions(&mut report).await;
    responses(&mut report).await;
    #[cfg(feature = "amqp")]
    messages(&mut report).await;
    report
}

#[cfg(feature = "amqp")]
#[tokio::test]
async fn error_texts_match_the_listing() {
    let text = report().await.text();
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/error_texts.txt");
    if std::env::var_os("UPDATE_ERROR_TEXTS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap();
    assert_eq!(
        text, committed,
        "if the change is intended, run with UPDATE_ERROR_TEXTS=1 and review the listing"
    );
}

/// Returns the fixed parts of the messages of the error enums in `source`.
fn messages_of(source: &str) -> impl Iterator<Item = &str> {
    let attributes = source.split("#[error(").skip(1);
    let messages = attributes.filter_map(|rest| rest.trim_start().strip_prefix('"'));
    messages.filter_map(|rest| rest.split('"').next())
}

#[tokio::test]
async fn listing_has_every_message_of_the_error_enums() {
    let text = report().await.text();
    let sources = [
        include_str!("../src/identity/id.rs"),
        include_str!("../src/identity/key.rs"),
        include_str!("../src/identity/thumbprint.rs"),
        include_str!("../src/twin/violation.rs"),
    ];
    let messages: BTreeSet<_> = sources.iter().flat_map(|source| messages_of(source)).collect();
    assert!(messages.len() > 15, "{messages:?}");
    for message in messages {
        let fixed = message.split(['{', '}']).step_by(2);
        let longest = fixed.max_by_key(|part| part.len()).unwrap();
        assert!(text.contains(longest), "no text for {message:?}");
    }
}
