//! Storing many twins and relationships.

use std::fmt;
use std::sync::Arc;

use azure_core::http::Etag;
use futures::Stream;
use futures::stream::{self, BoxStream, StreamExt};
use serde::Serialize;

use super::bulk_run::Bulk;
use crate::error::{Error, Result};
use crate::{
    BasicDigitalTwin, BasicRelationship, DigitalTwin, DigitalTwinsClient, Relationship, Upsert, json,
};

/// A twin or a relationship to be stored.
#[derive(Debug, Clone, PartialEq)]
pub enum GraphItem {
    /// A twin.
    DigitalTwin(BasicDigitalTwin),
    /// A relationship. Its twins must be stored, or come before it.
    Relationship(BasicRelationship),
}

impl GraphItem {
    /// A twin of a type of your own.
    ///
    /// # Errors
    ///
    /// If it cannot be written as JSON.
    pub fn twin<T: Serialize>(twin: &DigitalTwin<T>) -> Result<Self> {
        let read = json::to_value(twin).and_then(serde_json::from_value);
        read.map(Self::DigitalTwin)
            .map_err(|error| Error::invalid_input("twin", error.to_string()))
    }

    /// A relationship of a type of your own.
    ///
    /// # Errors
    ///
    /// If it cannot be written as JSON.
    pub fn relationship<T: Serialize>(relationship: &Relationship<T>) -> Result<Self> {
        let read = json::to_value(relationship).and_then(serde_json::from_value);
        read.map(Self::Relationship)
            .map_err(|error| Error::invalid_input("relationship", error.to_string()))
    }

    /// What the item is.
    pub(super) fn key(&self) -> Key {
        match self {
            Self::DigitalTwin(twin) => Key::Twin(twin.id.clone()),
            Self::Relationship(relationship) => {
                Key::Relationship(relationship.source_id.clone(), relationship.id.clone())
            }
        }
    }

    /// What must not be under way when the item is sent.
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

/// What became of one item.
#[derive(Debug)]
#[non_exhaustive]
pub struct BulkOutcome {
    /// The place of the item in the stream, from 0.
    pub index: u64,
    /// The item, to be tried again if need be.
    pub item: GraphItem,
    /// Its new ETag, or why it is not stored.
    pub result: Result<Option<Etag>>,
}

/// How far a bulk upsert has come.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BulkProgress {
    /// How many items are stored.
    pub succeeded: u64,
    /// How many items could not be stored.
    pub failed: u64,
    /// All items before this one are done, stored or not. Give it to [`BulkUpsertOptions::resume_at`] to go on.
    pub resume_at: u64,
    /// How many requests may run at the same time at the moment.
    pub concurrency: usize,
    /// How often the service said that it is too much.
    pub throttled: u64,
}

impl BulkProgress {
    /// How many items are done.
    #[must_use]
    pub fn completed(&self) -> u64 {
        self.succeeded + self.failed
    }
}

type Callback = Arc<dyn Fn(&BulkProgress) + Send + Sync>;

/// Options of [`DigitalTwinsClient::bulk_upsert`].
#[derive(Clone)]
#[non_exhaustive]
pub struct BulkUpsertOptions {
    /// How many requests run at the same time at most; 32 by default.
    pub max_concurrency: usize,
    /// What happens to what is there; it is replaced by default.
    pub mode: Upsert,
    /// How many items at the beginning of the stream are left out, because an earlier run has done them.
    pub resume_at: u64,
    pub(super) progress: Option<Callback>,
}

impl Default for BulkUpsertOptions {
    fn default() -> Self {
        Self {
            max_concurrency: 32,
            mode: Upsert::CreateOrReplace,
            resume_at: 0,
            progress: None,
        }
    }
}

impl fmt::Debug for BulkUpsertOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BulkUpsertOptions")
            .field("max_concurrency", &self.max_concurrency)
            .field("mode", &self.mode)
            .field("resume_at", &self.resume_at)
            .finish_non_exhaustive()
    }
}

impl BulkUpsertOptions {
    /// Runs at most so many requests at the same time.
    #[must_use]
    pub fn max_concurrency(mut self, requests: usize) -> Self {
        self.max_concurrency = requests;
        self
    }

    /// What happens to what is there.
    #[must_use]
    pub fn mode(mut self, mode: Upsert) -> Self {
        self.mode = mode;
        self
    }

    /// Leaves out so many items, because an earlier run has done them: see [`BulkProgress::resume_at`].
    #[must_use]
    pub fn resume_at(mut self, index: u64) -> Self {
        self.resume_at = index;
        self
    }

    /// Calls `progress` after each item.
    #[must_use]
    pub fn on_progress(mut self, progress: impl Fn(&BulkProgress) + Send + Sync + 'static) -> Self {
        self.progress = Some(Arc::new(progress));
        self
    }
}

impl DigitalTwinsClient {
    /// Stores twins and relationships from a stream, many at the same time, and yields what became of each.
    ///
    /// * It begins with a few requests at the same time and finds out how many the service takes: each success allows
    ///   more, each 429 halves them and holds new ones back for as long as the service asks.
    /// * A relationship waits for its twins, if they are under way; put them before it in the stream. Two writes of one
    ///   twin keep their order.
    /// * One item that fails does not stop the others. Outcomes come as they happen, not in the order of the stream.
    /// * The stream does nothing unless it is polled, and reads no more items than it has room for.
    /// * To go on after a break, run it again with the same items and [`BulkUpsertOptions::resume_at`].
    ///
    /// # Errors
    ///
    /// If `max_concurrency` is 0.
    ///
    /// # Example
    ///
    /// ```
    /// # use digitaltwins_convenience::{DigitalTwinsClient, Error, GraphItem};
    /// use digitaltwins_convenience::BulkUpsertOptions;
    /// use futures::{StreamExt, stream};
    ///
    /// # mod common { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/common/mod.rs")); }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// # let (_emulator, client) = common::building().await?;
    /// # let items: Vec<GraphItem> = Vec::new();
    /// let options = BulkUpsertOptions::default().on_progress(|progress| {
    ///     println!("{} stored, {} failed", progress.succeeded, progress.failed);
    /// });
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
    ) -> Result<BoxStream<'static, BulkOutcome>> {
        let options = options.unwrap_or_default();
        if options.max_concurrency == 0 {
            return Err(Error::invalid_input("max_concurrency", "must not be 0"));
        }
        let bulk = Bulk::new(self.clone(), items.enumerate().boxed(), options);
        Ok(stream::unfold(bulk, |mut bulk| async move {
            bulk.next().await.map(|outcome| (outcome, bulk))
        })
        .boxed())
    }
}
