//! How many requests run at the same time, and how the service slows them down.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use azure_core::http::headers::{RETRY_AFTER, RETRY_AFTER_MS, X_MS_RETRY_AFTER_MS};
use azure_core::http::policies::{Policy, PolicyResult, get_retry_after};
use azure_core::http::{Context, Request, StatusCode};
use time::OffsetDateTime;

/// If the service does not say how long to wait.
const DEFAULT_WAIT: Duration = Duration::from_secs(1);
/// Longer than this it is not believed: it will say so again.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// The pace of many requests: additive increase, multiplicative decrease.
///
/// Each success allows a little more at the same time, each 429 halves it and holds all new requests back for as long
/// as the service asks. Requests that were under way together are told together that they are too many, which halves
/// only once.
#[derive(Debug, Clone)]
pub(super) struct Pace(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    limit: f64,
    most: f64,
    /// Counts the halvings.
    epoch: u64,
    throttled: u64,
    wait: Option<Duration>,
}

impl Pace {
    pub(super) fn new(first: usize, most: usize) -> Self {
        let state = State {
            limit: first as f64,
            most: most as f64,
            epoch: 0,
            throttled: 0,
            wait: None,
        };
        Self(Arc::new(Mutex::new(state)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many requests may run at the same time, at least one.
    pub(super) fn limit(&self) -> usize {
        self.state().limit as usize
    }

    /// How often the service said that it is too much.
    pub(super) fn throttled(&self) -> u64 {
        self.state().throttled
    }

    /// A request that begins now, for its context.
    pub(super) fn ticket(&self) -> Ticket {
        Ticket {
            pace: self.clone(),
            epoch: self.state().epoch,
        }
    }

    pub(super) fn succeeded(&self) {
        let mut state = self.state();
        state.limit = (state.limit + 1.0 / state.limit).min(state.most);
    }

    /// How long to begin nothing new, once.
    pub(super) fn take_wait(&self) -> Option<Duration> {
        self.state().wait.take()
    }
}

/// A request under way.
#[derive(Debug, Clone)]
pub(super) struct Ticket {
    pace: Pace,
    epoch: u64,
}

impl Ticket {
    fn too_many(&self, wait: Option<Duration>) {
        let mut state = self.pace.state();
        state.throttled += 1;
        if state.epoch == self.epoch {
            state.epoch += 1;
            state.limit = (state.limit / 2.0).max(1.0);
        }
        let wait = wait.unwrap_or(DEFAULT_WAIT).min(LONGEST_WAIT);
        state.wait = Some(state.wait.map_or(wait, |other| other.max(wait)));
    }
}

/// Tells the [`Ticket`] in a request's context when an attempt meets 429. The attempt itself is repeated by the pipeline.
#[derive(Debug)]
pub(crate) struct NoteThrottling;

#[async_trait]
impl Policy for NoteThrottling {
    async fn send(&self, context: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        let Some((policy, rest)) = next.split_first() else {
            let message = "the pipeline has no transport";
            return Err(azure_core::Error::with_message(
                azure_core::error::ErrorKind::Other,
                message,
            ));
        };
        let result = policy.send(context, request, rest).await;
        if let (Some(ticket), Ok(response)) = (context.value::<Ticket>(), &result)
            && response.status() == StatusCode::TooManyRequests
        {
            let names = [X_MS_RETRY_AFTER_MS, RETRY_AFTER_MS, RETRY_AFTER];
            let wait = get_retry_after(response.headers(), OffsetDateTime::now_utc, &names);
            ticket.too_many(wait.and_then(|wait| wait.try_into().ok()));
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_slowly_and_falls_fast_but_once() {
        let pace = Pace::new(4, 6);
        for _ in 0..4 {
            pace.succeeded();
        }
        assert_eq!(pace.limit(), 4, "a little less than one more per round");
        for _ in 0..100 {
            pace.succeeded();
        }
        assert_eq!(pace.limit(), 6);
        let (first, second) = (pace.ticket(), pace.ticket());
        first.too_many(Some(Duration::from_secs(3)));
        second.too_many(Some(Duration::from_secs(2)));
        assert_eq!((pace.limit(), pace.throttled()), (3, 2));
        assert_eq!(pace.take_wait(), Some(Duration::from_secs(3)));
        assert_eq!(pace.take_wait(), None);
        for _ in 0..5 {
            pace.ticket().too_many(None);
        }
        assert_eq!(pace.limit(), 1);
        assert_eq!(pace.take_wait(), Some(DEFAULT_WAIT));
        pace.ticket().too_many(Some(Duration::from_secs(4000)));
        assert_eq!(pace.take_wait(), Some(LONGEST_WAIT));
    }
}
