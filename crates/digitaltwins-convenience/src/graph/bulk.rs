//! Storing many twins and relationships.

use azure_core::http::{NoFormat, Response};
use futures::Stream;
use futures::stream::{self, BoxStream, StreamExt};
use serde::Serialize;

use super::bulk_run::Bulk;
use crate::error::{Error, Result};
use crate::{
    BasicDigitalTwin, BasicRelationship, DigitalTwin, DigitalTwinsClient, Relationship, Upsert, json,
};

/// A twin or a relationship to be stored.
///
/// # Example
///
/// ```
/// use digitaltwins_convenience::{DigitalTwin, GraphItem, Relationship};
///
/// let room = GraphItem::twin(&DigitalTwin::new("room-1", "dtmi:example:Room;1", ()))?;
/// let door = GraphItem::relationship(&Relationship::new("door", "room-1", "leadsTo", "room-2", ()))?;
/// # Ok::<(), digitaltwins_convenience::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum GraphItem {
    /// A twin.
    DigitalTwin(BasicDigitalTwin),
    /// A relationship. Its twins must be stored, or come before it in the stream.
    Relationship(BasicRelationship),
}

impl GraphItem {
    /// A twin of a type of your own.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](Error::is_invalid_input) if it cannot be serialized as a JSON object.
    pub fn twin<T: Serialize>(twin: &DigitalTwin<T>) -> Result<Self> {
        let read = json::to_value(twin).and_then(serde_json::from_value);
        read.map(Self::DigitalTwin)
            .map_err(|error| Error::invalid_input("twin", error.to_string()))
    }

    /// A relationship of a type of your own.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](Error::is_invalid_input) if it cannot be serialized as a JSON object.
    pub fn relationship<T: Serialize>(relationship: &Relationship<T>) -> Result<Self> {
        let read = json::to_value(relationship).and_then(serde_json::from_value);
        read.map(Self::Relationship)
            .map_err(|error| Error::invalid_input("relationship", error.to_string()))
    }

    /// The resource that the item writes.
    pub(super) fn key(&self) -> Key {
        match self {
            Self::DigitalTwin(twin) => Key::Twin(twin.id.clone()),
            Self::Relationship(relationship) => {
                Key::Relationship(relationship.source_id.clone(), relationship.id.clone())
            }
        }
    }

    /// The resources that must not be in flight when the item is sent.
    pub(super) fn needs(&self) -> Vec<Key> {
        let mut keys = vec![self.key()];
        if let Self::Relationship(relationship) = self {
            keys.push(Key::Twin(relationship.source_id.clone()));
            keys.push(Key::Twin(relationship.target_id.clone()));
        }
        keys
    }
}

impl From<BasicDigitalTwin> for GraphItem {
    fn from(twin: BasicDigitalTwin) -> Self {
        Self::DigitalTwin(twin)
    }
}

impl From<BasicRelationship> for GraphItem {
    fn from(relationship: BasicRelationship) -> Self {
        Self::Relationship(relationship)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Key {
    Twin(String),
    Relationship(String, String),
}

/// The outcome of one item of a bulk upsert.
#[derive(Debug)]
#[non_exhaustive]
pub struct UpsertOutcome {
    /// The position of the item in the stream, from 0.
    pub index: u64,
    /// The item, to be tried again if it failed.
    pub item: GraphItem,
    /// The response, whose ETag is that of the new version, or why the item is not stored.
    pub result: Result<Response<(), NoFormat>>,
}

/// The progress of a bulk upsert.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BulkProgress {
    /// The number of items that were stored.
    pub succeeded: u64,
    /// The number of items that failed.
    pub failed: u64,
    /// All items before this position are done, stored or failed. Give it to [`BulkUpsertOptions::resume_at`] to resume.
    pub resume_at: u64,
    /// The number of requests that may be in flight at the moment.
    pub concurrency: usize,
    /// The number of 429 responses.
    pub throttled: u64,
}

impl BulkProgress {
    /// The number of items that are done.
    #[must_use]
    pub fn completed(&self) -> u64 {
        self.succeeded + self.failed
    }
}

/// A function that is called after each item of a bulk upsert.
pub type ProgressCallback = azure_service_core::ProgressCallback<BulkProgress>;

/// Options of [`DigitalTwinsClient::bulk_upsert`].
#[derive(Debug, Clone)]
pub struct BulkUpsertOptions {
    /// The maximum number of requests in flight. Default: 32.
    pub max_concurrency: usize,
    /// What happens to existing twins and relationships. Default: they are replaced.
    pub mode: Upsert,
    /// The number of items at the beginning of the stream to skip, because an earlier run has done them.
    pub resume_at: u64,
    /// Called after each item.
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
    /// Stores twins and relationships from a stream, with many requests in flight, and yields the outcome of each.
    ///
    /// * It starts with a few requests in flight and adapts to the service: each success raises the limit, each 429 halves
    ///   it and delays new requests for as long as the service asks. Items that are throttled beyond the retries of one
    ///   call are tried again, up to ten times.
    /// * A relationship waits for its twins if they are in flight; put them before it in the stream. Two writes of one
    ///   twin keep their order.
    /// * One item that fails does not stop the others. Outcomes come as they happen, not in the order of the stream.
    /// * The stream does nothing unless it is polled, and reads no more items than it has room for.
    /// * To resume after an interruption, run it again with the same items and [`BulkUpsertOptions::resume_at`].
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](Error::is_invalid_input) if `max_concurrency` is 0.
    ///
    /// # Example
    ///
    /// ```
    /// # use digitaltwins_convenience::{DigitalTwinsClient, Error, GraphItem};
    /// use digitaltwins_convenience::{BulkUpsertOptions, ProgressCallback};
    /// use futures::{StreamExt, stream};
    ///
    /// # mod common { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/common/mod.rs")); }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// # let (_emulator, client) = common::building().await?;
    /// # let items: Vec<GraphItem> = Vec::new();
    /// let options = BulkUpsertOptions {
    ///     on_progress: Some(ProgressCallback::new(|progress| {
    ///         println!("{} stored, {} failed", progress.succeeded, progress.failed);
    ///     })),
    ///     ..Default::default()
    /// };
    /// let mut outcomes = client.bulk_upsert(stream::iter(items), Some(options))?;
    /// while let Some(outcome) = outcomes.next().await {
    ///     if let Err(error) = outcome.result {
    ///         println!("item {}: {error}", outcome.index);
    ///     }
    /// }
    /// # Ok(()) }
    /// ```
    pub fn bulk_upsert(
        &self,
        items: impl Stream<Item = GraphItem> + Send + 'static,
        options: Option<BulkUpsertOptions>,
    ) -> Result<BoxStream<'static, UpsertOutcome>> {
        let options = options.unwrap_or_default();
        if options.max_concurrency == 0 {
            return Err(Error::invalid_input("max_concurrency", "must not be 0"));
        }
        let items = items.enumerate().boxed();
        let bulk = Bulk::new(self.core.begin("bulk_upsert"), items, options);
        Ok(stream::unfold(bulk, |mut bulk| async move {
            bulk.next().await.map(|outcome| (outcome, bulk))
        })
        .boxed())
    }
}
