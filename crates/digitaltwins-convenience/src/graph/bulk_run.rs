//! The state machine behind bulk upserts.

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use azure_core::http::{NoFormat, RawResponse, Response};
use azure_service_core::{Backoff, BulkProgress, Composite, RetryLoop, sleep};
use digitaltwins_protocol::Client;
use futures::future::BoxFuture;
use futures::stream::{BoxStream, Enumerate, FuturesUnordered};
use futures::{Stream, StreamExt};

use super::bulk::BulkUpsertOptions;
use super::item::{GraphItem, Key};
use super::report::UpsertOutcome;
use super::throttle::ConcurrencyLimit;
use crate::error::Result;
use crate::{DigitalTwinsClient, Upsert};

/// The initial limit of concurrent requests.
const INITIAL_LIMIT: usize = 8;
/// The maximum number of calls for a throttled item. Each call has retries in addition.
const ATTEMPTS: u32 = 10;

/// An item read from the stream.
#[derive(Debug)]
struct Task {
    index: usize,
    item: GraphItem,
}

type Outcome = Result<Response<(), NoFormat>>;

/// A bulk upsert in progress.
pub(super) struct BulkRun {
    composite: Composite<Client>,
    client: DigitalTwinsClient,
    options: BulkUpsertOptions,
    limit: ConcurrencyLimit,
    /// The items that have not been read; `None` once the stream has ended.
    items: Option<Enumerate<BoxStream<'static, GraphItem>>>,
    /// The items that have been read but not sent, in stream order.
    waiting: VecDeque<Task>,
    /// The resources of the requests in flight.
    in_flight: HashSet<Key>,
    running: FuturesUnordered<BoxFuture<'static, (Task, Outcome)>>,
    /// The pause after a 429, during which no request is sent.
    timer: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    /// The position before which every item has an outcome.
    resume_at: usize,
    /// The positions at or after `resume_at` of items with an outcome.
    done: BTreeSet<usize>,
    progress: BulkProgress,
}

enum Event {
    Item(Option<(usize, GraphItem)>),
    Done(Task, Outcome),
    TimerEnded,
}

impl BulkRun {
    pub(super) fn new(
        composite: Composite<Client>,
        items: BoxStream<'static, GraphItem>,
        options: BulkUpsertOptions,
    ) -> Self {
        let total = match items.size_hint() {
            (least, Some(most)) if least == most => Some(most.saturating_sub(options.resume_at)),
            _ => None,
        };
        let max = options.max_concurrency;
        let limit = ConcurrencyLimit::new(INITIAL_LIMIT.min(max), max);
        let core = composite.client();
        let mut call_options = core.call_options().clone();
        call_options.context.insert(limit.clone());
        Self {
            client: DigitalTwinsClient {
                core: core.with_call_options(call_options),
            },
            composite,
            limit,
            items: Some(items.enumerate()),
            waiting: VecDeque::new(),
            in_flight: HashSet::new(),
            running: FuturesUnordered::new(),
            timer: None,
            resume_at: options.resume_at,
            done: BTreeSet::new(),
            progress: BulkProgress::of(total),
            options,
        }
    }

    /// Returns the next outcome, or `None` when all items are done.
    pub(super) async fn next(&mut self) -> Option<UpsertOutcome> {
        loop {
            if let Some(wait) = self.limit.take_wait() {
                self.timer = Some(Box::pin(sleep(wait)));
            }
            if self.timer.is_none() {
                self.start();
            }
            // Reads ahead, because later items can be sent while relationships wait for their twins.
            let may_read = self.timer.is_none()
                && self.running.len() < self.limit.limit()
                && self.waiting.len() < 2 * self.options.max_concurrency;
            if self.running.is_empty() && self.waiting.is_empty() && self.items.is_none() {
                return None;
            }
            match self.event(may_read).await {
                Event::TimerEnded => self.timer = None,
                Event::Item(None) => self.items = None,
                Event::Item(Some((index, item))) => {
                    if index >= self.options.resume_at {
                        self.waiting.push_back(Task { index, item });
                    }
                }
                Event::Done(task, result) => {
                    self.in_flight.remove(&task.item.key());
                    return Some(self.finish(task, result));
                }
            }
        }
    }

    /// Waits for the next event: an outcome, the end of the pause or, if `may_read` is set, an item from the stream.
    async fn event(&mut self, may_read: bool) -> Event {
        poll_fn(|cx| {
            if let Poll::Ready(Some((task, result))) = self.running.poll_next_unpin(cx) {
                return Poll::Ready(Event::Done(task, result));
            }
            if let Some(timer) = &mut self.timer
                && timer.as_mut().poll(cx).is_ready()
            {
                return Poll::Ready(Event::TimerEnded);
            }
            match &mut self.items {
                Some(items) if may_read => items.poll_next_unpin(cx).map(Event::Item),
                _ => Poll::Pending,
            }
        })
        .await
    }

    /// Sends the waiting items whose resources are not in flight.
    fn start(&mut self) {
        // An item must not overtake a waiting item that writes a resource which the overtaking item needs.
        let mut claimed: HashSet<Key> = HashSet::new();
        let mut position = 0;
        while self.running.len() < self.limit.limit() && position < self.waiting.len() {
            let needs = self.waiting[position].item.needs();
            if needs
                .iter()
                .any(|key| self.in_flight.contains(key) || claimed.contains(key))
            {
                claimed.extend(needs.into_iter().take(1));
                position += 1;
            } else if let Some(task) = self.waiting.remove(position) {
                self.send(task);
            }
        }
    }

    fn send(&mut self, task: Task) {
        self.in_flight.insert(task.item.key());
        let (client, mode, limit) = (self.client.clone(), self.options.mode, self.limit.clone());
        self.running.push(Box::pin(async move {
            let backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(10));
            let result = RetryLoop::new(ATTEMPTS, backoff)
                .run(|| upsert(&client, &task.item, mode))
                .await;
            if result.is_ok() {
                limit.succeeded();
            }
            (task, result)
        }));
    }

    fn finish(&mut self, task: Task, result: Outcome) -> UpsertOutcome {
        match &result {
            Ok(_) => self.progress.done += 1,
            Err(error) => {
                self.progress.failed += 1;
                self.composite.failed(error.as_ref());
            }
        }
        self.done.insert(task.index);
        while self.done.remove(&self.resume_at) {
            self.resume_at += 1;
        }
        if let Some(callback) = &self.options.on_progress {
            callback.call(&self.progress);
        }
        UpsertOutcome {
            index: task.index,
            item: task.item,
            result,
            resume_at: self.resume_at,
        }
    }
}

async fn upsert(client: &DigitalTwinsClient, item: &GraphItem, mode: Upsert) -> Outcome {
    let response: RawResponse = match item {
        GraphItem::DigitalTwin(twin) => client.upsert_digital_twin(&twin.id, twin, mode).await?.into(),
        GraphItem::Relationship(relationship) => client
            .upsert_relationship(&relationship.source_id, &relationship.id, relationship, mode)
            .await?
            .into(),
    };
    Ok(response.into())
}
