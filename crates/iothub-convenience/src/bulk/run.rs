//! Going through many items with a few requests at a time.

use std::future::Future;
use std::sync::{Mutex, PoisonError};

use futures::StreamExt;

use super::report::{BulkFailure, BulkOptions, BulkOutcome, BulkReport, BulkResult};
use crate::error::{Error, ErrorKind};

/// Whether work goes on, and why not.
#[derive(Debug, Default)]
pub(super) struct Brake(Mutex<Option<Error>>);

impl Brake {
    fn error(&self) -> std::sync::MutexGuard<'_, Option<Error>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether nothing new is to be begun.
    pub(super) fn is_set(&self) -> bool {
        self.error().is_some()
    }

    /// What `error` means for items of which it is not the fault, and sets the brake.
    pub(super) fn stop<T>(&self, error: Error) -> BulkOutcome<T> {
        let outcome = if may_have_been_done(&error) {
            BulkOutcome::Unknown
        } else {
            BulkOutcome::NotDone
        };
        self.error().get_or_insert(error);
        outcome
    }

    pub(super) fn into_error(self) -> Option<Error> {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the service may have done what it was asked although the call failed.
fn may_have_been_done(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::UnknownOutcome | ErrorKind::InvalidResponse => true,
        // 503 says that the service did nothing.
        ErrorKind::Service => error
            .status()
            .is_some_and(|status| status >= 500 && status != 503),
        _ => false,
    }
}

/// Whether a failed call for one item says something about it, rather than about the service or the caller.
fn is_own_fault(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::InvalidInput => true,
        ErrorKind::Service => matches!(error.status(), Some(400 | 404 | 405 | 409 | 412 | 413)),
        _ => false,
    }
}

/// Does `work` on each item, a few at a time, until one fails for a reason that concerns all.
pub(super) async fn run_each<I, T, W, Fut>(
    items: impl IntoIterator<Item = I>,
    options: Option<BulkOptions>,
    work: W,
) -> BulkReport<I, T>
where
    W: Fn(&I) -> Fut,
    Fut: Future<Output = Result<T, Error>>,
{
    let concurrency = options.unwrap_or_default().concurrency.max(1);
    let brake = Brake::default();
    let one = |item: I| {
        let begun = (!brake.is_set()).then(|| work(&item));
        let brake = &brake;
        async move {
            let outcome = match begun {
                None => BulkOutcome::NotDone,
                Some(begun) => match begun.await {
                    Ok(value) => BulkOutcome::Done(value),
                    Err(error) if is_own_fault(&error) => BulkOutcome::Failed(BulkFailure::from(error)),
                    Err(error) => brake.stop(error),
                },
            };
            BulkResult { item, outcome }
        }
    };
    let results = futures::stream::iter(items)
        .map(one)
        .buffered(concurrency)
        .collect()
        .await;
    BulkReport {
        results,
        stopped_by: brake.into_error(),
    }
}
