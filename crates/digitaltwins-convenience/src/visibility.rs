//! Waits until a query returns the current version of a twin.

use std::time::Duration;

use azure_service_core::{Backoff, ResponseExt, sleep};
use futures::TryStreamExt;
use serde_json::Value;
use twin_query::digitaltwins::{Query, path};

use crate::DigitalTwinsClient;
use crate::error::{Error, Result};

/// Options of [`DigitalTwinsClient::wait_until_visible`].
#[derive(Debug, Clone)]
pub struct WaitUntilVisibleOptions {
    /// The maximum time to wait. Default: 60 seconds. The service guarantees no upper bound; about 10 seconds are
    /// typical.
    pub timeout: Duration,
}

impl Default for WaitUntilVisibleOptions {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(60),
        }
    }
}

/// Visibility of writes in queries.
impl DigitalTwinsClient {
    /// Waits until queries return the current version of a twin.
    ///
    /// [`get_digital_twin`](Self::get_digital_twin) returns a write immediately; queries return it some seconds
    /// later. Each poll costs the query units of a query by id.
    ///
    /// # Errors
    ///
    /// * [`is_not_found`](Error::is_not_found) if the twin does not exist.
    /// * [`is_timeout`](Error::is_timeout) if the current version is not visible before the timeout.
    ///
    /// # Example
    ///
    /// ```
    /// # use digitaltwins_convenience::{BasicDigitalTwin, DigitalTwinsClient, Error, Upsert};
    /// # mod common { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/common/mod.rs")); }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// # let (_emulator, client) = common::building().await?;
    /// # let room: BasicDigitalTwin = client.get_digital_twin("room-1").await?.into_model()?;
    /// client.upsert_digital_twin("room-1", &room, Upsert::CreateOrReplace).await?;
    /// client.wait_until_visible("room-1", None).await?;
    /// # Ok(()) }
    /// ```
    pub async fn wait_until_visible(&self, id: &str, options: Option<WaitUntilVisibleOptions>) -> Result<()> {
        let timeout = options.unwrap_or_default().timeout;
        let query = Query::select(["T"])
            .from_twins("T")
            .filter(path("T.$dtId").eq(id))
            .build()
            .map_err(|error| Error::invalid_input("id", error.to_string()))?
            .to_string();
        self.core
            .composite("wait_until_visible", async |core| {
                Self { core }.poll_until_visible(id, &query, timeout).await
            })
            .await
    }

    async fn poll_until_visible(&self, id: &str, query: &str, timeout: Duration) -> Result<()> {
        let mut backoff = Backoff::new(Duration::from_millis(400), Duration::from_secs(4));
        let mut waited = Duration::ZERO;
        loop {
            let current = ResponseExt::etag(&self.get_digital_twin::<Value>(id).await?);
            let mut rows = self.query_twins::<Value>(query, None)?;
            let mut seen = None;
            while let Some(row) = rows.try_next().await? {
                seen = row.pointer("/T/$etag").and_then(Value::as_str).map(str::to_owned);
            }
            if seen.is_some() && seen.as_deref() == current.as_ref().map(AsRef::as_ref) {
                return Ok(());
            }
            if waited >= timeout {
                let found = if seen.is_some() {
                    "an older version of"
                } else {
                    "no"
                };
                let message = format!(
                    "after {} s, queries still return {found} twin {id:?}",
                    timeout.as_secs_f32()
                );
                return Err(Error::timed_out(message));
            }
            let wait = backoff.next_wait().min(timeout - waited);
            waited += wait;
            sleep(wait).await;
        }
    }
}
