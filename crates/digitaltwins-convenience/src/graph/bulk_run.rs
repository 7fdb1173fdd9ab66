//! The state machine of a bulk upsert.

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use azure_core::http::{NoFormat, RawResponse, Response};
use azure_service_core::{Backoff, Composite, RetryLoop, sleep};
use digitaltwins_protocol::Client;
use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::{BoxStream, FuturesUnordered};

use super::bulk::Key;
use super::bulk::{BulkProgress, BulkUpsertOptions, GraphItem, UpsertOutcome};
use super::throttle::ConcurrencyLimit;
use crate::error::Result;
use crate::{DigitalTwinsClient, Upsert};

/// The number of requests in flight at the beginning.
const FIRST_LIMIT: usize = 8;
/// How often a throttled item is tried, on top of the retries of each call.
const ATTEMPTS: u32 = 10;

/// An item that was read.
#[derive(Debug)]
struct Task {
    index: u64,
    item: GraphItem,
}

type Outcome = Result<Response<(), NoFormat>>;

/// A bulk upsert.
pub(super) struct Bulk {
    composite: Composite<Client>,
    client: DigitalTwinsClient,
    options: BulkUpsertOptions,
    limit: ConcurrencyLimit,
    /// Items still to be read, `None` at the end.
    items: Option<BoxStream<'static, (usize, GraphItem)>>,
    /// Items that were read and not sent yet, in the order of the stream.
    waiting: VecDeque<Task>,
    /// The resources of items in flight.
    busy: HashSet<Key>,
    running: FuturesUnordered<BoxFuture<'static, (Task, Outcome)>>,
    /// Until it ends, no item is sent.
    timer: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    /// Positions that are done beyond `progress.resume_at`.
    done: BTreeSet<u64>,
    progress: BulkProgress,
}

enum Event {
    Item(Option<(usize, GraphItem)>),
    Done(Task, Outcome),
    TimerEnded,
}

impl Bulk {
    pub(super) fn new(
        composite: Composite<Client>,
        items: BoxStream<'static, (usize, GraphItem)>,
        options: BulkUpsertOptions,
    ) -> Self {
        let most = options.max_concurrency;
        let limit = ConcurrencyLimit::new(FIRST_LIMIT.min(most), most);
        let core = composite.client();
        let mut call_options = core.call_options().clone();
        call_options.context.insert(limit.clone());
        Self {
            client: DigitalTwinsClient {
                core: core.with_call_options(call_options),
            },
            composite,
            limit,
            items: Some(items),
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
        }
    }

    /// Returns the next outcome, `None` when all items are done.
    pub(super) async fn next(&mut self) -> Option<UpsertOutcome> {
        loop {
            if let Some(wait) = self.limit.take_wait() {
                self.timer = Some(Box::pin(sleep(wait)));
            }
            if self.timer.is_none() {
                self.start();
            }
            // A relationship may wait for its twins while other items could be sent, so it reads a little ahead.
            let room = self.timer.is_none()
                && self.running.len() < self.limit.limit()
                && self.waiting.len() < 2 * self.options.max_concurrency;
            if self.running.is_empty() && self.waiting.is_empty() && self.items.is_none() {
                return None;
            }
            match self.event(room).await {
                Event::TimerEnded => self.timer = None,
                Event::Item(None) => self.items = None,
                Event::Item(Some((index, item))) => {
                    let index = index as u64;
                    if index >= self.options.resume_at {
                        self.waiting.push_back(Task { index, item });
                    }
                }
                Event::Done(task, result) => {
                    self.busy.remove(&task.item.key());
                    return Some(self.finish(task, result));
                }
            }
        }
    }

    /// Waits for the first of: an outcome, the end of the timer, an item if there is `room`.
    async fn event(&mut self, room: bool) -> Event {
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
                Some(items) if room => items.poll_next_unpin(cx).map(Event::Item),
                _ => Poll::Pending,
            }
        })
        .await
    }

    /// Sends the items that need not wait.
    fn start(&mut self) {
        // A later item must also wait for the resources of earlier ones that wait.
        let mut claimed: HashSet<Key> = HashSet::new();
        let mut place = 0;
        while self.running.len() < self.limit.limit() && place < self.waiting.len() {
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
        let progress = &mut self.progress;
        match &result {
            Ok(_) => progress.succeeded += 1,
            Err(error) => {
                progress.failed += 1;
                self.composite.failed(error.as_ref());
            }
        }
        self.done.insert(task.index);
        while self.done.remove(&progress.resume_at) {
            progress.resume_at += 1;
        }
        progress.concurrency = self.limit.limit();
        progress.throttled = self.limit.throttled();
        if let Some(callback) = &self.options.on_progress {
            callback.call(progress);
        }
        UpsertOutcome {
            index: task.index,
            item: task.item,
            result,
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
