//! Log events.

use std::io::Write;
use std::sync::{Arc, Mutex};

use digitaltwins_convenience::DigitalTwinsClient;
use serde_json::{Value, json};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::support::{MockResponse, MockService};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
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

/// Runs `work` and returns its log with `RUST_LOG` set to `filter`.
async fn logged(
    filter: &str,
    responses: impl IntoIterator<Item = MockResponse>,
    work: impl AsyncFnOnce(DigitalTwinsClient),
) -> String {
    let _turn = crate::SUBSCRIBER.lock().await;
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(filter))
        .with_writer(log.clone())
        .with_ansi(false)
        .without_time()
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let (_, client) = MockService::with_responses(responses);
    work(client).await;
    String::from_utf8(log.0.lock().unwrap().clone()).unwrap()
}

fn twin() -> MockResponse {
    let twin = json!({"$dtId": "t", "$etag": "W/\"1\"", "$metadata": {"$model": "dtmi:a;1"}});
    MockResponse::json(200, &twin).header("etag", "W/\"1\"")
}

fn busy() -> MockResponse {
    MockResponse::error(503, "ServerBusy").header("x-ms-request-id", "r-1")
}

async fn get(client: DigitalTwinsClient) {
    client.get_digital_twin::<Value>("t").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn info_shows_retries_with_code_and_request_id() {
    let log = logged("digitaltwins_convenience=info", [busy(), twin()], get).await;
    insta::assert_snapshot!(log);
    let log = logged("digitaltwins_convenience=warn", [busy(), twin()], get).await;
    assert_eq!(log, "", "a retry is not a failure");
}

#[tokio::test(start_paused = true)]
async fn warn_shows_calls_that_failed() {
    let missing = || MockResponse::error(404, "DigitalTwinNotFound").header("x-ms-request-id", "r-2");
    let log = logged("digitaltwins_convenience=warn", [missing()], async |client| {
        client.get_digital_twin::<Value>("t").await.unwrap_err();
    })
    .await;
    insta::assert_snapshot!(log);
}

#[tokio::test(start_paused = true)]
async fn a_failed_composite_method_is_logged_once() {
    let responses = [twin(), MockResponse::error(403, "Forbidden")];
    let log = logged("digitaltwins_convenience=warn", responses, async |client| {
        let change = |twin: &mut digitaltwins_convenience::BasicDigitalTwin| {
            twin.contents.insert("a".to_owned(), json!(1));
        };
        client.modify_digital_twin("t", change).await.unwrap_err();
    })
    .await;
    assert_eq!(log.lines().count(), 1, "{log}");
    assert!(log.contains("update_digital_twin"), "{log}");
}

#[tokio::test(start_paused = true)]
async fn headers_that_explain_a_failure_are_not_redacted() {
    let response = busy()
        .header("x-ms-client-request-id", "c-1")
        .header("mise-correlation-id", "m-1")
        .header("retry-after", "3600")
        .header("x-secret", "s3cret");
    let log = logged("typespec_client_core=debug", [response], async |client| {
        client.get_digital_twin::<Value>("t").await.unwrap_err();
    })
    .await;
    for header in [
        "x-ms-error-code: ServerBusy",
        "x-ms-request-id: r-1",
        "x-ms-client-request-id: c-1",
        "mise-correlation-id: m-1",
        "retry-after: 3600",
        "x-secret: REDACTED",
    ] {
        assert!(log.contains(header), "{header} in {log}");
    }
    assert!(!log.contains("token-for"), "{log}");
}
