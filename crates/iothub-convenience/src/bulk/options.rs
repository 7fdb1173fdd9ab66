//! Options and progress of bulk runs.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use azure_service_core::{Backoff, BulkProgress, ProgressCallback, RetryLoop};

use crate::bulk::report::BulkOutcome;
use crate::error::{Error, Result};

/// The wait before the second call for a throttled item, and the maximum wait.
const BACKOFF: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// Options of bulk runs.
///
/// # Example
///
/// ```
/// use iothub_convenience::{BulkOptions, ProgressCallback};
///
/// let options = BulkOptions {
///     max_concurrency: 16,
///     on_progress: Some(ProgressCallback::new(|progress| {
///         println!("{} of {:?} done, {} failed", progress.done, progress.total, progress.failed);
///     })),
///     ..Default::default()
/// };
/// ```
#[derive(Debug, Clone)]
pub struct BulkOptions {
    /// The maximum number of requests in flight, at least 1. Default: 4. The hub's limits per minute still apply.
    pub max_concurrency: usize,
    /// The maximum number of calls for an item that the hub throttles; each call has its own retries. Between two calls
    /// the run waits as long as the hub's `Retry-After` header asks for, or with exponential backoff if there is none.
    /// Default: 4.
    pub attempts: u32,
    /// Callback after each item.
    pub on_progress: Option<ProgressCallback>,
}

impl Default for BulkOptions {
    fn default() -> Self {
        Self {
            max_concurrency: 4,
            attempts: 4,
            on_progress: None,
        }
    }
}

impl BulkOptions {
    pub(super) fn check(&self) -> Result<()> {
        match self.max_concurrency {
            0 => Err(Error::invalid_input("max_concurrency", "must be at least 1")),
            _ => Ok(()),
        }
    }

    pub(super) fn retries(&self) -> RetryLoop {
        RetryLoop::new(self.attempts, Backoff::new(BACKOFF.0, BACKOFF.1))
    }
}

/// Counts outcomes and reports the progress.
#[derive(Debug)]
pub(super) struct Counter {
    callback: Option<ProgressCallback>,
    progress: Mutex<BulkProgress>,
}

impl Counter {
    pub(super) fn new(options: &BulkOptions, total: Option<usize>) -> Self {
        Self {
            callback: options.on_progress.clone(),
            progress: Mutex::new(BulkProgress::of(total)),
        }
    }

    pub(super) fn count<T>(&self, outcome: &BulkOutcome<T>) {
        let Some(callback) = &self.callback else {
            return;
        };
        let progress = {
            let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
            match outcome {
                BulkOutcome::Done(_) => progress.done += 1,
                BulkOutcome::Failed(_)
                | BulkOutcome::RefusedTogether(_)
                | BulkOutcome::NotDone
                | BulkOutcome::Unknown => progress.failed += 1,
            }
            *progress
        };
        callback.call(&progress);
    }
}
