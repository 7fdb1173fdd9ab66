//! Requests with many items.

use std::future::Future;

use crate::bulk::report::{BulkFailure, BulkOutcome};
use crate::bulk::run::StopSignal;
use crate::error::{ErrorCode, Result};

/// The maximum number of items in a request.
pub(super) const CHUNK: usize = 100;

/// Sends items in one request. If it is refused as a whole, sends them in halves, repeatedly, down to single items.
/// Returns one outcome per item.
///
/// `send` returns the outcomes of its items, or the error of its request. A request is refused as a whole with status 400 or 413,
/// and has no effect then.
pub(super) async fn send_divided<B, T, Fut>(
    items: &[B],
    stop: &StopSignal,
    send: impl Fn(Vec<B>) -> Fut,
) -> Vec<BulkOutcome<T>>
where
    B: Clone,
    T: Clone,
    Fut: Future<Output = Result<Vec<BulkOutcome<T>>>>,
{
    let mut all = Vec::with_capacity(items.len());
    // The slices still to send, in reverse order, each with the refusal of the request that contained it.
    let mut remaining = vec![(items, None)];
    while let Some((items, refusal)) = remaining.pop() {
        let together = |outcome| match (outcome, refusal.clone()) {
            (BulkOutcome::NotDone, Some(refusal)) => BulkOutcome::RefusedTogether(refusal),
            (outcome, _) => outcome,
        };
        if stop.is_set() && refusal.is_some() {
            all.extend(vec![together(BulkOutcome::NotDone); items.len()]);
            continue;
        }
        match send(items.to_vec()).await {
            Ok(outcomes) => all.extend(outcomes),
            Err(error) if matches!(error.status(), Some(400 | 413)) => {
                let failure = BulkFailure::from(error);
                if items.len() == 1 {
                    all.push(BulkOutcome::Failed(failure));
                } else {
                    let (first, second) = items.split_at(items.len() / 2);
                    remaining.push((second, Some(failure.clone())));
                    remaining.push((first, Some(failure)));
                }
            }
            Err(error) => all.extend(vec![together(stop.stop(error)); items.len()]),
        }
    }
    all
}

/// Returns the failure that the service reports for an item.
pub(super) fn item_failure(code: Option<ErrorCode>, status: Option<&str>) -> BulkFailure {
    let message = match (status, code) {
        (Some(status), Some(code)) => format!("{code}: {status}"),
        (Some(status), None) => status.to_owned(),
        (None, Some(code)) => code.to_string(),
        (None, None) => "the service gave no reason".to_owned(),
    };
    BulkFailure {
        code,
        message,
        error: None,
    }
}

/// Returns the outcome of an item for which the service reports a failure. After a service failure, the item can be
/// retried.
pub(super) fn item_outcome<T>(failure: BulkFailure) -> BulkOutcome<T> {
    match failure.code.map(|code| code.number() / 1000) {
        // Throttled or unavailable: nothing was done.
        Some(429 | 503) => BulkOutcome::NotDone,
        Some(500..=599) => BulkOutcome::Unknown,
        _ => BulkOutcome::Failed(failure),
    }
}
