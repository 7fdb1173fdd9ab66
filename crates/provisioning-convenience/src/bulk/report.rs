//! Reports of bulk runs.

use crate::error::{Error, ErrorCode};

/// The report of a bulk run, with an outcome for every item, in the order in which the items were given.
///
/// To resume after a stopped run, start a new one with the items that [`into_unfinished`](Self::into_unfinished)
/// returns.
#[derive(Debug, Clone)]
#[non_exhaustive]
#[must_use = "only the report has the failures"]
pub struct BulkReport<I> {
    /// One result per item, in the order in which the items were given.
    pub results: Vec<BulkResult<I>>,
    /// The error that stopped the run, if it was stopped. Requests that were in flight at that time were completed.
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
    /// The service refused the item, or the client did not send it because it is invalid or repeats the id of an
    /// earlier item.
    Failed(BulkFailure),
    /// The item was not sent, or the service was busy. It can be retried.
    NotDone,
    /// The service may or may not have processed the item, because the response was lost or does not tell.
    Unknown,
}

/// The failure of one item.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
#[non_exhaustive]
pub struct BulkFailure {
    /// The service's error code, or `None` if the item was not sent.
    pub code: Option<ErrorCode>,
    /// The message of the service, or of the client if the item was not sent.
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

    /// Returns each failed item with its failure.
    pub fn failed(&self) -> impl Iterator<Item = (&I, &BulkFailure)> {
        self.results.iter().filter_map(|result| match &result.outcome {
            BulkOutcome::Failed(failure) => Some((&result.item, failure)),
            _ => None,
        })
    }

    /// Returns the items to pass to another run: those that were not done, and those whose outcome is unknown.
    ///
    /// An item whose outcome is unknown may fail in the other run because the service processed it in the first one:
    /// the enrollment to create already exists, the one to delete is gone, or the ETag is outdated.
    #[must_use]
    pub fn into_unfinished(self) -> Vec<I> {
        self.results
            .into_iter()
            .filter(|result| matches!(result.outcome, BulkOutcome::NotDone | BulkOutcome::Unknown))
            .map(|result| result.item)
            .collect()
    }
}
