//! The run of a bulk upsert.

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

use azure_core::http::Etag;
use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::{BoxStream, FuturesUnordered};

use super::bulk::Key;
use super::bulk::{BulkOutcome, BulkProgress, BulkUpsertOptions, GraphItem};
use super::throttle::Pace;
use crate::error::Result;
use crate::pause::pause;
use crate::{DigitalTwinsClient, Etagged};

/// With how many requests at the same time it begins.
const FIRST_LIMIT: usize = 8;
/// How often an item is tried that the service has no time for, on top of the retries of each request.
const ATTEMPTS: u32 = 10;

/// An item on its way.
#[derive(Debug)]
struct Task {
    index: u64,
    attempt: u32,
    item: GraphItem,
}

/// A bulk upsert under way.
pub(super) struct Bulk {
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
    pub(super) fn new(
        client: DigitalTwinsClient,
        items: BoxStream<'static, (usize, GraphItem)>,
        options: BulkUpsertOptions,
    ) -> Self {
        let most = options.max_concurrency;
        Self {
            client,
            pace: Pace::new(FIRST_LIMIT.min(most), most),
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

    /// The next outcome, `None` when all items are done.
    pub(super) async fn next(&mut self) -> Option<BulkOutcome> {
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
