//! Conventions that apply to all calls.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use azure_core::cloud::{Audiences, CloudConfiguration, CustomConfiguration};
use futures::TryStreamExt;
use iothub_convenience::*;
use serde_json::{Value, json};

use crate::support::{FixedToken, MockTransport};

type Call = fn(IotHubRegistryManager) -> Pin<Box<dyn Future<Output = Result<()>>>>;

const ANY: Precondition = Precondition::Unconditional;

fn keys() -> SymmetricKey {
    SymmetricKey::assigned_by_service()
}

/// Returns one call of each kind.
fn calls() -> Vec<(&'static str, Call)> {
    macro_rules! call {
        ($name:literal, |$hub:ident| $call:expr) => {
            ($name, |$hub| Box::pin(async move { $call.await.map(drop) }))
        };
    }
    vec![
        call!("read", |hub| hub.get_device("d")),
        call!("unpaged list", |hub| hub.get_devices(None)),
        call!("create", |hub| hub.create_device_with_sas(
            "d",
            keys(),
            DeviceStatus::Enabled,
            None
        )),
        call!("update", |hub| hub.update_twin(
            "d",
            &TwinPatch::new().set_tag("a", 1),
            ANY
        )),
        call!("delete", |hub| hub.delete_device("d", ANY)),
        call!("method", |hub| hub
            .invoke_device_method("d", &DirectMethod::new("m"))),
        call!("command", |hub| hub.invoke_command("d", &DirectMethod::new("m"))),
        call!("modify", |hub| hub.modify_twin("d", |twin| twin.tags.set("a", 1))),
        call!("feedback", |hub| hub.receive_feedback_notification()),
        call!("statistics", |hub| hub.get_service_statistics()),
        ("query", |hub| {
            Box::pin(async move { hub.query_iot_hub::<Value>("q", None)?.try_next().await.map(drop) })
        }),
        ("list", |hub| {
            Box::pin(async move { hub.query_scheduled_jobs(None)?.try_next().await.map(drop) })
        }),
        ("job", |hub| {
            Box::pin(async move { hub.watch_scheduled_job("j", None).unwrap().await.map(drop) })
        }),
        ("bulk", |hub| {
            Box::pin(async move {
                let report = hub
                    .bulk_create_or_update_devices([RegistryEntry::create("d")], None)
                    .await
                    .unwrap();
                report.stopped_by.map_or(Ok(()), Err)
            })
        }),
        ("protocol", |hub| {
            Box::pin(async move {
                let device = hub.protocol().devices_get_identity("d").await.map(drop);
                device.map_err(|error| azure_service_core::Error::from(error).into())
            })
        }),
        ("begin scheduled job", |hub| {
            Box::pin(async move {
                let job = ScheduledJobRequest::update_twin("j", "*", TwinPatch::new().set_tag("a", 1));
                hub.begin_scheduled_job(&job, None)?.await.map(drop)
            })
        }),
        ("begin import or export job", |hub| {
            Box::pin(async move {
                let job = ImportExportJobRequest::export("https://example.blob.core.windows.net/c", true);
                hub.begin_import_export_job(&job, None)?.await.map(drop)
            })
        }),
        ("bulk twins", |hub| {
            Box::pin(async move {
                let update = TwinUpdate::new("d", TwinPatch::new().set_tag("a", 1), ANY);
                let report = hub.update_twins([update], None).await.unwrap();
                report.stopped_by.map_or(Ok(()), Err)
            })
        }),
        ("bulk methods", |hub| {
            Box::pin(async move {
                let report = hub
                    .invoke_method_on_devices(["d"], &DirectMethod::new("m"), None)
                    .await
                    .unwrap();
                report.stopped_by.map_or(Ok(()), Err)
            })
        }),
        ("bulk, one request per item", |hub| {
            Box::pin(async move {
                let report = hub.swap_keys(["d"], None).await.unwrap();
                report.stopped_by.map_or(Ok(()), Err)
            })
        }),
        ("bulk, many items per request", |hub| {
            Box::pin(async move {
                let report = hub.regenerate_keys(["d"], KeyPolicy::Both, None).await.unwrap();
                report.stopped_by.map_or(Ok(()), Err)
            })
        }),
    ]
}

#[tokio::test]
async fn attempt_timeout_applies_to_every_kind_of_call() {
    for (name, call) in calls() {
        let transport = MockTransport::new();
        let hub = transport.hub().with_call_options(CallOptions {
            attempt_timeout: Some(Duration::from_nanos(1)),
            retry: Some(RetryOptions::none()),
            ..CallOptions::default()
        });
        let error = call(hub).await.unwrap_err();
        assert!(error.is_timeout(), "{name}: {error:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn headers_and_retries_of_the_call_options_apply_to_every_kind_of_call() {
    for (name, call) in calls() {
        let transport = MockTransport::new();
        for _ in 0..2 {
            transport.respond(429, &json!({}));
        }
        let hub = transport.hub().with_call_options(CallOptions {
            headers: vec![("x-caller".into(), "test".into())],
            retry: Some(RetryOptions::none()),
            ..CallOptions::default()
        });
        // A bulk run may make more than one attempt; all other methods fail after the first.
        let result = call(hub).await;
        assert!(
            name.starts_with("bulk") || result.unwrap_err().attempts() == 1,
            "{name}"
        );
        let requests = transport.take();
        assert!(!requests.is_empty(), "{name}");
        for request in requests {
            assert!(request.contains("x-caller: test"), "{name}: {request}");
        }
    }
}

#[test]
fn public_types_are_send_and_sync() {
    fn is_send_and_sync<T: Send + Sync>() {}
    fn is_send<T: Send>() {}
    is_send_and_sync::<IotHubRegistryManager>();
    is_send_and_sync::<IotHubClientOptions>();
    is_send_and_sync::<CallOptions>();
    is_send_and_sync::<BulkOptions>();
    is_send_and_sync::<Error>();
    is_send_and_sync::<Device>();
    is_send_and_sync::<Twin>();
    is_send::<Pager<ScheduledJob>>();
    is_send::<QueryPager>();
    is_send::<QueryPager<Twin>>();
    is_send::<Poller<ScheduledJob>>();
    assert!(size_of::<Error>() <= 4 * size_of::<usize>());
}

#[tokio::test]
async fn precondition_is_an_error_without_an_etag() {
    let transport = MockTransport::new();
    let hub = transport.hub();
    transport.respond(200, &json!({"deviceId": "d", "etag": "MQ=="}));
    let device = hub.get_device("d").await.unwrap().into_model().unwrap();
    transport.respond_with(204, &[], "");
    hub.delete_device("d", device.precondition().unwrap())
        .await
        .unwrap();
    transport.respond_with(204, &[], "");
    hub.delete_device("d", device.etag.as_ref().unwrap())
        .await
        .unwrap();
    for request in &transport.take()[1..] {
        assert!(request.contains(r#"if-match: "MQ==""#), "{request}");
    }
    transport.respond(200, &json!({"deviceId": "d"}));
    let response = hub.get_twin("d").await.unwrap();
    let no_etag =
        "the response has no ETag, so a conditional write is not possible; use Precondition::Unconditional";
    assert!(response.precondition().unwrap_err().to_string().contains(no_etag));
    let error = response.into_model().unwrap().precondition().unwrap_err();
    assert!(
        error.kind() == ErrorKind::InvalidResponse && error.to_string().contains(no_etag),
        "{error}"
    );
}

#[tokio::test]
async fn invalid_arguments_are_refused_before_sending() {
    let transport = MockTransport::new();
    let hub = transport.hub();
    let method = || DirectMethod::new("m");
    let patch = TwinPatch::new().set_tag("a", std::collections::HashMap::from([(vec![1], 2)]));
    let job = |id: &str| ScheduledJobRequest::update_twin(id, "*", TwinPatch::new().set_tag("a", 1));
    let zero = || QueryIotHubOptions {
        page_size: Some(0),
        ..Default::default()
    };
    let jobs = QueryScheduledJobsOptions {
        page_size: Some(0),
        ..Default::default()
    };
    let nameless = ScheduledJobRequest::device_method("j", "*", DirectMethod::new(""));
    for (error, text) in [
        (
            hub.invoke_device_method("d", &DirectMethod::new("")).await.err(),
            "invalid method name: must not be empty",
        ),
        (
            hub.invoke_device_method("d", &method().with_response_timeout(Duration::from_secs(4)))
                .await
                .err(),
            "invalid response_timeout: is 4 s; must be 5 to 300 s",
        ),
        (
            hub.invoke_command("d", &method().with_connect_timeout(Duration::from_secs(301)))
                .await
                .err(),
            "invalid connect_timeout: is 301 s; must be 0 to 300 s",
        ),
        (
            hub.invoke_device_method("d", &method().with_connect_timeout(Duration::from_secs(31)))
                .await
                .err(),
            "invalid connect_timeout: is 31 s, longer than the response timeout of 30 s",
        ),
        (
            hub.create_scheduled_job(&nameless).await.err(),
            "invalid method name: must not be empty",
        ),
        (
            hub.create_scheduled_job(&job("")).await.err(),
            "invalid job_id: must not be empty",
        ),
        (
            hub.begin_scheduled_job(&job(""), None).err(),
            "invalid job_id: must not be empty",
        ),
        (
            hub.watch_scheduled_job("", None).err(),
            "invalid job_id: must not be empty",
        ),
        (
            hub.create_scheduled_job(&job(&"x".repeat(65))).await.err(),
            "invalid job_id: has 65 characters; at most 64 are allowed",
        ),
        (
            hub.query_iot_hub::<Twin>("q", Some(zero())).err(),
            "invalid page_size: must be at least 1 and at most 2147483647",
        ),
        (
            hub.query_scheduled_jobs(Some(jobs)).err(),
            "invalid page_size: must be at least 1 and at most 2147483647",
        ),
        (
            hub.get_devices(Some(GetDevicesOptions { max_count: Some(0) }))
                .await
                .err(),
            "invalid max_count: must be at least 1 and at most 2147483647",
        ),
        (
            hub.get_devices(Some(GetDevicesOptions {
                max_count: Some(10_000),
            }))
            .await
            .err(),
            "invalid max_count: is 10000, but the service returns at most 1000 devices; use query_iot_hub, whose pager \
             returns all",
        ),
        (
            hub.update_twin("d", &patch, ANY).await.err(),
            "tags.a cannot be serialized to JSON: key must be a string",
        ),
        (
            hub.test_configuration_queries("", Default::default()).await.err(),
            "invalid target_condition: must not be empty if there are no metric queries",
        ),
        (
            hub.get_device("a/b").await.err(),
            r#"device_id "a/b" contains '/' at position 1; only ASCII letters, digits and -:.+%_#*?!(),=@;$' are allowed"#,
        ),
    ] {
        let error = error.unwrap();
        assert_eq!(
            (error.is_invalid_input(), error.to_string().as_str()),
            (true, text)
        );
    }
    transport.respond(200, &json!({"deviceId": "d", "etag": "x"}));
    let edit = |twin: &mut Twin| {
        twin.tags
            .set("a.b", std::collections::HashMap::from([(vec![1], 2)]))
    };
    let error = hub.modify_twin("d", edit).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "tags.a.b cannot be serialized to JSON: key must be a string"
    );
    assert_eq!(transport.take().len(), 1);
}

/// HUB-CONFIG-1, HUB-METHOD-6, HUB-PNP-10.
#[tokio::test]
async fn contents_that_the_hub_would_refuse_are_refused_before_sending() {
    let transport = MockTransport::new();
    let hub = transport.hub();
    let configuration = |id: &str| {
        Configuration::new(
            id,
            ConfigurationContent::device([("properties.desired.a", 1)]).unwrap(),
        )
    };
    let large = || DirectMethod::new("m").with_payload("x".repeat(128 * 1024 - 1));
    let too_large = "invalid payload: has 131073 bytes; at most 131072 are allowed";
    let id = r#"invalid configuration_id: "Fast" contains 'F' at position 0; allowed are lower-case ASCII letters, digits and -+%_*!'"#;
    let moved = json!([{"op": "add", "path": "/a", "value": 1}, {"op": "move", "from": "/a", "path": "/b"}]);
    let copied: json_patch::Patch =
        serde_json::from_value(json!([{"op": "copy", "from": "/a", "path": "/b"}])).unwrap();
    for (error, text) in [
        (hub.create_configuration(&configuration("Fast")).await.err(), id),
        (
            hub.update_configuration(&configuration("Fast"), ANY).await.err(),
            id,
        ),
        (hub.get_configuration("Fast").await.err(), id),
        (hub.delete_configuration("Fast", ANY).await.err(), id),
        (
            hub.get_configuration("").await.err(),
            "invalid configuration_id: must not be empty",
        ),
        (
            hub.get_configuration(&"x".repeat(129)).await.err(),
            "invalid configuration_id: has 129 characters; at most 128 are allowed",
        ),
        (hub.invoke_device_method("d", &large()).await.err(), too_large),
        (hub.invoke_command("d", &large()).await.err(), too_large),
        (
            hub.create_scheduled_job(&ScheduledJobRequest::device_method("j", "*", large()))
                .await
                .err(),
            too_large,
        ),
        (
            PlugAndPlayPatch::from_operations(moved).err(),
            r#"invalid operations: has "move" at position 1; allowed are add, replace and remove"#,
        ),
        (
            PlugAndPlayPatch::try_from(copied).err(),
            r#"invalid operations: has "copy" at position 0; allowed are add, replace and remove"#,
        ),
        (
            hub.query_iot_hub::<Twin>(" \n", None).err(),
            "invalid query: must not be empty",
        ),
        (
            hub.query_iot_hub_rows("", None).err(),
            "invalid query: must not be empty",
        ),
    ] {
        assert_eq!(error.unwrap().to_string(), text);
    }
    assert_eq!(transport.take(), Vec::<String>::new());

    transport.respond(200, &json!({"status": 200}));
    let largest = DirectMethod::new("m").with_payload("x".repeat(128 * 1024 - 2));
    let outcome = hub.invoke_device_method("d", &largest).await.unwrap();
    assert!(outcome.response().is_some());
    transport.respond(200, &json!({"id": "x"}));
    hub.get_configuration(&"az09-+%_*!'".repeat(11)).await.unwrap();
}

#[tokio::test]
async fn errors_name_the_parameters_of_the_methods() {
    let transport = MockTransport::new();
    let hub = transport.hub();
    let dot = DirectMethod::new(".");
    for (error, parameter) in [
        (hub.complete_feedback_notification("").await.err(), "lock_token"),
        (hub.abandon_feedback_notification("..").await.err(), "lock_token"),
        (hub.get_import_export_job("").await.err(), "job_id"),
        (hub.cancel_import_export_job("").await.err(), "job_id"),
        (hub.watch_import_export_job("", None).err(), "job_id"),
        (
            hub.invoke_component_command("d", "", &DirectMethod::new("m"))
                .await
                .err(),
            "component_path",
        ),
        (
            hub.invoke_component_command("d", "c", &dot).await.err(),
            "method name",
        ),
        (hub.invoke_command("d", &dot).await.err(), "method name"),
    ] {
        let error = error.unwrap();
        assert!(error.is_invalid_input(), "{error}");
        assert_eq!(error.parameter(), Some(parameter), "{error}");
    }
    assert_eq!(transport.take(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn error_operation_is_the_method_that_sends_the_single_request() {
    let transport = MockTransport::new();
    let hub = transport.hub();
    let twin = json!({"deviceId": "d", "etag": "x"});
    let edit = |twin: &mut Twin| twin.tags.set("a", 1);
    let refused = |transport: &MockTransport, before: &[&Value]| {
        for document in before {
            transport.respond(200, document);
        }
        transport.respond(403, &json!({}));
    };
    for (before, device, module) in [
        (&[][..], "get_twin", "get_module_twin"),
        (&[&twin][..], "update_twin", "update_module_twin"),
    ] {
        refused(&transport, before);
        let error = hub.modify_twin("d", edit).await.unwrap_err();
        assert_eq!(error.operation(), Some(device));
        refused(&transport, before);
        let error = hub.modify_module_twin("d", "m", edit).await.unwrap_err();
        assert_eq!(error.operation(), Some(module));
    }
    let patch = TwinPatch::new().set_tag("a", 1);
    let update = TwinUpdate::new("d", patch, ANY);
    let of_module = TwinUpdate {
        module_id: Some("m".into()),
        ..update.clone()
    };
    for (update, operation) in [(update, "update_twin"), (of_module, "update_module_twin")] {
        refused(&transport, &[]);
        let error = hub
            .update_twins([update], None)
            .await
            .unwrap()
            .stopped_by
            .unwrap();
        assert_eq!(error.operation(), Some(operation));
    }
    refused(&transport, &[]);
    let report = hub
        .invoke_method_on_devices(["d"], &DirectMethod::new("m"), None)
        .await
        .unwrap();
    assert_eq!(
        report.stopped_by.unwrap().operation(),
        Some("invoke_device_method")
    );
    refused(&transport, &[]);
    let report = hub.swap_keys(["d"], None).await.unwrap();
    assert_eq!(report.stopped_by.unwrap().operation(), Some("get_device"));
    refused(&transport, &[]);
    let report = hub.get_keys([IdentityId::module("d", "m")], None).await.unwrap();
    assert_eq!(report.stopped_by.unwrap().operation(), Some("get_module"));
    refused(&transport, &[]);
    let report = hub.regenerate_keys(["d"], KeyPolicy::Both, None).await.unwrap();
    assert_eq!(report.stopped_by.unwrap().operation(), Some("regenerate_keys"));
}

#[tokio::test(start_paused = true)]
async fn response_without_a_status_is_an_error() {
    let transport = MockTransport::new();
    let hub = transport.hub();
    transport.respond(200, &json!({"payload": 1}));
    let error = hub
        .invoke_device_method("d", &DirectMethod::new("m"))
        .await
        .unwrap_err();
    let text = "invalid response: the response has no status of the device";
    assert_eq!(error.to_string(), text);
    transport.respond(200, &json!({}));
    let error = hub
        .invoke_command("d", &DirectMethod::new("m"))
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), text);

    let keys = json!({"primaryKey": "MTIz", "secondaryKey": "NDU2"});
    let device =
        json!({"deviceId": "d", "etag": "x", "authentication": {"type": "sas", "symmetricKey": keys}});
    transport.respond(200, &device);
    let report = hub.swap_keys(["d"], None).await.unwrap();
    let error = report.stopped_by.unwrap();
    assert_eq!(error.to_string(), "invalid response: the device has no status");
    let methods: Vec<_> = transport
        .take()
        .iter()
        .map(|request| request[..3].to_owned())
        .collect();
    assert_eq!(methods, ["POS", "POS", "GET"]);
}

#[tokio::test]
async fn errors_name_the_method_and_the_cause() {
    let transport = MockTransport::new();
    let hub = transport.hub();
    let headers = [
        ("iothub-errorcode", "ThrottlingException"),
        ("retry-after", "90"),
        ("x-ms-request-id", "r1"),
    ];
    transport.respond_with(
        429,
        &headers,
        r#"{"Message":"ErrorCode:ThrottlingException;too fast"}"#,
    );
    let error = hub.get_device("d").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the service returned 429 ThrottlingException: too fast (get_device, retry after 90 s, request id r1)"
    );
    assert!(error.is_throttled() && error.is_retryable());
    assert_eq!(error.operation(), Some("get_device"));

    transport.respond_with(409, &[("iothub-errorcode", "DeviceAlreadyExists")], "{}");
    let error = hub
        .create_device_with_sas("d", keys(), DeviceStatus::Enabled, None)
        .await
        .unwrap_err();
    assert!(error.is_already_exists() && error.is_conflict() && !error.is_retryable());
    transport.respond_with(409, &[("iothub-errorcode", "DeviceLocked")], "{}");
    let error = hub.delete_device("d", ANY).await.unwrap_err();
    assert!(error.is_conflict() && !error.is_already_exists());

    transport.respond(
        200,
        &json!([{"deviceId": "d"}, {"deviceId": "e", "tags": {"n": 1}, "status": [5]}]),
    );
    let rows = hub.query_iot_hub::<Twin>("q", None).unwrap();
    let error = rows.try_collect::<Vec<_>>().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidResponse);
    assert!(
        error.to_string().contains("row 1: twin, member `status`"),
        "{error}"
    );
    transport.respond_with(
        200,
        &[("x-ms-item-type", "Twin")],
        r#"[{"deviceId": "d"}, {"status": [5]}]"#,
    );
    let rows = hub.query_iot_hub_rows("q", None).unwrap();
    let error = rows.try_collect::<Vec<_>>().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidResponse);
    assert!(
        error
            .to_string()
            .contains("row 1, member `Twin`: twin, member `status`"),
        "{error}"
    );
    transport.respond(200, &json!({"deviceId": "d", "capabilities": {"iotEdge": "yes"}}));
    let error = Error::from(hub.get_device("d").await.unwrap().into_model().unwrap_err());
    assert!(
        error
            .to_string()
            .contains("device, member `capabilities.iotEdge`"),
        "{error}"
    );
}

#[tokio::test]
async fn rows_and_payloads_decode_as_types_of_the_caller() {
    #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    struct Climate {
        target: f32,
    }
    let transport = MockTransport::new();
    let hub = transport.hub();
    transport
        .respond_with(200, &[("x-ms-continuation", "t")], r#"[{"target": 21.5}]"#)
        .respond(200, &json!([]));
    let options = QueryIotHubOptions {
        page_size: Some(1),
        ..Default::default()
    };
    let rows = hub.query_iot_hub::<Climate>("q", Some(options)).unwrap();
    assert_eq!(
        rows.try_collect::<Vec<_>>().await.unwrap(),
        [Climate { target: 21.5 }]
    );
    assert!(
        transport
            .take()
            .iter()
            .all(|request| request.contains("x-ms-max-item-count: 1"))
    );

    transport.respond(200, &json!({"status": 200, "payload": {"target": 21.3}}));
    let method = DirectMethod::new("m").with_payload(Climate { target: 21.3 });
    let outcome = hub.invoke_device_method("d", &method).await.unwrap();
    let response = outcome.response().unwrap();
    assert_eq!(
        response.payload_as::<Climate>().unwrap(),
        Climate { target: 21.3 }
    );
    assert!(transport.take()[0].contains(r#"{"target":21.3}"#));
    let error = response.payload_as::<Vec<u8>>().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidResponse);

    let patch = TwinPatch::new().set_desired("climate", Climate { target: 21.3 });
    assert_eq!(
        serde_json::to_value(patch).unwrap(),
        json!({"properties": {"desired": {"climate": {"target": 21.3}}}})
    );
}

#[tokio::test]
async fn scope_defaults_to_the_scope_of_the_cloud() {
    let mut custom = CustomConfiguration::default();
    custom.audiences = Audiences::new().with::<IotHubAudience>("https://iothubs.example".to_owned());
    for (cloud, scope, expected) in [
        (
            CloudConfiguration::AzurePublic,
            None,
            "https://iothubs.azure.net/.default",
        ),
        (
            CloudConfiguration::AzureChina,
            None,
            "https://iothubs.azure.net/.default",
        ),
        (
            CloudConfiguration::AzureGovernment,
            None,
            "https://iothubs.azure.us/.default",
        ),
        (custom.into(), None, "https://iothubs.example/.default"),
        (
            CloudConfiguration::AzureGovernment,
            Some("https://other/.default"),
            "https://other/.default",
        ),
    ] {
        let transport = MockTransport::new();
        let mut options = transport.options();
        options.client_options.cloud = Some(Arc::new(cloud));
        options.scope = scope.map(str::to_owned);
        let credential = Arc::new(FixedToken(Mutex::default()));
        let hub =
            IotHubRegistryManager::from_token_credential("hub.example", credential.clone(), Some(options));
        hub.unwrap().get_service_statistics().await.unwrap();
        assert_eq!(*credential.0.lock().unwrap(), [expected]);
    }
}

/// Errors of calls, pagers, pollers, models and queries convert with `?`.
#[tokio::test]
async fn all_errors_convert_to_the_error_of_the_crate() {
    async fn everything(hub: &IotHubRegistryManager, step: usize) -> Result<()> {
        match step {
            0 => drop(hub.get_device("d").await?),
            1 => drop(hub.get_device("d").await?.into_model()?),
            2 => drop(
                hub.query_iot_hub::<Twin>("SELECT * FROM devices", None)?
                    .try_next()
                    .await?,
            ),
            3 => drop(hub.query_scheduled_jobs(None)?.into_pages().try_next().await?),
            4 => drop(hub.watch_scheduled_job("j", None)?.await?),
            5 => drop(hub.modify_twin("d", |_| {}).await?),
            6 => drop(TwinPatch::from_json(json!(5))?),
            7 => drop(SymmetricKey::new("!", "!")?),
            8 => drop(query::parse_and_validate("SELECT")?),
            _ => return Ok(()),
        }
        panic!("step {step} succeeded");
    }
    let transport = MockTransport::new();
    for step in 0..9 {
        transport.respond_with(if step == 1 { 200 } else { 400 }, &[], "no JSON");
        let kind = everything(&transport.hub(), step).await.unwrap_err().kind();
        let expected = match step {
            1 => ErrorKind::InvalidResponse,
            0..=5 => ErrorKind::Service,
            _ => ErrorKind::InvalidInput,
        };
        assert_eq!(kind, expected, "step {step}");
    }
}

#[tokio::test]
async fn error_shows_three_details_and_counts_the_others() {
    let transport = MockTransport::new();
    let details: Vec<_> = (0..5)
        .map(|n| json!({"target": format!("p{n}"), "message": "wrong"}))
        .collect();
    let error = json!({"error": {"code": "ArgumentInvalid", "message": "bad", "details": details}});
    transport.respond(400, &error);
    let error = transport.hub().get_twin("d").await.unwrap_err();
    let expected = "the service returned 400 ArgumentInvalid: bad [p0: wrong; p1: wrong; p2: wrong; and 2 more] (get_twin)";
    assert_eq!(error.to_string(), expected);
    let patch = (0..5).fold(TwinPatch::new(), |patch, n| patch.set_tag(&format!("a {n}"), 1));
    let error = Error::from(patch.validate().unwrap_err()).to_string();
    assert!(
        error.ends_with("; and 2 more") && error.matches("names must not contain").count() == 3,
        "{error}"
    );
}

/// HUB-AUTH-10.
#[tokio::test]
async fn error_of_a_refused_credential_reports_clock_skew() {
    let transport = MockTransport::new();
    let date = azure_core::time::OffsetDateTime::now_utc() + azure_core::time::Duration::hours(30);
    let date = azure_core::time::to_rfc7231(&date);
    let body = r#"{"Message":"ErrorCode:IotHubUnauthorizedAccess;Unauthorized"}"#;
    transport.respond_with(401, &[("date", &date)], body);
    let error = transport.hub().get_device("d").await.unwrap_err();
    assert!(error.is_unauthorized());
    let hint =
        "Unauthorized; this computer's clock is 30 h behind the service's, so tokens may not be valid there";
    assert!(error.to_string().contains(hint), "{error}");
}
