//! Outcomes of the items of a bulk run.

use crate::error::{Error, ErrorCode};

/// Outcomes of a bulk run, in the order of its items.
///
/// Every item is in here, whatever happened. [`into_unfinished`](Self::into_unfinished) gives the items for another run.
#[derive(Debug, Clone)]
#[non_exhaustive]
#[must_use = "failures are only in the report"]
pub struct BulkReport<I, T = ()> {
    /// One result per item.
    pub results: Vec<BulkResult<I, T>>,
    /// Why the run stopped before its end, if it did. Requests in flight were completed.
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
    /// The service refused it, or it was not sent because the service would refuse it. Trying again does not help.
    Failed(BulkFailure),
    /// It was not done, for a reason that does not concern it. It can be tried again.
    NotDone,
    /// The service may or may not have done it: no response arrived.
    Unknown,
}

/// Why one item failed.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
#[non_exhaustive]
pub struct BulkFailure {
    /// The service's code, `None` if the service was not asked or its code is unknown.
    pub code: Option<ErrorCode>,
    /// The service's explanation, or ours.
    pub message: String,
    /// The error behind it, if the item had a request of its own or was not sent. Its text is the message.
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
    /// Returns whether every item was done.
    #[must_use]
    pub fn is_successful(&self) -> bool {
        self.results
            .iter()
            .all(|result| matches!(result.outcome, BulkOutcome::Done(_)))
    }

    /// The items that were done, with their results.
    pub fn done(&self) -> impl Iterator<Item = (&I, &T)> {
        self.results.iter().filter_map(|result| match &result.outcome {
            BulkOutcome::Done(value) => Some((&result.item, value)),
            _ => None,
        })
    }

    /// The items that failed, with the reasons.
    pub fn failed(&self) -> impl Iterator<Item = (&I, &BulkFailure)> {
        self.results.iter().filter_map(|result| match &result.outcome {
            BulkOutcome::Failed(failure) => Some((&result.item, failure)),
            _ => None,
        })
    }

    /// The items that were not done or whose outcome is unknown, for another run.
    ///
    /// Items whose outcome is unknown may fail when tried again: created devices exist, deleted ones do not, and ETags have
    /// changed.
    #[must_use]
    pub fn into_unfinished(self) -> Vec<I> {
        let unfinished =
            |result: &BulkResult<I, T>| matches!(result.outcome, BulkOutcome::NotDone | BulkOutcome::Unknown);
        self.results
            .into_iter()
            .filter(unfinished)
            .map(|result| result.item)
            .collect()
    }
}
