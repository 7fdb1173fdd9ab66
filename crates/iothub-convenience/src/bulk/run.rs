//! Bulk runs with bounded concurrency.

use std::future::Future;
use std::sync::{Mutex, PoisonError};

use futures::StreamExt;

use crate::bulk::options::{BulkOptions, Counter};
use crate::bulk::report::{BulkOutcome, BulkReport, BulkResult};
use crate::client::IotHubRegistryManager;
use crate::error::{Error, ErrorKind, Result};

/// The error that stopped a run, if any.
#[derive(Debug, Default)]
pub(super) struct StopSignal(Mutex<Option<Error>>);

impl StopSignal {
    fn error(&self) -> std::sync::MutexGuard<'_, Option<Error>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns whether no more items may be started.
    pub(super) fn is_set(&self) -> bool {
        self.error().is_some()
    }

    /// Stops the run because of `error`. Returns the outcome of the items of the failed request.
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

/// Returns whether the service may have processed the request although the call failed.
fn may_have_been_done(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::UnknownOutcome | ErrorKind::InvalidResponse | ErrorKind::ResponseTooLarge => true,
        // A pipeline policy of the caller may fail after the response has arrived.
        ErrorKind::Other => true,
        // 503 means that the service has not processed the request.
        ErrorKind::Service => error
            .status()
            .is_some_and(|status| (status >= 500 && status != 503) || status == 408),
        _ => false,
    }
}

/// Returns whether the error of an item's call is specific to the item, not to the service or the caller.
fn is_specific(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::InvalidInput => true,
        ErrorKind::Service => matches!(error.status(), Some(400 | 404 | 405 | 409 | 412 | 413)),
        _ => false,
    }
}

impl IotHubRegistryManager {
    /// Runs `work` on each item with bounded concurrency, until an item fails for a reason that is not specific to it.
    ///
    /// Throttled items are retried. All calls that `work` makes with its client belong to the span of `method`.
    pub(super) async fn run_each<I, T, W, Fut>(
        &self,
        method: &'static str,
        items: impl IntoIterator<Item = I>,
        options: Option<BulkOptions>,
        work: W,
    ) -> Result<BulkReport<I, T>>
    where
        W: Fn(Self, &I) -> Fut,
        Fut: Future<Output = Result<T, Error>>,
    {
        let options = options.unwrap_or_default();
        options.check()?;
        let composite = self.core.begin(method);
        let hub = self.over(composite.client().clone());
        let items = items.into_iter();
        let total = match items.size_hint() {
            (least, Some(most)) if least == most => Some(most),
            _ => None,
        };
        let stop = StopSignal::default();
        let counter = Counter::new(&options, total);
        let one = |item: I| {
            let starts = !stop.is_set();
            let (hub, options, work, stop, counter) = (&hub, &options, &work, &stop, &counter);
            async move {
                let outcome = match starts {
                    false => BulkOutcome::NotDone,
                    true => match options.retries().run(|| work(hub.clone(), &item)).await {
                        Ok(value) => BulkOutcome::Done(value),
                        Err(error) if is_specific(&error) => BulkOutcome::Failed(error.into()),
                        Err(error) => stop.stop(error),
                    },
                };
                counter.count(&outcome);
                BulkResult { item, outcome }
            }
        };
        let results = futures::stream::iter(items)
            .map(one)
            .buffered(options.max_concurrency)
            .collect()
            .await;
        let stopped_by = stop.into_error();
        if let Some(error) = &stopped_by {
            composite.failed(error.as_ref());
        }
        Ok(BulkReport { results, stopped_by })
    }
}
