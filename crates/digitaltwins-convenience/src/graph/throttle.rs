//! The adaptive concurrency limit of bulk upserts.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use azure_core::http::headers::{RETRY_AFTER, RETRY_AFTER_MS, X_MS_RETRY_AFTER_MS};
use azure_core::http::policies::{Policy, PolicyResult, get_retry_after};
use azure_core::http::{Context, Request, StatusCode};
use time::OffsetDateTime;

/// The delay after a 429 without `Retry-After`.
const DEFAULT_DELAY: Duration = Duration::from_secs(1);
/// The maximum delay after a 429. If `Retry-After` is longer, the next request may be throttled again.
const MAX_DELAY: Duration = Duration::from_secs(60);

/// The limit of concurrent requests: additive increase, multiplicative decrease.
///
/// Each success raises the limit slightly. Each 429 halves it and delays new requests by `Retry-After`. Several 429
/// responses to requests that were in flight at the same time halve it only once.
#[derive(Debug, Clone)]
pub(super) struct ConcurrencyLimit(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    limit: f64,
    max: f64,
    /// The number of times the limit was halved.
    epoch: u64,
    wait: Option<Duration>,
}

impl ConcurrencyLimit {
    pub(super) fn new(initial: usize, max: usize) -> Self {
        let state = State {
            limit: initial as f64,
            max: max as f64,
            epoch: 0,
            wait: None,
        };
        Self(Arc::new(Mutex::new(state)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the number of requests that may be in flight, at least one.
    pub(super) fn limit(&self) -> usize {
        self.state().limit as usize
    }

    /// Starts an attempt.
    fn begin(&self) -> Attempt {
        Attempt {
            limit: self.clone(),
            epoch: self.state().epoch,
        }
    }

    pub(super) fn succeeded(&self) {
        let mut state = self.state();
        state.limit = (state.limit + 1.0 / state.limit).min(state.max);
    }

    /// Returns and clears the delay before new requests. 429 responses set it.
    pub(super) fn take_wait(&self) -> Option<Duration> {
        self.state().wait.take()
    }
}

/// An attempt in flight.
#[derive(Debug)]
struct Attempt {
    limit: ConcurrencyLimit,
    epoch: u64,
}

impl Attempt {
    fn throttled(&self, wait: Option<Duration>) {
        let mut state = self.limit.state();
        if state.epoch == self.epoch {
            state.epoch += 1;
            state.limit = (state.limit / 2.0).max(1.0);
        }
        let wait = wait.unwrap_or(DEFAULT_DELAY).min(MAX_DELAY);
        state.wait = Some(state.wait.map_or(wait, |other| other.max(wait)));
    }
}

/// A policy that reports 429 responses to the [`ConcurrencyLimit`] in the context of the request. The pipeline
/// retries the request.
#[derive(Debug)]
pub(crate) struct ObserveThrottling;

#[async_trait]
impl Policy for ObserveThrottling {
    async fn send(&self, context: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        let Some((policy, rest)) = next.split_first() else {
            let message = "the pipeline has no transport";
            return Err(azure_core::Error::with_message(
                azure_core::error::ErrorKind::Other,
                message,
            ));
        };
        let attempt = context.value::<ConcurrencyLimit>().map(ConcurrencyLimit::begin);
        let result = policy.send(context, request, rest).await;
        if let (Some(attempt), Ok(response)) = (attempt, &result)
            && response.status() == StatusCode::TooManyRequests
        {
            let names = [X_MS_RETRY_AFTER_MS, RETRY_AFTER_MS, RETRY_AFTER];
            let wait = get_retry_after(response.headers(), OffsetDateTime::now_utc, &names);
            attempt.throttled(wait.and_then(|wait| wait.try_into().ok()));
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limit_grows_slowly_and_halves_once_per_epoch() {
        let limit = ConcurrencyLimit::new(4, 6);
        for _ in 0..4 {
            limit.succeeded();
        }
        assert_eq!(limit.limit(), 4, "a round adds slightly less than one");
        for _ in 0..100 {
            limit.succeeded();
        }
        assert_eq!(limit.limit(), 6);
        let (first, second) = (limit.begin(), limit.begin());
        first.throttled(Some(Duration::from_secs(3)));
        second.throttled(Some(Duration::from_secs(2)));
        assert_eq!(limit.limit(), 3);
        assert_eq!(limit.take_wait(), Some(Duration::from_secs(3)));
        assert_eq!(limit.take_wait(), None);
        for _ in 0..5 {
            limit.begin().throttled(None);
        }
        assert_eq!(limit.limit(), 1);
        assert_eq!(limit.take_wait(), Some(DEFAULT_DELAY));
        limit.begin().throttled(Some(Duration::from_secs(4000)));
        assert_eq!(limit.take_wait(), Some(MAX_DELAY));
    }
}
