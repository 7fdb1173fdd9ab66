//! Storing many twins and relationships.

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use azure_core::http::Etag;
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream, FuturesUnordered};
use futures::{Stream, StreamExt};
use serde::Serialize;

use super::throttle::Pace;
use crate::error::{Error, Result};
use crate::pause::pause;
use crate::{
    BasicDigitalTwin, BasicRelationship, DigitalTwin, DigitalTwinsClient, Etagged, Relationship, Upsert, json,
};

/// With how many requests at the same time it begins.
const FIRST_LIMIT: usize = 8;
/// How often an item is tried that the service has no time for, on top of the retries of each request.
const ATTEMPTS: u32 = 10;

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
    fn key(&self) -> Key {
        match self {
            Self::DigitalTwin(twin) => Key::Twin(twin.id.clone()),
            Self::Relationship(relationship) => {
                Key::Relationship(relationship.source_id.clone(), relationship.id.clone())
            }
        }
    }

    /// What must not be under way when the item is sent.
    fn needs(&self) -> Vec<Key> {
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
enum Key {
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
    progress: Option<Callback>,
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
        let bulk = Bulk {
            client: self.clone(),
            pace: Pace::new(FIRST_LIMIT.min(options.max_concurrency), options.max_concurrency),
            items: Some(items.enumerate().boxed()),
            waiting: VecDeque::new(),
            busy: HashSet::new(),
            running: FuturesUnordered::new(),
            timer: None,
            done: BTreeSet::new(),
            progress: BulkProgress {
                succeeded: 0,
                failed: 0,
                resume_at: options.resume_at,
                concurrency: 0,
                throttled: 0,
            },
            options,
        };
        Ok(stream::unfold(bulk, |mut bulk| async move {
            bulk.next().await.map(|outcome| (outcome, bulk))
        })
        .boxed())
    }
}

/// An item on its way.
#[derive(Debug)]
struct Task {
    index: u64,
    attempt: u32,
    item: GraphItem,
}

struct Bulk {
    client: DigitalTwinsClient,
    options: BulkUpsertOptions,
    pace: Pace,
    /// What is still to be read, `None` at the end.
    items: Option<BoxStream<'static, (usize, GraphItem)>>,
    /// What was read and not sent yet, in the order of the stream.
    waiting: VecDeque<Task>,
    /// What is under way.
    busy: HashSet<Key>,
    running: FuturesUnordered<BoxFuture<'static, (Task, Result<Option<Etag>>)>>,
    /// Until it is over, nothing new is sent.
    timer: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    /// What is done beyond `progress.resume_at`.
    done: BTreeSet<u64>,
    progress: BulkProgress,
}

enum Event {
    Item(Option<(usize, GraphItem)>),
    Done(Task, Result<Option<Etag>>),
    GoOn,
}

impl Bulk {
    async fn next(&mut self) -> Option<BulkOutcome> {
        loop {
            if let Some(wait) = self.pace.take_wait() {
                self.timer = Some(Box::pin(pause(wait)));
            }
            if self.timer.is_none() {
                self.start();
            }
            // A relationship may wait for its twins while others could go, so it looks a little ahead.
            let room = self.timer.is_none()
                && self.running.len() < self.pace.limit()
                && self.waiting.len() < 2 * self.options.max_concurrency;
            if self.running.is_empty() && self.waiting.is_empty() && self.items.is_none() {
                return None;
            }
            match self.event(room).await {
                Event::GoOn => self.timer = None,
                Event::Item(None) => self.items = None,
                Event::Item(Some((index, item))) => {
                    let index = index as u64;
                    if index >= self.options.resume_at {
                        self.waiting.push_back(Task {
                            index,
                            attempt: 1,
                            item,
                        });
                    }
                }
                Event::Done(task, result) => {
                    self.busy.remove(&task.item.key());
                    match result {
                        Err(error) if error.is_throttled() && task.attempt < ATTEMPTS => {
                            self.waiting.push_front(Task {
                                attempt: task.attempt + 1,
                                ..task
                            });
                        }
                        result => return Some(self.finish(task, result)),
                    }
                }
            }
        }
    }

    /// Whatever happens first.
    async fn event(&mut self, room: bool) -> Event {
        poll_fn(|cx| {
            if let Poll::Ready(Some((task, result))) = self.running.poll_next_unpin(cx) {
                return Poll::Ready(Event::Done(task, result));
            }
            if let Some(timer) = &mut self.timer
                && timer.as_mut().poll(cx).is_ready()
            {
                return Poll::Ready(Event::GoOn);
            }
            match &mut self.items {
                Some(items) if room => items.poll_next_unpin(cx).map(Event::Item),
                _ => Poll::Pending,
            }
        })
        .await
    }

    /// Sends what can be sent.
    fn start(&mut self) {
        // What an earlier item that waits is about, a later one must wait for as well.
        let mut claimed: HashSet<Key> = HashSet::new();
        let mut place = 0;
        while self.running.len() < self.pace.limit() && place < self.waiting.len() {
            let needs = self.waiting[place].item.needs();
            if needs
                .iter()
                .any(|key| self.busy.contains(key) || claimed.contains(key))
            {
                claimed.extend(needs.into_iter().take(1));
                place += 1;
            } else if let Some(task) = self.waiting.remove(place) {
                self.send(task);
            }
        }
    }

    fn send(&mut self, task: Task) {
        self.busy.insert(task.item.key());
        let context = self.client.context().with_value(self.pace.ticket());
        let (client, mode, pace) = (
            self.client.with_context(context),
            self.options.mode,
            self.pace.clone(),
        );
        self.running.push(Box::pin(async move {
            let result = match &task.item {
                GraphItem::DigitalTwin(twin) => client
                    .upsert_digital_twin(&twin.id, twin, mode)
                    .await
                    .map(|answer| answer.etag()),
                GraphItem::Relationship(relationship) => client
                    .upsert_relationship(&relationship.source_id, &relationship.id, relationship, mode)
                    .await
                    .map(|answer| answer.etag()),
            };
            if result.is_ok() {
                pace.succeeded();
            }
            (task, result)
        }));
    }

    fn finish(&mut self, task: Task, result: Result<Option<Etag>>) -> BulkOutcome {
        let progress = &mut self.progress;
        match &result {
            Ok(_) => progress.succeeded += 1,
            Err(_) => progress.failed += 1,
        }
        self.done.insert(task.index);
        while self.done.remove(&progress.resume_at) {
            progress.resume_at += 1;
        }
        progress.concurrency = self.pace.limit();
        progress.throttled = self.pace.throttled();
        if let Some(callback) = &self.options.progress {
            callback(progress);
        }
        BulkOutcome {
            index: task.index,
            item: task.item,
            result,
        }
    }
}
