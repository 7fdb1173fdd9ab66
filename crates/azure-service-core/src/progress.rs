//! Progress callbacks.

use std::fmt;
use std::sync::Arc;

/// A function that is called with the progress `P` of a bulk run after each item. Clones call the same function.
pub struct ProgressCallback<P>(Arc<dyn Fn(&P) + Send + Sync>);

impl<P> ProgressCallback<P> {
    /// Wraps `callback`. It runs in the task that polls the bulk run, so it must not block.
    #[must_use]
    pub fn new(callback: impl Fn(&P) + Send + Sync + 'static) -> Self {
        Self(Arc::new(callback))
    }

    /// Calls the function.
    pub fn call(&self, progress: &P) {
        (self.0)(progress);
    }
}

impl<P> Clone for ProgressCallback<P> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<P> fmt::Debug for ProgressCallback<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProgressCallback").finish_non_exhaustive()
    }
}
