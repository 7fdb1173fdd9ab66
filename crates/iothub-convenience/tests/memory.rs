//! Memory usage of queries. The test is a separate program, because it measures the memory of the whole process.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use azure_core::http::headers::Headers;
use azure_core::http::{AsyncRawResponse, HttpClient, Request, StatusCode, Transport};
use futures::TryStreamExt;
use iothub_convenience::{IotHubClientOptions, IotHubRegistryManager};
use peak_alloc::PeakAlloc;
use serde_json::json;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const ROWS_PER_PAGE: usize = 100;

/// A transport that generates the pages of a query on request; every third page is empty.
#[derive(Debug)]
struct Pages {
    item_type: &'static str,
    left: AtomicUsize,
}

#[async_trait]
impl HttpClient for Pages {
    async fn execute_request(&self, _: &Request) -> azure_core::Result<AsyncRawResponse> {
        let left = self.left.fetch_sub(1, Ordering::Relaxed) - 1;
        let rows = if left % 3 == 2 { 0 } else { ROWS_PER_PAGE };
        let rows: Vec<_> = (0..rows)
            .map(|row| {
                json!({
                    "deviceId": format!("device-{left}-{row}"), "etag": "AAAAAAAAAAE=", "status": "enabled",
                    "tags": {"site": "oslo", "floor": row},
                    "properties": {
                        "desired": {"interval": 5, "$version": 1, "$metadata": {"$lastUpdated": "2026-01-01T00:00:00Z"}},
                        "reported": {"temperature": 20.5, "$version": 7},
                    },
                })
            })
            .collect();
        let mut headers = Headers::new();
        headers.insert("x-ms-item-type", self.item_type);
        if left > 0 {
            headers.insert("x-ms-continuation", left.to_string());
        }
        Ok(AsyncRawResponse::from_bytes(
            StatusCode::Ok,
            headers,
            json!(rows).to_string(),
        ))
    }
}

fn hub(item_type: &'static str, pages: usize) -> IotHubRegistryManager {
    let mut options = IotHubClientOptions::default();
    options.client_options.transport = Some(Transport::new(Arc::new(Pages {
        item_type,
        left: AtomicUsize::new(pages),
    })));
    let connection = "HostName=hub.example;SharedAccessKeyName=n;SharedAccessKey=AAECAwQFBgcICQoLDA0ODw==";
    IotHubRegistryManager::from_connection_string(connection, Some(options)).unwrap()
}

/// Runs a query. Returns the peak additional memory in bytes, and the number of rows.
async fn peak(item_type: &'static str, pages: usize) -> (usize, usize) {
    let hub = hub(item_type, pages);
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let mut rows = hub.query_iot_hub_rows("SELECT * FROM devices", None).unwrap();
    let mut count = 0;
    while let Some(row) = rows.try_next().await.unwrap() {
        count += usize::from(row.as_json().is_object());
    }
    (MEMORY.peak_usage() - before, count)
}

#[tokio::test]
async fn memory_is_independent_of_the_number_of_rows() {
    for item_type in ["Twin", "Raw"] {
        // The first run fills caches, which must not count as memory of the query.
        peak(item_type, 6).await;
        let (few, few_rows) = peak(item_type, 6).await;
        let (many, many_rows) = peak(item_type, 90).await;
        assert_eq!((few_rows, many_rows), (4 * ROWS_PER_PAGE, 60 * ROWS_PER_PAGE));
        // The peak exceeds the JSON of one page, but is about the same for fifteen times as many rows.
        assert!(few > ROWS_PER_PAGE * 200, "{few}");
        assert!(
            many < few + few / 4,
            "{item_type}: {many} bytes for {many_rows} rows, {few} for {few_rows}"
        );
    }
}
