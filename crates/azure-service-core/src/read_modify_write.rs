//! Read-modify-write loops.

use std::future::Future;
use std::time::Duration;

use crate::backoff::Backoff;
use crate::error::Error;

/// The maximum number of rounds.
const MAX_ROUNDS: u32 = 10;

/// The result of one round's decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision<W, T> {
    /// Write this change.
    Write(W),
    /// Write nothing and return this result.
    Done(T),
}

/// Reads a resource, decides on a change and writes it conditionally. If another writer has changed the resource in
/// the meantime, the loop starts over, for up to ten rounds, with a jittered backoff.
///
/// * `read` returns the current version.
/// * `decide` returns the change to write, with the ETag that it depends on. It runs once per round. Its second
///   argument is the change of the previous round, if the service may have stored it although the write failed: when
///   the response to a write is lost, the client retries, and the retry fails because the first attempt changed the
///   ETag. If the current version already contains that change, `decide` returns [`Decision::Done`].
/// * `write` writes the change.
///
/// # Errors
///
/// The errors that `read`, `decide` and `write` return; [`is_precondition_failed`](Error::is_precondition_failed) if
/// all ten rounds met a concurrent write.
pub async fn read_modify_write<V, W, T, E, Read, Write>(
    mut read: impl FnMut() -> Read,
    mut decide: impl FnMut(V, Option<W>) -> Result<Decision<W, T>, E>,
    mut write: impl FnMut(W) -> Write,
) -> Result<T, E>
where
    W: Clone,
    E: AsRef<Error>,
    Read: Future<Output = Result<V, E>>,
    Write: Future<Output = Result<T, E>>,
{
    let mut backoff = Backoff::new(Duration::from_millis(20), Duration::from_secs(2));
    let mut unconfirmed = None;
    let mut round = 1;
    loop {
        let current = read().await?;
        let change = match decide(current, unconfirmed.take())? {
            Decision::Write(change) => change,
            Decision::Done(result) => return Ok(result),
        };
        match write(change.clone()).await {
            Err(error) if error.as_ref().is_precondition_failed() && round < MAX_ROUNDS => {
                // If there were several attempts, the service may have processed the first.
                unconfirmed = (error.as_ref().attempts() > 1).then_some(change);
            }
            result => return result,
        }
        round += 1;
        backoff.wait(None).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use azure_core::http::headers::Headers;
    use azure_core::http::{RawResponse, StatusCode};
    use std::cell::RefCell;
    use std::future::ready;

    fn refused(attempts: u32) -> Error {
        let response = RawResponse::from_bytes(StatusCode::PreconditionFailed, Headers::new(), "");
        Error::from_response(&response).with_call("write", attempts, true)
    }

    /// Increments a number with writes that have the given outcomes.
    async fn increment(
        outcomes: &mut Vec<Result<u32, Error>>,
        seen: &RefCell<Vec<Option<u32>>>,
    ) -> Result<u32, Error> {
        read_modify_write(
            || ready(Ok(7)),
            |current: u32, unconfirmed: Option<u32>| {
                seen.borrow_mut().push(unconfirmed);
                Ok(match unconfirmed {
                    Some(written) => Decision::Done(written),
                    None => Decision::Write(current + 1),
                })
            },
            |_| ready(outcomes.remove(0)),
        )
        .await
    }

    #[tokio::test(start_paused = true)]
    async fn concurrent_write_starts_another_round() {
        let seen = RefCell::default();
        let mut outcomes = vec![Err(refused(1)), Err(refused(1)), Ok(8)];
        assert_eq!(increment(&mut outcomes, &seen).await.unwrap(), 8);
        assert_eq!(*seen.borrow(), [None, None, None]);
    }

    #[tokio::test(start_paused = true)]
    async fn change_that_may_have_been_stored_is_passed_to_decide() {
        let seen = RefCell::default();
        let mut outcomes = vec![Err(refused(2))];
        assert_eq!(increment(&mut outcomes, &seen).await.unwrap(), 8);
        assert_eq!(*seen.borrow(), [None, Some(8)]);
    }

    #[tokio::test(start_paused = true)]
    async fn loop_ends_after_ten_rounds_or_on_any_other_error() {
        let seen = RefCell::default();
        let mut outcomes: Vec<_> = (0..20).map(|_| Err(refused(1))).collect();
        let error = increment(&mut outcomes, &seen).await.unwrap_err();
        assert!(error.is_precondition_failed());
        assert_eq!(seen.borrow().len(), 10);

        let seen = RefCell::default();
        let mut outcomes = vec![Err(Error::invalid_input("value", "must not be odd"))];
        assert!(
            increment(&mut outcomes, &seen)
                .await
                .unwrap_err()
                .is_invalid_input()
        );
        assert_eq!(seen.borrow().len(), 1);
    }
}
