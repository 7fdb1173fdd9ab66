//! Reports of bulk runs.

use crate::error::{Error, ErrorCode};

/// The report of a bulk run, with an outcome for every item in the order of the items.
///
/// [`into_unfinished`](Self::into_unfinished) returns the items for another run.
#[derive(Debug, Clone)]
#[non_exhaustive]
#[must_use = "only the report has the failures"]
pub struct BulkReport<I> {
    /// One result per item.
    pub results: Vec<BulkResult<I>>,
    /// The error that stopped the run, if it was stopped. Requests in flight were completed.
    pub stopped_by: Option<Error>,
}

/// One item and its outcome.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct BulkResult<I> {
    /// The item.
    pub item: I,
    /// The outcome.
    pub outcome: BulkOutcome,
}

/// Outcome of one item.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum BulkOutcome {
    /// The operation succeeded.
    Done,
    /// The service refused the item, or it is invalid and was not sent. A retry would fail too.
    Failed(BulkFailure),
    /// The item was not sent, or the service was busy. It can be retried.
    NotDone,
    /// The service may or may not have processed the item, because its response was lost or says so.
    Unknown,
}

/// The failure of one item.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
#[non_exhaustive]
pub struct BulkFailure {
    /// The service's code, `None` if the item was not sent.
    pub code: Option<ErrorCode>,
    /// The service's message, or the client's.
    pub message: String,
}

impl BulkFailure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            code: None,
            message: message.into(),
        }
    }
}

impl From<&Error> for BulkFailure {
    fn from(error: &Error) -> Self {
        Self {
            code: error.error_code(),
            message: error.to_string(),
        }
    }
}

impl<I> BulkReport<I> {
    /// Returns whether every item succeeded and nothing stopped the run.
    #[must_use]
    pub fn is_successful(&self) -> bool {
        let is_done = |result: &BulkResult<I>| matches!(result.outcome, BulkOutcome::Done);
        self.stopped_by.is_none() && self.results.iter().all(is_done)
    }

    /// Returns the items that failed, with their failures.
    pub fn failed(&self) -> impl Iterator<Item = (&I, &BulkFailure)> {
        self.results.iter().filter_map(|result| match &result.outcome {
            BulkOutcome::Failed(failure) => Some((&result.item, failure)),
            _ => None,
        })
    }

    /// Returns the items that were not done or whose outcome is unknown, for another run.
    ///
    /// Items whose outcome is unknown may fail then: created enrollments exist, deleted ones do not, and ETags have changed.
    #[must_use]
    pub fn into_unfinished(self) -> Vec<I> {
        self.results
            .into_iter()
            .filter(|result| matches!(result.outcome, BulkOutcome::NotDone | BulkOutcome::Unknown))
            .map(|result| result.item)
            .collect()
    }
}
