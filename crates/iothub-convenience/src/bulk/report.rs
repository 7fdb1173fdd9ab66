//! Reports of bulk runs.

use crate::error::{Error, ErrorCode};

/// The report of a bulk run, with an outcome for every item in the order of the items.
///
/// [`into_unfinished`](Self::into_unfinished) returns the items for a new run.
#[derive(Debug, Clone)]
#[non_exhaustive]
#[must_use = "only the report has the failures"]
pub struct BulkReport<I, T = ()> {
    /// One result per item.
    pub results: Vec<BulkResult<I, T>>,
    /// The error that stopped the run, if any. Requests in flight were still completed.
    pub stopped_by: Option<Error>,
}

/// One item and its outcome.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct BulkResult<I, T = ()> {
    /// The item.
    pub item: I,
    /// The outcome.
    pub outcome: BulkOutcome<T>,
}

/// The outcome of one item.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum BulkOutcome<T = ()> {
    /// The item was done, with this result.
    Done(T),
    /// The service refused the item, or it is invalid and was not sent. A retry would fail too.
    Failed(BulkFailure),
    /// The service refused a request with several items, and the run was stopped before the item was sent in a
    /// smaller request. The failure is the failure of the request, possibly due to another item. The item can be
    /// retried.
    RefusedTogether(BulkFailure),
    /// The item was not done, for a reason that is not specific to it. It can be retried.
    NotDone,
    /// The service may or may not have processed the item, because the response was lost.
    Unknown,
}

/// The failure of one item.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
#[non_exhaustive]
pub struct BulkFailure {
    /// The service's code; `None` if the item was not sent or the code is unknown.
    pub code: Option<ErrorCode>,
    /// The service's message, or the client's own message.
    pub message: String,
    /// The error of the call for the item, or of the check before sending. Its `Display` is the message.
    pub error: Option<Error>,
}

impl BulkFailure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            code: None,
            message: message.into(),
            error: None,
        }
    }
}

impl From<Error> for BulkFailure {
    fn from(error: Error) -> Self {
        Self {
            code: error.error_code(),
            message: error.to_string(),
            error: Some(error),
        }
    }
}

impl<I, T> BulkReport<I, T> {
    /// Returns whether every item was done and the run was not stopped.
    #[must_use]
    pub fn is_successful(&self) -> bool {
        let is_done = |result: &BulkResult<I, T>| matches!(result.outcome, BulkOutcome::Done(_));
        self.stopped_by.is_none() && self.results.iter().all(is_done)
    }

    /// Returns the items that were done, with their results.
    pub fn done(&self) -> impl Iterator<Item = (&I, &T)> {
        self.results.iter().filter_map(|result| match &result.outcome {
            BulkOutcome::Done(value) => Some((&result.item, value)),
            _ => None,
        })
    }

    /// Returns the items that failed, with their failures. Items with [`BulkOutcome::RefusedTogether`] are not included.
    pub fn failed(&self) -> impl Iterator<Item = (&I, &BulkFailure)> {
        self.results.iter().filter_map(|result| match &result.outcome {
            BulkOutcome::Failed(failure) => Some((&result.item, failure)),
            _ => None,
        })
    }

    /// Returns the items with an unknown outcome, because the service's response was lost: they may have been done.
    pub fn uncertain(&self) -> impl Iterator<Item = &I> {
        self.results.iter().filter_map(|result| match &result.outcome {
            BulkOutcome::Unknown => Some(&result.item),
            _ => None,
        })
    }

    /// Returns the items that were certainly not done and can be retried: the items of
    /// [`into_unfinished`](Self::into_unfinished) except those with an unknown outcome.
    #[must_use]
    pub fn into_not_done(self) -> Vec<I> {
        let not_done = |result: &BulkResult<I, T>| match result.outcome {
            BulkOutcome::NotDone | BulkOutcome::RefusedTogether(_) => true,
            BulkOutcome::Done(_) | BulkOutcome::Failed(_) | BulkOutcome::Unknown => false,
        };
        self.into_items(not_done)
    }

    /// Returns the items for a new run: items that were not done, items that were only refused together with others,
    /// and items with an unknown outcome.
    ///
    /// In that run, items with an unknown outcome may fail: a created device already exists, a deleted one is missing,
    /// and ETags have changed. [`regenerate_keys`](crate::IotHubRegistryManager::regenerate_keys) would generate
    /// different keys for them; use [`into_not_done`](Self::into_not_done) there.
    #[must_use]
    pub fn into_unfinished(self) -> Vec<I> {
        let unfinished = |result: &BulkResult<I, T>| match result.outcome {
            BulkOutcome::NotDone | BulkOutcome::RefusedTogether(_) | BulkOutcome::Unknown => true,
            BulkOutcome::Done(_) | BulkOutcome::Failed(_) => false,
        };
        self.into_items(unfinished)
    }

    fn into_items(self, filter: impl Fn(&BulkResult<I, T>) -> bool) -> Vec<I> {
        let results = self.results.into_iter();
        results.filter(filter).map(|result| result.item).collect()
    }
}
