//! Subscriptions to events in this process.

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::digitaltwins::events::cloud_event::CloudEvent;

/// A subscription to the events of an endpoint, from [`DigitalTwins::subscribe`](crate::DigitalTwins::subscribe).
///
/// Its queue is unbounded; drop the subscription when no more events are needed.
#[derive(Debug)]
pub struct EventSubscription {
    receiver: mpsc::UnboundedReceiver<Arc<CloudEvent>>,
}

impl EventSubscription {
    pub(super) fn new() -> (mpsc::UnboundedSender<Arc<CloudEvent>>, Self) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (sender, EventSubscription { receiver })
    }

    /// Waits for the next event; returns `None` once the instance is dropped.
    pub async fn next(&mut self) -> Option<CloudEvent> {
        self.receiver.recv().await.map(Arc::unwrap_or_clone)
    }

    /// Returns the next event, if one is queued. An event is queued before its operation's response is sent.
    pub fn try_next(&mut self) -> Option<CloudEvent> {
        self.receiver.try_recv().ok().map(Arc::unwrap_or_clone)
    }
}
