//! Progress of long runs.

use std::fmt;
use std::sync::Arc;

/// A function that is called with the progress `P` of a run after each of its items. Clones call the same function.
pub struct ProgressCallback<P>(Arc<dyn Fn(&P) + Send + Sync>);

impl<P> ProgressCallback<P> {
    /// Calls `callback` after each item, from the task that polls the run; it should return soon.
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
