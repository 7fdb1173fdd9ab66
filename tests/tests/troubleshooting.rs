//! The logs that `docs/troubleshooting.md` describes.
//!
//! This binary has a single test: `tracing` caches per call site whether a subscriber is interested, so tests without a
//! subscriber must not run concurrently.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::io;
use std::sync::{Arc, Mutex};

use azure_iot_emulator::{Emulator, Fault};
use digitaltwins_convenience::{DelegatedTokenCredential, DigitalTwinsClient, DigitalTwinsClientOptions};
use iothub_convenience::{IotHubClientOptions, IotHubRegistryManager};
use tracing_subscriber::EnvFilter;

const PAGE: &str = include_str!("../../docs/troubleshooting.md");

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Returns the filters in the table under "Turn on logs".
fn filters() -> Vec<&'static str> {
    let (_, section) = PAGE.split_once("\n## Turn on logs\n").expect("the section");
    let (section, _) = section.split_once("\n## ").expect("the next section");
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.filter_map(|row| Some(row.split_once('`')?.0))
        .filter(|filter| *filter != "RUST_LOG")
        .collect()
}

/// Calls each service twice, so that one call is retried and one fails. Returns the log, and the request and
/// tracking id of the last failure.
async fn log_with(filter: &str) -> (String, [String; 2]) {
    let emulator = Emulator::start().await.unwrap();
    let options = IotHubClientOptions::trusting(emulator.ca_certificate_pem()).unwrap();
    let hub =
        IotHubRegistryManager::from_connection_string(&emulator.iothub_connection_string(), Some(options))
            .unwrap();
    let options = DigitalTwinsClientOptions::trusting(emulator.ca_certificate_pem()).unwrap();
    let credential = DelegatedTokenCredential::new(emulator.bearer_tokens());
    let twins = DigitalTwinsClient::new(emulator.digitaltwins_endpoint(), credential, Some(options)).unwrap();
    let faults = emulator.faults();
    for path in ["/statistics/*", "/models"] {
        faults.add(Fault::status(503).on("GET", path).times(1)).unwrap();
    }

    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(filter))
        .with_writer(move || writer.clone())
        .with_ansi(false)
        .without_time()
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    hub.get_device_registry_statistics().await.unwrap();
    hub.get_device("thermostat-7").await.unwrap_err();
    futures::TryStreamExt::try_collect::<Vec<_>>(twins.list_models(None).unwrap())
        .await
        .unwrap();
    let error = twins
        .get_digital_twin::<serde_json::Value>("room-9")
        .await
        .unwrap_err();
    drop(guard);
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let ids = [error.request_id(), error.tracking_id()];
    (log, ids.map(|id| id.expect("the service sends it").to_owned()))
}

#[tokio::test]
async fn each_filter_of_the_page_shows_the_described_events() {
    let filters = filters();
    assert_eq!(filters.len(), 3, "{filters:?}");

    let (warnings, [request_id, tracking_id]) = log_with(filters[0]).await;
    assert_eq!(warnings.lines().count(), 2, "{warnings}");
    for client in ["iothub_convenience", "digitaltwins_convenience"] {
        let failed = format!("WARN {client}: call failed: the service returned 404");
        assert!(warnings.contains(&failed), "{warnings}");
    }
    let sample = warnings
        .lines()
        .last()
        .unwrap()
        .replace(&request_id, "…")
        .replace(&tracking_id, "…");
    assert!(PAGE.contains(&sample), "the page lacks the line {sample:?}");

    let (retries, _) = log_with(filters[1]).await;
    for client in ["iothub_convenience", "digitaltwins_convenience"] {
        assert!(
            retries.contains(&format!("WARN {client}: call failed")),
            "{retries}"
        );
        assert!(retries.contains(&format!("INFO {client}: ")), "{retries}");
    }
    assert_eq!(
        retries.matches(" is retried: the service returned 503").count(),
        2,
        "{retries}"
    );

    let (headers, _) = log_with(filters[2]).await;
    for path in ["/devices/thermostat-7", "/digitaltwins/room-9"] {
        let shown = headers
            .lines()
            .filter(|line| line.contains(path) && line.contains("headers: {"))
            .count();
        assert_eq!(shown, 2, "a request and a response of {path} in {headers}");
    }
    assert!(headers.contains("authorization: REDACTED"), "{headers}");
    assert!(
        !headers.contains("SharedAccessSignature") && !headers.contains("Bearer"),
        "{headers}"
    );
}
