//! Outcomes of bulk upserts.

use azure_core::http::{NoFormat, Response};

use super::item::GraphItem;
use crate::ErrorKind;
use crate::error::{Error, Result};

/// The outcome of one item of a bulk upsert.
#[derive(Debug)]
#[non_exhaustive]
pub struct UpsertOutcome {
    /// The position of the item, from 0.
    pub index: usize,
    /// The item, for a retry.
    pub item: GraphItem,
    /// The response with the new ETag, or the error.
    pub result: Result<Response<(), NoFormat>>,
    /// The position before which every item has an outcome. To resume, pass it as
    /// [`BulkUpsertOptions::resume_at`](crate::BulkUpsertOptions::resume_at).
    pub resume_at: usize,
}

/// The outcomes of a bulk upsert, in the order of the items.
#[derive(Debug)]
#[non_exhaustive]
#[must_use = "failures are only in the report"]
pub struct BulkUpsertReport {
    /// One outcome per item.
    pub results: Vec<UpsertOutcome>,
}

impl BulkUpsertReport {
    /// Returns whether all items were stored.
    #[must_use]
    pub fn is_successful(&self) -> bool {
        self.results.iter().all(|outcome| outcome.result.is_ok())
    }

    /// Returns the stored items with their responses.
    pub fn done(&self) -> impl Iterator<Item = (&GraphItem, &Response<(), NoFormat>)> {
        let results = self.results.iter();
        results.filter_map(|outcome| Some((&outcome.item, outcome.result.as_ref().ok()?)))
    }

    /// Returns the failed items with their errors.
    pub fn failed(&self) -> impl Iterator<Item = (&GraphItem, &Error)> {
        let results = self.results.iter();
        results.filter_map(|outcome| Some((&outcome.item, outcome.result.as_ref().err()?)))
    }

    /// Returns the items to retry, which failed for a reason that is not specific to the item, such as a broken
    /// connection. The service may have stored some of them.
    #[must_use]
    pub fn into_unfinished(self) -> Vec<GraphItem> {
        let results = self.results.into_iter();
        let unfinished =
            results.filter(|outcome| outcome.result.as_ref().is_err_and(|error| !is_about_item(error)));
        unfinished.map(|outcome| outcome.item).collect()
    }
}

/// Returns whether the error is specific to the item, so that another run would fail the same way.
fn is_about_item(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::InvalidInput => true,
        ErrorKind::Service => matches!(error.status(), Some(400 | 404 | 405 | 409 | 412 | 413)),
        _ => false,
    }
}
