//! Options of bulk runs.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use azure_service_core::{Backoff, RetryLoop};

use crate::bulk::report::BulkOutcome;

/// The first and the longest wait of a throttled item.
const BACKOFF: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// Options of bulk runs.
///
/// # Example
///
/// ```
/// use iothub_convenience::{BulkOptions, ProgressCallback};
///
/// let options = BulkOptions {
///     concurrency: 16,
///     on_progress: Some(ProgressCallback::new(|progress| {
///         println!("{} done, {} failed", progress.succeeded, progress.failed);
///     })),
///     ..Default::default()
/// };
/// ```
#[derive(Debug, Clone)]
pub struct BulkOptions {
    /// How many requests are in flight at once, at least 1. Default: 4. The hub's limits per minute are the same whatever
    /// this is.
    pub concurrency: usize,
    /// How many times an item is tried that the hub throttles, beyond the retries of each call. Between two tries the run
    /// waits as long as the hub asks, or with exponential backoff. Default: 4.
    pub attempts: u32,
    /// Called after each item.
    pub on_progress: Option<ProgressCallback>,
}

impl Default for BulkOptions {
    fn default() -> Self {
        Self {
            concurrency: 4,
            attempts: 4,
            on_progress: None,
        }
    }
}

impl BulkOptions {
    pub(super) fn retries(&self) -> RetryLoop {
        RetryLoop::new(self.attempts, Backoff::new(BACKOFF.0, BACKOFF.1))
    }
}

/// How far a bulk run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct BulkProgress {
    /// Items that were done.
    pub succeeded: u64,
    /// Items that failed.
    pub failed: u64,
    /// Items that were not done, or whose outcome is unknown.
    pub unfinished: u64,
}

/// A function that is called after each item of a bulk run.
pub type ProgressCallback = azure_service_core::ProgressCallback<BulkProgress>;

/// Counts outcomes and reports them.
#[derive(Debug)]
pub(super) struct Counter {
    callback: Option<ProgressCallback>,
    progress: Mutex<BulkProgress>,
}

impl Counter {
    pub(super) fn new(options: &BulkOptions) -> Self {
        Self {
            callback: options.on_progress.clone(),
            progress: Mutex::default(),
        }
    }

    pub(super) fn count<T>(&self, outcome: &BulkOutcome<T>) {
        let Some(callback) = &self.callback else {
            return;
        };
        let progress = {
            let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
            match outcome {
                BulkOutcome::Done(_) => progress.succeeded += 1,
                BulkOutcome::Failed(_) => progress.failed += 1,
                BulkOutcome::NotDone | BulkOutcome::Unknown => progress.unfinished += 1,
            }
            *progress
        };
        callback.call(&progress);
    }
}
