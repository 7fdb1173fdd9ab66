//! Reports of bulk runs.

use crate::error::{Error, ErrorCode};

/// The report of a bulk run, with an outcome for every item in the order of the items.
///
/// [`into_unfinished`](Self::into_unfinished) returns the items for another run.
#[derive(Debug, Clone)]
#[non_exhaustive]
#[must_use = "only the report has the failures"]
pub struct BulkReport<I, T = ()> {
    /// One result per item.
    pub results: Vec<BulkResult<I, T>>,
    /// The error that stopped the run, if it was stopped. Requests in flight were completed.
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

/// Outcome of one item.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum BulkOutcome<T = ()> {
    /// It was done, with this result.
    Done(T),
    /// The service refused it, or it is invalid and was not sent. A retry would fail too.
    Failed(BulkFailure),
    /// The service refused a request with several items, and the run was stopped before this one was sent in a smaller
    /// request. The failure is that of the request, and may be due to another item. It can be retried.
    RefusedTogether(BulkFailure),
    /// It was not done, for a reason that is not specific to it. It can be retried.
    NotDone,
    /// The service may or may not have done it, because its response was lost.
    Unknown,
}

/// The failure of one item.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
#[non_exhaustive]
pub struct BulkFailure {
    /// The service's code, `None` if the item was not sent or the code is unknown.
    pub code: Option<ErrorCode>,
    /// The service's message, or the client's.
    pub message: String,
    /// The error of the item's own call, or of the check before sending. Its `Display` is the message.
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
    /// Returns whether every item was done and nothing stopped the run.
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

    /// Returns the items that failed, with their failures. Without those that were only refused together with others.
    pub fn failed(&self) -> impl Iterator<Item = (&I, &BulkFailure)> {
        self.results.iter().filter_map(|result| match &result.outcome {
            BulkOutcome::Failed(failure) => Some((&result.item, failure)),
            _ => None,
        })
    }

    /// Returns the items that were not done, only refused together with others, or whose outcome is unknown, for another run.
    ///
    /// Items whose outcome is unknown may fail then: created devices exist, deleted ones do not, and ETags have changed.
    #[must_use]
    pub fn into_unfinished(self) -> Vec<I> {
        let unfinished = |result: &BulkResult<I, T>| match result.outcome {
            BulkOutcome::NotDone | BulkOutcome::RefusedTogether(_) | BulkOutcome::Unknown => true,
            BulkOutcome::Done(_) | BulkOutcome::Failed(_) => false,
        };
        self.results
            .into_iter()
            .filter(unfinished)
            .map(|result| result.item)
            .collect()
    }
}
