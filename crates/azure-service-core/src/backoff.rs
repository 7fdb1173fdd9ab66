//! Backoff between attempts.

use std::future::Future;
use std::time::Duration;

use crate::error::Error;

/// Exponential backoff with jitter, so that clients that were throttled together do not retry together.
#[derive(Debug, Clone)]
pub struct Backoff {
    next: Duration,
    longest: Duration,
}

impl Backoff {
    /// Creates a backoff whose limit starts at `first` and doubles after each wait, up to `longest`.
    #[must_use]
    pub fn new(first: Duration, longest: Duration) -> Self {
        Self { next: first, longest }
    }

    /// Returns the next wait: between half the current limit and the limit.
    pub fn next_wait(&mut self) -> Duration {
        let wait = self.next;
        self.next = (wait * 2).min(self.longest);
        wait / 2 + (wait / 2).mul_f64(fastrand::f64())
    }

    /// Waits for [`next_wait`](Self::next_wait), or for `at_least` if that is longer.
    pub async fn wait(&mut self, at_least: Option<Duration>) {
        let wait = self.next_wait().max(at_least.unwrap_or_default());
        sleep(wait).await;
    }
}

/// Waits for `duration` on the async runtime that azure_core uses.
pub async fn sleep(duration: Duration) {
    azure_core::sleep::sleep(duration.try_into().unwrap_or(azure_core::time::Duration::MAX)).await;
}

/// A retry loop around throttled work, in addition to the retries of each call. For bulk runs.
#[derive(Debug, Clone)]
pub struct RetryLoop {
    attempts: u32,
    backoff: Backoff,
}

impl RetryLoop {
    /// Creates a loop of at most `attempts` attempts, between which it waits according to `backoff`.
    #[must_use]
    pub fn new(attempts: u32, backoff: Backoff) -> Self {
        Self { attempts, backoff }
    }

    /// Runs `work` until it succeeds, fails with an error that is not [`is_throttled`](Error::is_throttled), or the
    /// attempts are used up. Each wait is at least as long as `Retry-After` says.
    ///
    /// # Errors
    ///
    /// The last error that `work` returned.
    pub async fn run<T, E, Fut>(mut self, mut work: impl FnMut() -> Fut) -> Result<T, E>
    where
        E: AsRef<Error>,
        Fut: Future<Output = Result<T, E>>,
    {
        let mut attempt = 1;
        loop {
            match work().await {
                Err(error) if error.as_ref().is_throttled() && attempt < self.attempts => {
                    self.backoff.wait(error.as_ref().retry_after()).await;
                    attempt += 1;
                }
                result => return result,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use azure_core::http::headers::Headers;
    use azure_core::http::{RawResponse, StatusCode};

    #[test]
    fn waits_grow_and_stay_within_bounds() {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_millis(350));
        for whole in [100, 200, 350, 350] {
            let wait = backoff.next_wait();
            assert!(
                wait >= Duration::from_millis(whole / 2) && wait <= Duration::from_millis(whole),
                "{wait:?}"
            );
        }
    }

    fn error(status: u16, retry_after: Option<&str>) -> Error {
        let mut headers = Headers::new();
        if let Some(seconds) = retry_after {
            headers.insert("retry-after", seconds.to_owned());
        }
        Error::from_response(&RawResponse::from_bytes(StatusCode::from(status), headers, ""))
    }

    fn retries() -> RetryLoop {
        RetryLoop::new(3, Backoff::new(Duration::from_secs(1), Duration::from_secs(9)))
    }

    #[tokio::test(start_paused = true)]
    async fn only_throttled_work_is_retried_and_retry_after_is_obeyed() {
        let start = tokio::time::Instant::now();
        let mut outcomes = vec![Ok(7), Err(error(429, Some("20"))), Err(error(429, None))];
        let result = retries()
            .run(|| std::future::ready(outcomes.pop().expect("three attempts")))
            .await;
        assert_eq!(result.unwrap(), 7);
        assert!(
            (20..=21).contains(&start.elapsed().as_secs()),
            "{:?}",
            start.elapsed()
        );

        for (status, attempts) in [(429, 3), (500, 1), (412, 1)] {
            let mut count = 0;
            let result: Result<(), Error> = retries()
                .run(|| {
                    count += 1;
                    std::future::ready(Err(error(status, None)))
                })
                .await;
            assert_eq!((result.unwrap_err().status(), count), (Some(status), attempts));
        }
    }
}
