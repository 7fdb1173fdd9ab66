//! Subscribers of events in this process.

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::digitaltwins::events::cloud_event::CloudEvent;

/// The events of an endpoint, from [`DigitalTwins::subscribe`](crate::DigitalTwins::subscribe).
///
/// The queue has no limit; drop the subscription when no more events are needed.
#[derive(Debug)]
pub struct EventSubscription {
    receiver: mpsc::UnboundedReceiver<Arc<CloudEvent>>,
}

impl EventSubscription {
    pub(super) fn new() -> (mpsc::UnboundedSender<Arc<CloudEvent>>, Self) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (sender, EventSubscription { receiver })
    }

    /// Waits for the next event; `None` when the instance is gone.
    pub async fn next(&mut self) -> Option<CloudEvent> {
        self.receiver.recv().await.map(Arc::unwrap_or_clone)
    }

    /// Returns the next event, if there is one. An event is there as soon as the operation that causes it is answered.
    pub fn try_next(&mut self) -> Option<CloudEvent> {
        self.receiver.try_recv().ok().map(Arc::unwrap_or_clone)
    }
}
