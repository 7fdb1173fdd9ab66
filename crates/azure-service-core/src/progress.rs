//! Progress of bulk runs.

use std::fmt;
use std::sync::Arc;

/// The progress of a bulk run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct BulkProgress {
    /// The number of items that succeeded.
    pub done: usize,
    /// The number of items, excluding those skipped at the start, if known in advance.
    pub total: Option<usize>,
    /// The number of items that failed, were not done, or have an unknown outcome.
    pub failed: usize,
}

impl BulkProgress {
    /// Creates the progress of a run that has not started yet.
    #[must_use]
    pub fn of(total: Option<usize>) -> Self {
        Self {
            total,
            ..Self::default()
        }
    }
}

/// A function that is called with the [`BulkProgress`] after each item of a bulk run. Clones call the same function.
#[derive(Clone)]
pub struct ProgressCallback(Arc<dyn Fn(&BulkProgress) + Send + Sync>);

impl ProgressCallback {
    /// Wraps `callback`. It runs in the task that polls the bulk run, so it must not block.
    #[must_use]
    pub fn new(callback: impl Fn(&BulkProgress) + Send + Sync + 'static) -> Self {
        Self(Arc::new(callback))
    }

    /// Calls the function.
    pub fn call(&self, progress: &BulkProgress) {
        (self.0)(progress);
    }
}

impl fmt::Debug for ProgressCallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProgressCallback").finish_non_exhaustive()
    }
}
