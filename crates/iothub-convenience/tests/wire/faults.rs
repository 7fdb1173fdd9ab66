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
        Box::pin(async move { hub.query_iot_hub_rows("q", None)?.try_next().await.map(drop) })
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

/// What goes wrong with a request.
#[derive(Clone, Copy)]
enum Fault {
    Status(u16),
    RetryAfter(u16, &'static str),
    /// With the date that it is in so many seconds.
    RetryAt(u16, u64),
    Broken,
    Refused,
    CutOff,
    Silent,
}

const FAULTS: [(&str, Fault); 17] = [
    ("400", Fault::Status(400)),
    ("408", Fault::Status(408)),
    ("429", Fault::Status(429)),
    ("429, wait 2", Fault::RetryAfter(429, "2")),
    ("429, wait 7", Fault::RetryAfter(429, "7")),
    ("429, wait until a date in 20 s", Fault::RetryAt(429, 20)),
    ("429, wait 900", Fault::RetryAfter(429, "900")),
    ("500", Fault::Status(500)),
    ("502", Fault::Status(502)),
    ("503", Fault::Status(503)),
    ("503, wait 2", Fault::RetryAfter(503, "2")),
    ("503, wait until a date in 20 s", Fault::RetryAt(503, 20)),
    ("504", Fault::Status(504)),
    ("connection broken", Fault::Broken),
    ("connection refused", Fault::Refused),
    ("answer cut off", Fault::CutOff),
    ("no answer", Fault::Silent),
];

fn prepare(recorder: &Recorder, fault: Fault) {
    match fault {
        Fault::Status(status) => recorder.answer_with(status, &[], "{}"),
        Fault::RetryAfter(status, wait) => recorder.answer_with(status, &[("retry-after", wait)], "{}"),
        Fault::RetryAt(status, seconds) => {
            recorder.answer_with(status, &[("retry-after", &date(seconds))], "{}")
        }
        Fault::Broken => recorder.fail(TransportError::Io),
        Fault::Refused => recorder.fail(TransportError::Connection),
        Fault::CutOff => recorder.cut_off("{\"deviceId\": "),
        Fault::Silent => recorder.hang(),
    };
}

fn date(from_now: u64) -> String {
    azure_core::time::to_rfc7231(
        &(azure_core::time::OffsetDateTime::now_utc() + Duration::from_secs(from_now)),
    )
}

/// The pauses between attempts, in seconds. A pause that has a part by chance shows as what it is at least.
fn pauses(fault: Fault, at: &[tokio::time::Instant]) -> String {
    let mut text = String::new();
    for (pause, growing) in at.windows(2).map(|pair| pair[1] - pair[0]).zip([800, 1600, 3200]) {
        let pause = pause.as_millis();
        let by_chance = growing..growing + 256;
        let shown = match fault {
            // The date has no fraction of a second.
            Fault::RetryAt(_, seconds) => {
                let most = u128::from(seconds) * 1000;
                assert!((most - 1500..=most).contains(&pause), "{pause}");
                most
            }
            _ if by_chance.contains(&pause) => growing,
            _ => pause,
        };
        write!(text, " {}.{}", shown / 1000, shown % 1000 / 100).unwrap();
    }
    if text.is_empty() {
        text
    } else {
        format!(" after{text} s")
    }
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

/// Each fault on each kind of operation: once and then a good answer, and lasting.
#[tokio::test(start_paused = true)]
async fn attempts_pauses_and_ends() {
    let mut table = String::new();
    let recorder = Recorder::new();
    let hub = recorder.hub();
    for (fault_name, fault) in FAULTS {
        writeln!(table, "{fault_name}").unwrap();
        for (name, call) in OPERATIONS {
            prepare(&recorder, fault);
            // A deletion answers 204.
            match name {
                "query" => recorder.answer_with(200, &[], "[]"),
                "DELETE" => recorder.answer_with(204, &[], ""),
                _ => recorder.answer_with(200, &[], "{}"),
            };
            let begun = tokio::time::Instant::now();
            let once = call(hub.clone()).await;
            let took = begun.elapsed();
            let at = recorder.take_times();
            write!(table, "  {name:18} sent {}", at.len()).unwrap();
            if let Fault::Silent = fault {
                // How long one attempt may take. Silence that lasts would end by the world's clock, which goes on here.
                let seconds = took.as_secs() / 15 * 15;
                write!(table, ", silent for {seconds} s: {}", end(&once)).unwrap();
            } else {
                write!(table, "{}: {}", pauses(fault, &at), end(&once)).unwrap();
                for _ in 0..20 {
                    prepare(&recorder, fault);
                }
                let lasting = call(hub.clone()).await;
                let at = recorder.take_times();
                let error = lasting.as_ref().unwrap_err();
                assert_eq!(usize::try_from(error.attempts()).unwrap(), at.len());
                write!(
                    table,
                    "; lasting: sent {}{}: {}",
                    at.len(),
                    pauses(fault, &at),
                    end(&lasting)
                )
                .unwrap();
            }
            table.push('\n');
        }
    }
    insta::assert_snapshot!(table);
}

#[tokio::test(start_paused = true)]
async fn the_callers_retry_options_count() {
    let recorder = Recorder::new();
    prepare(&recorder, Fault::Status(503));
    let mut options = recorder.options();
    options.client_options.retry = RetryOptions::none();
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
