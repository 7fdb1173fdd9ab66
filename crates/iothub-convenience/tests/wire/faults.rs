//! Each fault on each kind of operation: how often it is sent, how long that takes, and how it ends.

use std::fmt::Write as _;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use azure_core::error::ErrorKind as TransportError;
use futures::TryStreamExt;
use iothub_convenience::*;

use crate::support::Recorder;

type Call = fn(IotHubRegistryManager) -> Pin<Box<dyn Future<Output = Result<()>>>>;

const ANY: Precondition = Precondition::Unconditional;

fn patch() -> TwinPatch {
    TwinPatch::new().set_tag("a", 1)
}

/// One operation of each kind.
const OPERATIONS: [(&str, Call); 9] = [
    ("GET", |hub| {
        Box::pin(async move {
            hub.get_twin("d")
                .await?
                .into_model()
                .map(drop)
                .map_err(Error::from)
        })
    }),
    ("PUT", |hub| {
        Box::pin(async move {
            hub.replace_twin("d", &TwinReplacement::new(), ANY)
                .await
                .map(drop)
        })
    }),
    ("DELETE", |hub| {
        Box::pin(async move { hub.delete_device("d", ANY).await.map(drop) })
    }),
    ("PATCH with an ETag", |hub| {
        Box::pin(async move {
            hub.update_twin("d", &patch(), Precondition::IfMatch("x".into()))
                .await
                .map(drop)
        })
    }),
    ("PATCH without", |hub| {
        Box::pin(async move { hub.update_twin("d", &patch(), ANY).await.map(drop) })
    }),
    ("query", |hub| {
        Box::pin(async move {
            hub.query_iot_hub("q", None)?
                .try_next()
                .await
                .map(drop)
                .map_err(Error::from)
        })
    }),
    ("method", |hub| {
        Box::pin(async move {
            hub.invoke_device_method("d", &DirectMethod::new("m"))
                .await
                .map(drop)
        })
    }),
    ("command", |hub| {
        Box::pin(async move { hub.invoke_command("d", &DirectMethod::new("m")).await.map(drop) })
    }),
    ("job", |hub| {
        Box::pin(async move {
            let request = ImportExportJobRequest::export("https://x", true);
            hub.create_import_export_job(&request).await.map(drop)
        })
    }),
];

/// What goes wrong with the first request.
#[derive(Clone, Copy)]
enum Fault {
    Status(u16),
    RetryAfter(u16, &'static str),
    Broken,
    Refused,
    Silent,
}

const FAULTS: [(&str, Fault); 13] = [
    ("400", Fault::Status(400)),
    ("408", Fault::Status(408)),
    ("429", Fault::Status(429)),
    ("429, wait 7", Fault::RetryAfter(429, "7")),
    ("429, wait 900", Fault::RetryAfter(429, "900")),
    ("500", Fault::Status(500)),
    ("502", Fault::Status(502)),
    ("503", Fault::Status(503)),
    ("503, wait 7", Fault::RetryAfter(503, "7")),
    ("504", Fault::Status(504)),
    ("connection broken", Fault::Broken),
    ("connection refused", Fault::Refused),
    ("no answer", Fault::Silent),
];

fn prepare(recorder: &Recorder, fault: Fault) {
    match fault {
        Fault::Status(status) => recorder.answer_with(status, &[], "{}"),
        Fault::RetryAfter(status, wait) => recorder.answer_with(status, &[("retry-after", wait)], "{}"),
        Fault::Broken => recorder.fail(TransportError::Io),
        Fault::Refused => recorder.fail(TransportError::Connection),
        Fault::Silent => recorder.hang(),
    };
}

/// How a call ended.
fn end(result: &Result<()>) -> String {
    match result {
        Ok(()) => "ok".to_owned(),
        Err(error) if error.is_unknown_outcome() => "unknown outcome".to_owned(),
        Err(error) if error.is_connection() => "no connection".to_owned(),
        Err(error) => error
            .status()
            .map_or_else(|| error.to_string(), |status| status.to_string()),
    }
}

#[tokio::test(start_paused = true)]
async fn one_fault_and_then_a_good_answer() {
    let mut table = String::new();
    for (fault_name, fault) in FAULTS {
        writeln!(table, "{fault_name}").unwrap();
        for (name, call) in OPERATIONS {
            let recorder = Recorder::new();
            prepare(&recorder, fault);
            recorder.answer_with(200, &[], if name == "query" { "[]" } else { "{}" });
            // A deletion answers 204.
            if name == "DELETE" {
                recorder.replace_last(204, "");
            }
            let begun = tokio::time::Instant::now();
            let result = call(recorder.hub()).await;
            let waited = begun.elapsed();
            let sent = recorder.take().len();
            // Waits without a hint of the service are random within limits.
            let waited = match fault {
                Fault::RetryAfter(_, "7") if sent > 1 => {
                    assert!(
                        waited >= Duration::from_secs(7) && waited < Duration::from_secs(9),
                        "{waited:?}"
                    );
                    "7 s".to_owned()
                }
                Fault::Silent => format!("{} s", waited.as_secs() / 15 * 15),
                _ => {
                    assert!(waited < Duration::from_secs(3), "{name} {fault_name}: {waited:?}");
                    "-".to_owned()
                }
            };
            writeln!(
                table,
                "  {name:20} sent {sent}, waited {waited:4}: {}",
                end(&result)
            )
            .unwrap();
        }
    }
    insta::assert_snapshot!(table);
}

#[tokio::test(start_paused = true)]
async fn a_lasting_fault_ends_with_the_last_status_and_the_number_of_attempts() {
    let recorder = Recorder::new();
    for _ in 0..50 {
        prepare(&recorder, Fault::Status(503));
    }
    let error = recorder.hub().get_twin("d").await.unwrap_err();
    let sent = u32::try_from(recorder.take().len()).unwrap();
    assert_eq!((error.status(), error.attempts()), (Some(503), sent));
    assert!((3..=10).contains(&sent), "{sent}");
}

#[tokio::test(start_paused = true)]
async fn the_callers_retry_options_count() {
    let recorder = Recorder::new();
    prepare(&recorder, Fault::Status(503));
    let mut options = recorder.options();
    options.client_options.retry = azure_core::http::RetryOptions::none();
    let connection = format!(
        "HostName=hub.example;SharedAccessKeyName=n;SharedAccessKey={}",
        crate::support::KEY
    );
    let hub = IotHubRegistryManager::from_connection_string(&connection, Some(options)).unwrap();
    assert_eq!(hub.get_twin("d").await.unwrap_err().attempts(), 1);
}

#[tokio::test]
async fn odd_bodies_never_hide_the_status() {
    let recorder = Recorder::new();
    let hub = recorder.hub();
    for body in [
        "",
        "<html>",
        "null",
        "[]",
        "5",
        r#"{"Message": 5}"#,
        r#"{"Message":"ErrorCode:"#,
        "\u{0}",
    ] {
        recorder.answer_with(404, &[], body);
        let error = hub.get_device("d").await.unwrap_err();
        assert!(error.is_not_found(), "{body:?}: {error:?}");
    }
    // A success that is cut off shows when it is decoded.
    recorder.answer_with(200, &[], r#"{"deviceId": "d", "#);
    let error = Error::from(hub.get_twin("d").await.unwrap().into_model().unwrap_err());
    assert_eq!(error.kind(), ErrorKind::InvalidResponse);
}
