//! What holds for every kind of call.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use azure_core::cloud::{Audiences, CloudConfiguration, CustomConfiguration};
use futures::TryStreamExt;
use iothub_convenience::*;
use serde_json::{Value, json};

use crate::support::{FixedToken, Recorder};

type Call = fn(IotHubRegistryManager) -> Pin<Box<dyn Future<Output = Result<()>>>>;

const ANY: Precondition = Precondition::Unconditional;

fn keys() -> SymmetricKey {
    SymmetricKey::assigned_by_service()
}

/// One call of each kind, and what the hub answers to it.
fn calls() -> Vec<(&'static str, Call)> {
    macro_rules! call {
        ($name:literal, |$hub:ident| $call:expr) => {
            ($name, |$hub| Box::pin(async move { $call.await.map(drop) }))
        };
    }
    vec![
        call!("read", |hub| hub.get_device("d")),
        call!("list at once", |hub| hub.get_devices(None)),
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
                    .await;
                report.stopped_by.map_or(Ok(()), Err)
            })
        }),
        ("bulk, one by one", |hub| {
            Box::pin(async move {
                let report = hub.regenerate_keys(["d"], KeyChange::Both, None).await;
                report.stopped_by.map_or(Ok(()), Err)
            })
        }),
    ]
}

#[tokio::test]
async fn an_attempt_timeout_of_a_nanosecond_fails_every_kind_of_call() {
    for (name, call) in calls() {
        let recorder = Recorder::new();
        let hub = recorder.hub().with_call_options(CallOptions {
            attempt_timeout: Some(Duration::from_nanos(1)),
            retry: Some(RetryOptions::none()),
            ..CallOptions::default()
        });
        let error = call(hub).await.unwrap_err();
        assert!(error.is_timeout(), "{name}: {error:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn headers_and_retries_of_the_call_options_reach_every_kind_of_call() {
    for (name, call) in calls() {
        let recorder = Recorder::new();
        for _ in 0..2 {
            recorder.answer(429, &json!({}));
        }
        let hub = recorder.hub().with_call_options(CallOptions {
            headers: vec![("x-caller".into(), "test".into())],
            retry: Some(RetryOptions::none()),
            ..CallOptions::default()
        });
        // Only bulk runs try again, beyond the retries of a call.
        let result = call(hub).await;
        assert!(
            name.starts_with("bulk") || result.unwrap_err().attempts() == 1,
            "{name}"
        );
        for request in recorder.take() {
            assert!(request.contains("x-caller: test"), "{name}: {request}");
        }
    }
}

#[test]
fn what_is_shared_between_threads_can_be() {
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
async fn a_write_can_depend_on_what_was_read_or_fails_without_an_etag() {
    let recorder = Recorder::new();
    let hub = recorder.hub();
    recorder.answer(200, &json!({"deviceId": "d", "etag": "MQ=="}));
    let device = hub.get_device("d").await.unwrap().into_model().unwrap();
    recorder.answer_with(204, &[], "");
    hub.delete_device("d", device.precondition().unwrap())
        .await
        .unwrap();
    recorder.answer_with(204, &[], "");
    hub.delete_device("d", device.etag.as_ref().unwrap())
        .await
        .unwrap();
    for request in &recorder.take()[1..] {
        assert!(request.contains(r#"if-match: "MQ==""#), "{request}");
    }
    recorder.answer(200, &json!({"deviceId": "d"}));
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
async fn what_the_rules_forbid_is_refused_before_sending() {
    let recorder = Recorder::new();
    let hub = recorder.hub();
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
            "invalid response_timeout: is 4 s; allowed are 5 to 300 s",
        ),
        (
            hub.invoke_command("d", &method().with_connect_timeout(Duration::from_secs(301)))
                .await
                .err(),
            "invalid connect_timeout: is 301 s; allowed are 0 to 300 s",
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
            hub.update_twin("d", &patch, ANY).await.err(),
            "tags.a cannot be JSON: key must be a string",
        ),
        (
            hub.test_configuration_queries("", Default::default()).await.err(),
            "invalid target_condition: must not be empty if there are no metric queries: there would be nothing to test",
        ),
        (
            hub.get_device("a/b").await.err(),
            r#"device_id "a/b" contains '/' at position 1; allowed are ASCII letters, digits and -:.+%_#*?!(),=@;$'"#,
        ),
    ] {
        let error = error.unwrap();
        assert_eq!(
            (error.is_invalid_input(), error.to_string().as_str()),
            (true, text)
        );
    }
    recorder.answer(200, &json!({"deviceId": "d", "etag": "x"}));
    let edit = |twin: &mut Twin| {
        twin.tags
            .set("a.b", std::collections::HashMap::from([(vec![1], 2)]))
    };
    let error = hub.modify_twin("d", edit).await.unwrap_err();
    assert_eq!(error.to_string(), "tags.a.b cannot be JSON: key must be a string");
    assert_eq!(recorder.take().len(), 1);
}

#[tokio::test]
async fn errors_name_the_method_and_say_the_cause() {
    let recorder = Recorder::new();
    let hub = recorder.hub();
    let headers = [
        ("iothub-errorcode", "ThrottlingException"),
        ("retry-after", "90"),
        ("x-ms-request-id", "r1"),
    ];
    recorder.answer_with(
        429,
        &headers,
        r#"{"Message":"ErrorCode:ThrottlingException;too fast"}"#,
    );
    let error = hub.get_device("d").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the service answered 429 ThrottlingException: too fast (get_device, retry after 90 s, request id r1)"
    );
    assert!(error.is_throttled() && error.is_retryable());
    assert_eq!(error.operation(), Some("get_device"));

    recorder.answer_with(409, &[("iothub-errorcode", "DeviceAlreadyExists")], "{}");
    let error = hub
        .create_device_with_sas("d", keys(), DeviceStatus::Enabled, None)
        .await
        .unwrap_err();
    assert!(error.is_already_exists() && error.is_conflict() && !error.is_retryable());
    recorder.answer_with(409, &[("iothub-errorcode", "DeviceLocked")], "{}");
    let error = hub.delete_device("d", ANY).await.unwrap_err();
    assert!(error.is_conflict() && !error.is_already_exists());

    recorder.answer(
        200,
        &json!([{"deviceId": "d"}, {"deviceId": "e", "tags": {"n": 1}, "status": [5]}]),
    );
    let rows = hub.query_iot_hub::<Twin>("q", None).unwrap();
    let error = rows.try_collect::<Vec<_>>().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidResponse);
    assert!(error.to_string().contains("twin, member `status`"), "{error}");
    recorder.answer(200, &json!({"deviceId": "d", "capabilities": {"iotEdge": "yes"}}));
    let error = Error::from(hub.get_device("d").await.unwrap().into_model().unwrap_err());
    assert!(
        error
            .to_string()
            .contains("device, member `capabilities.iotEdge`"),
        "{error}"
    );
}

#[tokio::test]
async fn rows_and_payloads_are_decoded_as_the_callers_types() {
    #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    struct Climate {
        target: f32,
    }
    let recorder = Recorder::new();
    let hub = recorder.hub();
    recorder
        .answer_with(200, &[("x-ms-continuation", "t")], r#"[{"target": 21.5}]"#)
        .answer(200, &json!([]));
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
        recorder
            .take()
            .iter()
            .all(|request| request.contains("x-ms-max-item-count: 1"))
    );

    recorder.answer(200, &json!({"status": 200, "payload": {"target": 21.3}}));
    let method = DirectMethod::new("m").with_payload(Climate { target: 21.3 });
    let outcome = hub.invoke_device_method("d", &method).await.unwrap();
    let answer = outcome.answer().unwrap();
    assert_eq!(answer.payload_as::<Climate>().unwrap(), Climate { target: 21.3 });
    assert!(recorder.take()[0].contains(r#"{"target":21.3}"#));
    let error = answer.payload_as::<Vec<u8>>().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidResponse);

    let patch = TwinPatch::new().set_desired("climate", Climate { target: 21.3 });
    assert_eq!(
        serde_json::to_value(patch).unwrap(),
        json!({"properties": {"desired": {"climate": {"target": 21.3}}}})
    );
}

#[tokio::test]
async fn the_cloud_decides_the_scope_unless_one_is_given() {
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
        let recorder = Recorder::new();
        let mut options = recorder.options();
        options.client_options.cloud = Some(Arc::new(cloud));
        options.scope = scope.map(str::to_owned);
        let credential = Arc::new(FixedToken(Mutex::default()));
        let hub =
            IotHubRegistryManager::from_token_credential("hub.example", credential.clone(), Some(options));
        hub.unwrap().get_service_statistics().await.unwrap();
        assert_eq!(*credential.0.lock().unwrap(), [expected]);
    }
}
