//! Classification of attempts that may be retried.
//!
//! azure_core's retry policy implements backoff, limits and `Retry-After`, but it retries every request, even one that
//! is not safe to repeat. Two policies therefore surround it: [`Gate`], right after it, replaces an outcome that must
//! not be retried with an error that the retry policy does not retry; [`Restore`], right before it, restores the
//! original outcome. They share the [`Call`] in the context.

use std::sync::atomic::{AtomicBool, AtomicU16, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use azure_core::error::ErrorKind;
use azure_core::http::policies::{Policy, PolicyResult};
use azure_core::http::{AsyncRawResponse, Context, ExponentialRetryOptions, Method, Request, RetryOptions};
use azure_protocol_runtime::Operation;
use tokio::time::Instant;

use crate::client_info::{AttemptFailure, CallEvent};
use crate::error::{ConnectionFailure, code_in};
use crate::header::{header, retry_after};

/// The longest `Retry-After` that is obeyed, provided that it ends before the call's timeout. If `Retry-After` is
/// longer, the call fails with [`retry_after`](crate::Error::retry_after) set.
pub(crate) const MAX_RETRY_AFTER: Duration = Duration::from_secs(60);

/// Returns the default retries of a client: up to three retries within a minute, after 0.8, 1.6 and 3.2 seconds plus
/// a jitter of up to a quarter of a second.
///
/// azure_core's default, `RetryOptions::default()`, allows eight retries within the same minute, which can keep an
/// interactive caller waiting too long.
#[must_use]
pub fn retry_options() -> RetryOptions {
    RetryOptions::exponential(ExponentialRetryOptions {
        // The policy doubles the delay before the first wait.
        initial_delay: azure_core::time::Duration::milliseconds(400),
        max_retries: 3,
        ..ExponentialRetryOptions::default()
    })
}

/// The class of a request: safe to repeat or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RetryClass {
    /// Safe to repeat.
    Repeatable,
    /// Not safe to repeat: retried only if it is certain that the service has not processed it.
    Once,
}

impl RetryClass {
    /// Classifies a request. A PATCH with an ETag is safe to repeat: if the first attempt was processed, the ETag has
    /// changed, so the second attempt fails.
    pub(crate) fn of(operation: &Operation, request: &Request) -> Self {
        let has_etag =
            || header(request.headers(), "if-match").is_some_and(|etag| etag.trim_matches('"') != "*");
        if operation.idempotent || (request.method() == Method::Patch && has_etag()) {
            Self::Repeatable
        } else {
            Self::Once
        }
    }
}

/// The state of one call across its attempts.
#[derive(Debug)]
pub(crate) struct Call {
    class: RetryClass,
    method: &'static str,
    log: fn(CallEvent<'_>),
    /// The timeout of one attempt.
    pub(crate) attempt_timeout: Duration,
    /// The maximum size of a response body, in bytes.
    pub(crate) max_response_size: usize,
    /// The failure of the last attempt, if it may be retried.
    failure: Mutex<Option<AttemptFailure>>,
    attempts: AtomicU32,
    last_status: AtomicU16,
    /// Whether the service may have processed an attempt without a response.
    unanswered: AtomicBool,
    /// The end of the call's timeout, if the clock can represent it.
    deadline: Option<Instant>,
    outcome: Mutex<Option<PolicyResult>>,
}

impl Call {
    pub(crate) fn new(
        class: RetryClass,
        method: &'static str,
        log: fn(CallEvent<'_>),
        (begin, timeout): (Instant, Duration),
        attempt_timeout: Duration,
        max_response_size: usize,
    ) -> Self {
        Self {
            class,
            method,
            log,
            attempt_timeout,
            max_response_size,
            failure: Mutex::default(),
            attempts: AtomicU32::new(0),
            last_status: AtomicU16::new(0),
            unanswered: AtomicBool::new(false),
            deadline: begin.checked_add(timeout),
            outcome: Mutex::default(),
        }
    }

    pub(crate) fn of<'a>(context: &'a Context<'_>) -> Option<&'a Self> {
        context.value()
    }

    /// Counts an attempt that is about to be sent.
    pub(crate) fn count(&self) {
        self.attempts.fetch_add(1, Ordering::Relaxed);
        self.unanswered.store(true, Ordering::Relaxed);
    }

    /// Returns the number of attempts.
    pub(crate) fn attempts(&self) -> u32 {
        self.attempts.load(Ordering::Relaxed)
    }

    /// Returns the status of the last response.
    pub(crate) fn last_status(&self) -> Option<u16> {
        Some(self.last_status.load(Ordering::Relaxed)).filter(|status| *status != 0)
    }

    /// Returns whether the service may have processed an attempt without a response.
    pub(crate) fn is_unanswered(&self) -> bool {
        self.unanswered.load(Ordering::Relaxed)
    }

    /// Removes and returns the failure of the last attempt. `None` once the next attempt has begun, because logging
    /// the retry takes the failure.
    pub(crate) fn take_failure(&self) -> Option<AttemptFailure> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Returns the longest `Retry-After` that is obeyed now: [`MAX_RETRY_AFTER`], or the time left for the call if that
    /// is shorter.
    fn max_wait(&self) -> Duration {
        let left = self
            .deadline
            .map(|deadline| deadline.duration_since(Instant::now()));
        left.map_or(MAX_RETRY_AFTER, |left| left.min(MAX_RETRY_AFTER))
    }

    fn may_retry(&self, outcome: &PolicyResult) -> bool {
        match outcome {
            Ok(response) => {
                let status = u16::from(response.status());
                let wait = retry_after(response.headers());
                if wait.is_some_and(|wait| wait > self.max_wait()) {
                    return false;
                }
                match self.class {
                    RetryClass::Repeatable => true,
                    // A throttled request was not processed, and neither was a request refused with `Retry-After`.
                    RetryClass::Once => status == 429 || (status == 503 && wait.is_some()),
                }
            }
            Err(error) if matches!(error.kind(), ErrorKind::Connection) => {
                !ConnectionFailure::of(error).is_permanent()
            }
            Err(error) if matches!(error.kind(), ErrorKind::Io) => self.class == RetryClass::Repeatable,
            // The retry policy would not retry such an error, but would wrap it in an error of its own.
            Err(_) => false,
        }
    }

    /// Logs the retry, if this attempt is a retry.
    fn log_retry(&self) {
        if let Some(failure) = self.take_failure() {
            (self.log)(CallEvent::Retry {
                operation: self.method,
                attempt: self.attempts() + 1,
                after: &failure,
            });
        }
    }

    fn note_failure(&self, outcome: &PolicyResult) {
        let failure = match outcome {
            Ok(response) => {
                let status = u16::from(response.status());
                AttemptFailure {
                    status: Some(status),
                    code: code_in(response.headers()).map(str::to_owned),
                    request_id: header(response.headers(), "x-ms-request-id").map(str::to_owned),
                    reason: format!("the service returned {status}"),
                }
            }
            Err(error) => AttemptFailure {
                status: None,
                code: None,
                request_id: None,
                reason: ConnectionFailure::of(error).to_string(),
            },
        };
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure);
    }

    fn outcome(&self) -> std::sync::MutexGuard<'_, Option<PolicyResult>> {
        self.outcome.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The policy after the retry policy: replaces outcomes that must not be retried.
#[derive(Debug)]
pub(crate) struct Gate;

#[async_trait]
impl Policy for Gate {
    async fn send(&self, ctx: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        let Some(call) = Call::of(ctx) else {
            return proceed(ctx, request, next).await;
        };
        call.log_retry();
        let outcome = proceed(ctx, request, next).await;
        // A custom retry policy may retry an outcome that was replaced; only the last attempt counts.
        call.outcome().take();
        if let Ok(response) = &outcome {
            call.last_status
                .store(u16::from(response.status()), Ordering::Relaxed);
        }
        let unanswered = matches!(&outcome, Err(error) if matches!(error.kind(), ErrorKind::Io));
        call.unanswered.store(unanswered, Ordering::Relaxed);
        if is_success(&outcome) {
            return outcome;
        }
        if call.may_retry(&outcome) {
            call.note_failure(&outcome);
            return outcome;
        }
        *call.outcome() = Some(outcome);
        // The retry policy retries only I/O and connection errors.
        Err(azure_core::Error::with_message(
            ErrorKind::Other,
            "must not be retried",
        ))
    }
}

/// The policy before the retry policy: restores outcomes that [`Gate`] has replaced.
#[derive(Debug)]
pub(crate) struct Restore;

#[async_trait]
impl Policy for Restore {
    async fn send(&self, ctx: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        let outcome = proceed(ctx, request, next).await;
        let hidden = Call::of(ctx).and_then(|call| call.outcome().take());
        hidden.unwrap_or(outcome)
    }
}

fn is_success(outcome: &PolicyResult) -> bool {
    outcome
        .as_ref()
        .is_ok_and(|response: &AsyncRawResponse| response.status().is_success())
}

/// Passes the request to the next policy.
pub(crate) async fn proceed(
    ctx: &Context<'_>,
    request: &mut Request,
    next: &[Arc<dyn Policy>],
) -> PolicyResult {
    match next.split_first() {
        Some((policy, rest)) => policy.send(ctx, request, rest).await,
        None => Err(azure_core::Error::with_message(
            ErrorKind::Other,
            "the pipeline has no transport",
        )),
    }
}
