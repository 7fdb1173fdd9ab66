//! Spans and log events of calls. The tests are a separate program, because `tracing` caches for the whole process
//! which call sites are enabled.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "wire/support.rs"]
mod support;
#[path = "../../azure-service-core/tests/log/tracer.rs"]
mod tracer;

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::TryStreamExt;
use iothub_convenience::*;
use serde_json::json;
use support::{KEY, MockTransport};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// The lock that each test holds, because `tracing` caches for all threads which call sites are enabled.
static SUBSCRIBER: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

fn traced(transport: &Arc<MockTransport>) -> (tracer::Recorder, IotHubRegistryManager) {
    let spans = tracer::Recorder::default();
    let mut options = transport.options();
    options.client_options.instrumentation.tracer_provider = Some(Arc::new(spans.clone()));
    let text = format!("HostName=hub.example;SharedAccessKeyName=service;SharedAccessKey={KEY}");
    let hub = IotHubRegistryManager::from_connection_string(&text, Some(options)).unwrap();
    (spans, hub)
}

#[tokio::test(start_paused = true)]
async fn call_has_a_span_and_composite_method_is_the_parent_of_its_requests() {
    let _turn = SUBSCRIBER.lock().await;
    let transport = MockTransport::new();
    let (spans, hub) = traced(&transport);
    let twin = json!({"deviceId": "d", "etag": "AAAAAAAAAAE=", "tags": {"n": 1}});

    transport
        .respond(503, &json!({}))
        .respond(200, &json!({"deviceId": "d"}));
    hub.get_device("d").await.unwrap();
    transport.respond_with(404, &[("iothub-errorcode", "DeviceNotFound")], "{}");
    hub.get_twin("d").await.unwrap_err();
    transport
        .respond_with(200, &[("x-ms-continuation", "t")], "[]")
        .respond(200, &json!([]));
    let rows = hub.query_iot_hub::<Twin>("SELECT * FROM devices", None).unwrap();
    rows.try_collect::<Vec<_>>().await.unwrap();
    transport
        .respond(200, &json!({"jobId": "j", "status": "queued"}))
        .respond(200, &json!({"jobId": "j", "status": "completed"}));
    let job = ScheduledJobRequest::update_twin("j", "*", TwinPatch::new().set_tag("a", 1));
    hub.begin_scheduled_job(&job, None).unwrap().await.unwrap();
    transport
        .respond(200, &twin)
        .respond(412, &json!({}))
        .respond(200, &twin)
        .respond(200, &twin);
    hub.modify_twin("d", |twin| twin.tags.set("n", 2)).await.unwrap();
    transport.respond(200, &json!({"isSuccessful": true}));
    assert!(
        hub.bulk_create_or_update_devices([RegistryEntry::create("d")], None)
            .await
            .unwrap()
            .is_successful()
    );
    transport
        .respond(200, &json!({"status": 200}))
        .respond(200, &json!({"status": 200}));
    let method = DirectMethod::new("reboot");
    assert!(
        hub.invoke_method_on_devices(["d", "e"], &method, None)
            .await
            .unwrap()
            .is_successful()
    );
    insta::assert_snapshot!(spans.tree());
}

/// A writer that collects the log.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn take(&self) -> String {
        String::from_utf8(std::mem::take(&mut self.0.lock().unwrap())).unwrap()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Returns the log that `RUST_LOG=filter` yields for a call that is retried and then fails.
async fn logged(filter: &str) -> String {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(filter))
        .with_writer(log.clone())
        .with_ansi(false)
        .without_time()
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    tracing::callsite::rebuild_interest_cache();
    let transport = MockTransport::new();
    transport.respond_with(503, &[("x-ms-request-id", "first")], "{}");
    let headers = [
        ("x-ms-request-id", "second"),
        ("iothub-errorcode", "DeviceNotFound"),
    ];
    transport.respond_with(404, &headers, "{}");
    transport.hub().get_device("d").await.unwrap_err();
    log.take()
}

#[tokio::test(start_paused = true)]
async fn retries_are_logged_at_info_and_failed_calls_at_warn() {
    let _turn = SUBSCRIBER.lock().await;
    let warn = logged("iothub_convenience=warn").await;
    assert_eq!(warn.lines().count(), 1, "{warn}");
    for expected in ["WARN", "call failed", "get_device", "DeviceNotFound", "second"] {
        assert!(warn.contains(expected), "{expected} in {warn}");
    }
    let info = logged("iothub_convenience=info").await;
    for expected in [
        "INFO",
        "get_device",
        "the service returned 503",
        "first",
        "call failed",
    ] {
        assert!(info.contains(expected), "{expected} in {info}");
    }
}

#[tokio::test(start_paused = true)]
async fn headers_that_explain_a_failure_are_not_redacted() {
    let _turn = SUBSCRIBER.lock().await;
    let log = logged("typespec_client_core=debug").await;
    for header in ["iothub-errorcode: DeviceNotFound", "x-ms-request-id: second"] {
        assert!(log.contains(header), "{header} in {log}");
    }
    assert!(!log.contains("x-ms-client-request-id: REDACTED"), "{log}");
    assert!(log.contains("authorization: REDACTED"), "{log}");
}

#[tokio::test(start_paused = true)]
async fn throttled_bulk_run_continues_and_reports_progress() {
    let _turn = SUBSCRIBER.lock().await;
    let transport = MockTransport::new();
    // The first call fails after three retries. The second call fails at once, because a single call does not wait for
    // 90 s. The bulk run does wait, and then makes a third call.
    for _ in 0..4 {
        transport.respond(429, &json!({}));
    }
    transport
        .respond_with(429, &[("retry-after", "90")], "{}")
        .respond(200, &json!({"status": 200}));
    let seen = Arc::new(Mutex::new(Vec::new()));
    let options = BulkOptions {
        max_concurrency: 1,
        on_progress: Some(ProgressCallback::new({
            let seen = seen.clone();
            move |progress| {
                seen.lock()
                    .unwrap()
                    .push((progress.done, progress.total, progress.failed))
            }
        })),
        ..Default::default()
    };
    let begin = tokio::time::Instant::now();
    let method = DirectMethod::new("reboot");
    let hub = transport.hub();
    let report = hub
        .invoke_method_on_devices(["d", "a/b"], &method, Some(options))
        .await
        .unwrap();
    assert!(begin.elapsed() >= Duration::from_secs(90));
    assert_eq!((report.done().count(), report.failed().count()), (1, 1));
    assert_eq!(*seen.lock().unwrap(), [(1, Some(2), 0), (1, Some(2), 1)]);
}
