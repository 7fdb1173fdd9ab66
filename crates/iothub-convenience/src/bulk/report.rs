//! What became of each item.

use crate::error::{Error, ErrorCode};

/// How many requests may be under way at once, unless told otherwise.
const CONCURRENCY: usize = 4;

/// How to go through many items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BulkOptions {
    /// How many requests may be under way at once, at least 1. Default: 4. The hub's limits per minute are the same
    /// whatever this is; a throttled request is repeated as the `RetryOptions` of the client say.
    pub concurrency: usize,
}

impl Default for BulkOptions {
    fn default() -> Self {
        Self {
            concurrency: CONCURRENCY,
        }
    }
}

/// What became of each of many items, in the order in which they were given.
///
/// Every item is in here, whatever happened: what was done and what was not is always known.
/// [`into_unfinished`](Self::into_unfinished) gives what to call again with.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct BulkReport<I, T = ()> {
    /// One result per item.
    pub results: Vec<BulkResult<I, T>>,
    /// Why the work stopped before the end, if it did. What was under way then was brought to an end.
    pub stopped_by: Option<Error>,
}

/// What became of one item.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct BulkResult<I, T = ()> {
    /// The item.
    pub item: I,
    /// What became of it.
    pub outcome: BulkOutcome<T>,
}

/// What became of one item.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum BulkOutcome<T = ()> {
    /// It was done.
    Done(T),
    /// The service refused it, or it was not sent because the service would have. Doing it again will not help.
    Failed(BulkFailure),
    /// It was not done, for a reason that is not its own. It can be done again.
    NotDone,
    /// The service may or may not have done it: the answer did not arrive.
    Unknown,
}

/// Why one item failed.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
#[non_exhaustive]
pub struct BulkFailure {
    /// The service's code with number and name, `None` if the service was not asked or its code is unknown.
    pub code: Option<ErrorCode>,
    /// The service's explanation, or ours.
    pub message: String,
    /// The error behind it, if the item had a request of its own or was not sent.
    #[source]
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
    /// Whether every item was done.
    #[must_use]
    pub fn is_successful(&self) -> bool {
        self.results
            .iter()
            .all(|result| matches!(result.outcome, BulkOutcome::Done(_)))
    }

    /// The items that were done, with what came of them.
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

    /// The items that were not done or of which that is not known, to go on with.
    ///
    /// Items of which the outcome is unknown may fail when done again: created devices exist, deleted ones do not, and
    /// ETags have changed.
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
