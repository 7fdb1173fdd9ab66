//! Bulk upsert.

use azure_service_core::ProgressCallback;
use futures::Stream;
use futures::stream::{self, BoxStream, StreamExt};

use super::bulk_run::BulkRun;
use super::item::GraphItem;
use super::report::{BulkUpsertReport, UpsertOutcome};
use crate::error::{Error, Result};
use crate::{DigitalTwinsClient, Upsert};

/// Options of [`DigitalTwinsClient::bulk_upsert`] and [`bulk_upsert_stream`](DigitalTwinsClient::bulk_upsert_stream).
#[derive(Debug, Clone)]
pub struct BulkUpsertOptions {
    /// The maximum number of requests in flight, at least 1. Default: 32.
    pub max_concurrency: usize,
    /// The treatment of existing twins and relationships. Default: they are replaced.
    pub mode: Upsert,
    /// The number of leading items to skip, because an earlier run has processed them.
    pub resume_at: usize,
    /// The callback that is called after each item.
    pub on_progress: Option<ProgressCallback>,
}

impl Default for BulkUpsertOptions {
    fn default() -> Self {
        Self {
            max_concurrency: 32,
            mode: Upsert::CreateOrReplace,
            resume_at: 0,
            on_progress: None,
        }
    }
}

/// Bulk upsert.
impl DigitalTwinsClient {
    /// Upserts any number of twins and relationships concurrently, and reports an outcome for each item.
    ///
    /// * Concurrency adapts to the service: each success raises the limit; each 429 halves it and delays new requests
    ///   by `Retry-After`. If a call is still throttled after its retries, the item is tried again, at most ten times
    ///   in total.
    /// * A relationship waits until its twins are stored, provided that they precede it. Two writes of one twin keep
    ///   their order.
    /// * A failed item does not stop the others.
    ///
    /// For more items than fit in memory, see [`bulk_upsert_stream`](Self::bulk_upsert_stream).
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](Error::is_invalid_input) if `max_concurrency` is 0. All other failures are in the report.
    ///
    /// # Example
    ///
    /// ```
    /// # mod common { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/common/mod.rs")); }
    /// use digitaltwins_convenience::{BulkUpsertOptions, DigitalTwin, GraphItem, ProgressCallback};
    /// use serde_json::json;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// # let (_emulator, client) = common::building().await?;
    /// let lamp = |id: &str| DigitalTwin::new(id, "dtmi:example:Lamp;1", json!({"brightness": 3}));
    /// let items = [GraphItem::twin(&lamp("lamp-1"))?, GraphItem::twin(&lamp("lamp-2"))?];
    /// let options = BulkUpsertOptions {
    ///     on_progress: Some(ProgressCallback::new(|progress| {
    ///         println!("{} of {:?} done, {} failed", progress.done, progress.total, progress.failed);
    ///     })),
    ///     ..Default::default()
    /// };
    /// let report = client.bulk_upsert(items, Some(options)).await?;
    /// for (item, error) in report.failed() {
    ///     println!("{item:?}: {error}");
    /// }
    /// let retry = report.into_unfinished();
    /// # assert!(retry.is_empty());
    /// # Ok(()) }
    /// ```
    pub async fn bulk_upsert(
        &self,
        items: impl IntoIterator<Item = impl Into<GraphItem>>,
        options: Option<BulkUpsertOptions>,
    ) -> Result<BulkUpsertReport> {
        let items: Vec<GraphItem> = items.into_iter().map(Into::into).collect();
        let outcomes = self.upsert_outcomes("bulk_upsert", stream::iter(items), options)?;
        let mut results: Vec<_> = outcomes.collect().await;
        results.sort_by_key(|outcome: &UpsertOutcome| outcome.index);
        Ok(BulkUpsertReport { results })
    }

    /// Upserts the twins and relationships of a stream concurrently, and yields the outcomes in order of completion.
    ///
    /// Like [`bulk_upsert`](Self::bulk_upsert), but for streams of any length: the returned stream sends requests and
    /// reads items only while it is polled. To resume after an interruption, call it again with the same items and
    /// [`BulkUpsertOptions::resume_at`].
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](Error::is_invalid_input) if `max_concurrency` is 0. All other failures are in the
    /// outcomes.
    ///
    /// # Example
    ///
    /// ```
    /// # use digitaltwins_convenience::GraphItem;
    /// use futures::{StreamExt, stream};
    ///
    /// # mod common { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/common/mod.rs")); }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// # let (_emulator, client) = common::building().await?;
    /// # let items: Vec<GraphItem> = Vec::new();
    /// let mut outcomes = client.bulk_upsert_stream(stream::iter(items), None)?;
    /// while let Some(outcome) = outcomes.next().await {
    ///     if let Err(error) = outcome.result {
    ///         println!("item {}: {error}", outcome.index);
    ///     }
    /// }
    /// # Ok(()) }
    /// ```
    pub fn bulk_upsert_stream(
        &self,
        items: impl Stream<Item = GraphItem> + Send + 'static,
        options: Option<BulkUpsertOptions>,
    ) -> Result<BoxStream<'static, UpsertOutcome>> {
        self.upsert_outcomes("bulk_upsert_stream", items, options)
    }

    fn upsert_outcomes(
        &self,
        method: &'static str,
        items: impl Stream<Item = GraphItem> + Send + 'static,
        options: Option<BulkUpsertOptions>,
    ) -> Result<BoxStream<'static, UpsertOutcome>> {
        let options = options.unwrap_or_default();
        if options.max_concurrency == 0 {
            return Err(Error::invalid_input("max_concurrency", "must be at least 1"));
        }
        let run = BulkRun::new(self.core.begin(method), items.boxed(), options);
        Ok(stream::unfold(run, |mut run| async move {
            run.next().await.map(|outcome| (outcome, run))
        })
        .boxed())
    }
}
