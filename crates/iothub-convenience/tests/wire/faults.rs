//! The effect of each fault on each kind of operation: the number of attempts, the waits between them, and the result.

use std::fmt::Write as _;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use azure_core::error::ErrorKind as TransportError;
use futures::TryStreamExt;
use iothub_convenience::*;

use crate::support::MockTransport;

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

/// A fault in the response to a request.
#[derive(Clone, Copy)]
enum Fault {
    Status(u16),
    RetryAfter(u16, &'static str),
    /// A status with a `Retry-After` date this number of seconds in the future.
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
    ("response truncated", Fault::CutOff),
    ("no response", Fault::Silent),
];

fn prepare(transport: &MockTransport, fault: Fault) {
    match fault {
        Fault::Status(status) => transport.respond_with(status, &[], "{}"),
        Fault::RetryAfter(status, wait) => transport.respond_with(status, &[("retry-after", wait)], "{}"),
        Fault::RetryAt(status, seconds) => {
            transport.respond_with(status, &[("retry-after", &date(seconds))], "{}")
        }
        Fault::Broken => transport.fail(TransportError::Io),
        Fault::Refused => transport.fail(TransportError::Connection),
        Fault::CutOff => transport.cut_off("{\"deviceId\": "),
        Fault::Silent => transport.hang(),
    };
}

fn date(from_now: u64) -> String {
    azure_core::time::to_rfc7231(
        &(azure_core::time::OffsetDateTime::now_utc() + Duration::from_secs(from_now)),
    )
}

/// Formats the waits between attempts, in seconds. Waits with jitter are rounded down to their minimum.
fn waits(fault: Fault, at: &[tokio::time::Instant]) -> String {
    let mut text = String::new();
    for (wait, least) in at.windows(2).map(|pair| pair[1] - pair[0]).zip([800, 1600, 3200]) {
        let wait = wait.as_millis();
        let jittered = least..least + 256;
        let shown = match fault {
            // The date in `Retry-After` is truncated to seconds, so the wait may be shorter.
            Fault::RetryAt(_, seconds) => {
                let most = u128::from(seconds) * 1000;
                assert!((most - 1500..=most).contains(&wait), "{wait}");
                most
            }
            _ if jittered.contains(&wait) => least,
            _ => wait,
        };
        write!(text, " {}.{}", shown / 1000, shown % 1000 / 100).unwrap();
    }
    if text.is_empty() {
        text
    } else {
        format!(" after{text} s")
    }
}

/// Formats the result of a call.
fn result_of(result: &Result<()>) -> String {
    match result {
        Ok(()) => "ok".to_owned(),
        Err(error) if error.is_unknown_outcome() => "unknown outcome".to_owned(),
        Err(error) if error.is_connection() => "no connection".to_owned(),
        Err(error) => error
            .status()
            .map_or_else(|| error.to_string(), |status| status.to_string()),
    }
}

/// Tests each fault on each kind of operation: once, followed by a success, and permanently.
#[tokio::test(start_paused = true)]
async fn attempts_waits_and_results() {
    let mut table = String::new();
    let transport = MockTransport::new();
    let hub = transport.hub();
    for (fault_name, fault) in FAULTS {
        writeln!(table, "{fault_name}").unwrap();
        for (name, call) in OPERATIONS {
            prepare(&transport, fault);
            // A successful deletion returns 204.
            match name {
                "query" => transport.respond_with(200, &[], "[]"),
                "DELETE" => transport.respond_with(204, &[], ""),
                "method" => transport.respond_with(200, &[], r#"{"status":200}"#),
                "command" => transport.respond_with(200, &[("x-ms-command-statuscode", "200")], ""),
                _ => transport.respond_with(200, &[], "{}"),
            };
            let begun = tokio::time::Instant::now();
            let once = call(hub.clone()).await;
            let took = begun.elapsed();
            let at = transport.take_times();
            write!(table, "  {name:18} sent {}", at.len()).unwrap();
            if let Fault::Silent = fault {
                // The call waits for the attempt timeout. Permanent silence is not tested, because the retry policy
                // uses the real clock.
                let seconds = took.as_secs() / 15 * 15;
                write!(table, ", silent for {seconds} s: {}", result_of(&once)).unwrap();
            } else {
                write!(table, "{}: {}", waits(fault, &at), result_of(&once)).unwrap();
                for _ in 0..20 {
                    prepare(&transport, fault);
                }
                let lasting = call(hub.clone()).await;
                let at = transport.take_times();
                let error = lasting.as_ref().unwrap_err();
                assert_eq!(usize::try_from(error.attempts()).unwrap(), at.len());
                write!(
                    table,
                    "; lasting: sent {}{}: {}",
                    at.len(),
                    waits(fault, &at),
                    result_of(&lasting)
                )
                .unwrap();
            }
            table.push('\n');
        }
    }
    insta::assert_snapshot!(table);
}

#[tokio::test(start_paused = true)]
async fn retry_options_of_the_caller_apply() {
    let transport = MockTransport::new();
    prepare(&transport, Fault::Status(503));
    let mut options = transport.options();
    options.client_options.retry = RetryOptions::none();
    let connection = format!(
        "HostName=hub.example;SharedAccessKeyName=n;SharedAccessKey={}",
        crate::support::KEY
    );
    let hub = IotHubRegistryManager::from_connection_string(&connection, Some(options)).unwrap();
    assert_eq!(hub.get_twin("d").await.unwrap_err().attempts(), 1);
}

#[tokio::test]
async fn status_is_kept_for_any_error_body() {
    let transport = MockTransport::new();
    let hub = transport.hub();
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
        transport.respond_with(404, &[], body);
        let error = hub.get_device("d").await.unwrap_err();
        assert!(error.is_not_found(), "{body:?}: {error:?}");
    }
    // A truncated success response fails to decode.
    transport.respond_with(200, &[], r#"{"deviceId": "d", "#);
    let error = Error::from(hub.get_twin("d").await.unwrap().into_model().unwrap_err());
    assert_eq!(error.kind(), ErrorKind::InvalidResponse);
}
