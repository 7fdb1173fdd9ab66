//! The connections of an endpoint: their maximum number, and the eviction of connections that wait for their
//! clients.
//!
//! When all places are taken, a new connection gets the place of the connection that has been waiting longest for
//! its client, so that silent clients cannot keep others out. A connection that processes a request is never
//! evicted.

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::server::limits::{HEAD_TIMEOUT, IDLE_TIMEOUT};

/// The open connections of an endpoint.
pub(crate) struct Connections {
    places: Arc<Semaphore>,
    open: Mutex<Vec<Weak<Connection>>>,
    /// Notified when a connection begins to wait for its client.
    waiting: Arc<Notify>,
}

impl Connections {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            places: Arc::new(Semaphore::new(limit)),
            open: Mutex::default(),
            waiting: Arc::default(),
        }
    }

    /// Waits for a place for a new connection. Closes another connection if necessary.
    #[expect(clippy::expect_used, reason = "the semaphore is never closed")]
    pub(crate) async fn admit(&self) -> Arc<Connection> {
        loop {
            let mut waiting = pin!(self.waiting.notified());
            // Enabled before the connections are checked, so that no notification is missed.
            waiting.as_mut().enable();
            if self.places.available_permits() == 0 {
                self.evict();
            }
            tokio::select! {
                place = self.places.clone().acquire_owned() => {
                    return self.register(place.expect("the semaphore is open"));
                }
                () = waiting => {}
            }
        }
    }

    /// Evicts the connection that has been waiting longest for its client, unless an evicted connection is still
    /// closing.
    fn evict(&self) {
        let open: Vec<_> = self.open.lock().iter().filter_map(Weak::upgrade).collect();
        if open.iter().any(|connection| connection.evicted.is_cancelled()) {
            return;
        }
        let waiting = open.iter().filter_map(|connection| {
            let activity = *connection.activity.borrow();
            // Connections that have never sent a request are evicted first.
            let order = (activity.has_sent_request, activity.since);
            (activity.processing == 0).then_some((order, connection))
        });
        if let Some((_, connection)) = waiting.min_by_key(|(order, _)| *order) {
            tracing::debug!("closed the connection that was idle longest, to make room for a new one");
            connection.evicted.cancel();
        }
    }

    fn register(&self, place: OwnedSemaphorePermit) -> Arc<Connection> {
        let connection = Arc::new(Connection {
            activity: watch::Sender::new(Activity {
                processing: 0,
                has_sent_request: false,
                since: Instant::now(),
            }),
            evicted: CancellationToken::new(),
            waiting: self.waiting.clone(),
            _place: place,
        });
        let mut open = self.open.lock();
        open.retain(|connection| connection.strong_count() > 0);
        open.push(Arc::downgrade(&connection));
        connection
    }
}

/// An open connection. It keeps its place until it is dropped.
pub(crate) struct Connection {
    activity: watch::Sender<Activity>,
    evicted: CancellationToken,
    waiting: Arc<Notify>,
    _place: OwnedSemaphorePermit,
}

#[derive(Debug, Clone, Copy)]
struct Activity {
    /// Number of requests being processed, not counting requests that wait for the client.
    processing: usize,
    has_sent_request: bool,
    /// The time of the last change to this record.
    since: Instant,
}

impl Connection {
    /// Waits until another connection needs the place of this one.
    pub(crate) async fn evicted(&self) {
        self.evicted.cancelled().await;
    }

    /// Waits until the client has not sent a request for too long.
    pub(super) async fn idle(&self) {
        let mut activity = self.activity.subscribe();
        loop {
            let now = *activity.borrow_and_update();
            let limit = if now.has_sent_request {
                IDLE_TIMEOUT
            } else {
                HEAD_TIMEOUT
            };
            let expired = async {
                match now.processing {
                    0 => tokio::time::sleep_until(now.since + limit).await,
                    _ => std::future::pending().await,
                }
            };
            tokio::select! {
                () = expired => return,
                // Never an error, because this connection owns the sender.
                _ = activity.changed() => {}
            }
        }
    }

    /// Records the start of a request. The request ends when the returned value is dropped.
    pub(super) fn process(self: &Arc<Self>) -> Processing {
        self.begin();
        Processing(self.clone())
    }

    /// Records that the connection is busy. A connection that has switched to another protocol stays busy, because
    /// that protocol limits idle clients itself.
    pub(crate) fn begin(&self) {
        self.activity.send_modify(|activity| {
            activity.processing += 1;
            activity.has_sent_request = true;
            activity.since = Instant::now();
        });
    }

    fn end(&self) {
        self.activity.send_modify(|activity| {
            activity.processing -= 1;
            activity.since = Instant::now();
        });
        self.waiting.notify_waiters();
    }
}

/// A request in progress.
pub(super) struct Processing(Arc<Connection>);

impl Processing {
    /// Awaits a future that depends on the client. The connection counts as waiting meanwhile and may be evicted.
    pub(super) async fn wait_for_client<T>(&self, future: impl Future<Output = T>) -> T {
        self.0.end();
        let _resumed = Resumed(&self.0);
        future.await
    }

    /// Keeps the connection busy after the request has ended, because the connection switches to another protocol.
    pub(super) fn keep(&self) {
        self.0.begin();
    }
}

impl Drop for Processing {
    fn drop(&mut self) {
        self.0.end();
    }
}

struct Resumed<'a>(&'a Connection);

impl Drop for Resumed<'_> {
    fn drop(&mut self) {
        self.0.begin();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures::poll;

    use super::*;

    async fn later() {
        tokio::time::advance(Duration::from_secs(1)).await;
    }

    fn evicted(connections: &[&Arc<Connection>]) -> Vec<bool> {
        let evicted = |connection: &&Arc<Connection>| connection.evicted.is_cancelled();
        connections.iter().map(evicted).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn connection_that_waits_longest_for_its_client_is_evicted() {
        let connections = Connections::new(4);
        let used = connections.admit().await;
        drop(used.process());
        later().await;
        let silent = connections.admit().await;
        later().await;
        let later_silent = connections.admit().await;
        let busy = connections.admit().await;
        let _request = busy.process();
        let mut next = pin!(connections.admit());
        assert!(poll!(next.as_mut()).is_pending());
        let all = [&used, &silent, &later_silent, &busy];
        assert_eq!(evicted(&all), [false, true, false, false]);
        // The evicted connection is closing, so no other connection is evicted.
        assert!(poll!(next.as_mut()).is_pending());
        drop(silent);
        let next = next.await;
        assert_eq!(evicted(&[&used, &later_silent, &busy]), [false; 3]);
        // Connections without any request are evicted before connections that have had one.
        let mut another = pin!(connections.admit());
        assert!(poll!(another.as_mut()).is_pending());
        assert_eq!(
            evicted(&[&used, &later_silent, &busy, &next]),
            [false, true, false, false]
        );
        drop(later_silent);
        another.await;
    }

    #[tokio::test(start_paused = true)]
    async fn request_in_progress_keeps_its_place_except_while_it_waits_for_the_client() {
        let connections = Connections::new(1);
        let busy = connections.admit().await;
        let request = busy.process();
        let mut next = pin!(connections.admit());
        assert!(poll!(next.as_mut()).is_pending());
        assert_eq!(evicted(&[&busy]), [false]);
        let mut body = pin!(request.wait_for_client(std::future::pending::<()>()));
        assert!(poll!(body.as_mut()).is_pending());
        assert!(poll!(next.as_mut()).is_pending());
        assert_eq!(evicted(&[&busy]), [true]);
    }

    /// Dropping a request and the future in which it waits for its client ends the request once, not twice.
    #[tokio::test(start_paused = true)]
    async fn abandoned_request_ends_once() {
        let connections = Connections::new(1);
        let connection = connections.admit().await;
        {
            let request = connection.process();
            let mut body = pin!(request.wait_for_client(std::future::pending::<()>()));
            assert!(poll!(body.as_mut()).is_pending());
        }
        assert_eq!(connection.activity.borrow().processing, 0);
        connection.idle().await;
    }
}
