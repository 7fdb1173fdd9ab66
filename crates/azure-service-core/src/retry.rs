//! Which attempts may be repeated.
//!
//! azure_core's retry policy knows how to wait, when to give up and what `Retry-After` means, but it repeats every
//! request, also one that must not run twice. So it stays, between two policies of ours: [`Gate`], right behind it,
//! sees every attempt and hides from it the outcomes that must not be repeated; [`Restore`], right before it, brings
//! them back. Both speak through the [`Call`] in the context.

use std::sync::atomic::{AtomicU16, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use azure_core::error::ErrorKind;
use azure_core::http::policies::{Policy, PolicyResult};
use azure_core::http::{AsyncRawResponse, Context, ExponentialRetryOptions, Method, Request, RetryOptions};
use azure_protocol_runtime::Operation;

use crate::client_info::{AttemptFailure, CallEvent};
use crate::error::{ConnectionFailure, code_in};
use crate::header::{header, retry_after};

/// Longer than this no call waits on the service's word; it fails, and the caller learns how long to wait.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// How often and when a client repeats a call unless it is told otherwise: three times, after 0.8, 1.6 and 3.2 seconds
/// and up to a quarter of a second more by chance, and not once a minute has passed.
///
/// azure_core's own default goes on for up to a minute, which is long for a caller who waits; give
/// `RetryOptions::default()` to have it.
#[must_use]
pub fn retry_options() -> RetryOptions {
    RetryOptions::exponential(ExponentialRetryOptions {
        // The policy doubles it before the first wait already.
        initial_delay: azure_core::time::Duration::milliseconds(400),
        max_retries: 3,
        ..ExponentialRetryOptions::default()
    })
}

/// Whether a request may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RetryClass {
    /// Sending it twice has the effect of sending it once.
    Repeatable,
    /// Only if the service has certainly not processed it.
    Once,
}

impl RetryClass {
    /// A PATCH with an ETag repeats safely: if the first attempt was processed, the ETag is no longer the current one.
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

/// One call, through all its attempts.
#[derive(Debug)]
pub(crate) struct Call {
    class: RetryClass,
    method: &'static str,
    log: fn(CallEvent<'_>),
    /// Why the last attempt failed, if it may be repeated.
    failure: Mutex<Option<AttemptFailure>>,
    attempts: AtomicU32,
    last_status: AtomicU16,
    outcome: Mutex<Option<PolicyResult>>,
}

impl Call {
    pub(crate) fn new(class: RetryClass, method: &'static str, log: fn(CallEvent<'_>)) -> Self {
        Self {
            class,
            method,
            log,
            failure: Mutex::default(),
            attempts: AtomicU32::new(0),
            last_status: AtomicU16::new(0),
            outcome: Mutex::default(),
        }
    }

    pub(crate) fn of<'a>(context: &'a Context<'_>) -> Option<&'a Self> {
        context.value()
    }

    /// A request is about to be sent.
    pub(crate) fn count(&self) {
        self.attempts.fetch_add(1, Ordering::Relaxed);
    }

    /// How many requests were sent.
    pub(crate) fn attempts(&self) -> u32 {
        self.attempts.load(Ordering::Relaxed)
    }

    /// The status of the last answer.
    pub(crate) fn last_status(&self) -> Option<u16> {
        Some(self.last_status.load(Ordering::Relaxed)).filter(|status| *status != 0)
    }

    fn may_repeat(&self, outcome: &PolicyResult) -> bool {
        match outcome {
            Ok(response) => {
                let status = u16::from(response.status());
                let wait = retry_after(response.headers());
                if wait.is_some_and(|wait| wait > LONGEST_WAIT) {
                    return false;
                }
                match self.class {
                    RetryClass::Repeatable => true,
                    // A throttled request was not processed, nor was one that the service asks to bring again later.
                    RetryClass::Once => status == 429 || (status == 503 && wait.is_some()),
                }
            }
            Err(error) if matches!(error.kind(), ErrorKind::Connection) => {
                !ConnectionFailure::of(error).is_certificate()
            }
            Err(error) if matches!(error.kind(), ErrorKind::Io) => self.class == RetryClass::Repeatable,
            // The retry policy would not repeat it, but wrap it into an error that says so instead of what failed.
            Err(_) => false,
        }
    }

    /// Logs that the request is sent again, if it is.
    fn log_retry(&self) {
        let failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(failure) = failure {
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
                    reason: format!("the service answered {status}"),
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

/// Behind the retry policy: hides from it what must not be repeated.
#[derive(Debug)]
pub(crate) struct Gate;

#[async_trait]
impl Policy for Gate {
    async fn send(&self, ctx: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        if let Some(call) = Call::of(ctx) {
            call.log_retry();
        }
        let outcome = proceed(ctx, request, next).await;
        let Some(call) = Call::of(ctx) else { return outcome };
        // A retry policy of the caller's may repeat what was hidden from it; only the last attempt counts then.
        call.outcome().take();
        if let Ok(response) = &outcome {
            call.last_status
                .store(u16::from(response.status()), Ordering::Relaxed);
        }
        if is_success(&outcome) {
            return outcome;
        }
        if call.may_repeat(&outcome) {
            call.note_failure(&outcome);
            return outcome;
        }
        *call.outcome() = Some(outcome);
        // The retry policy repeats errors of input and output only, whatever its options are.
        Err(azure_core::Error::with_message(
            ErrorKind::Other,
            "not to be repeated",
        ))
    }
}

/// Before the retry policy: brings back what [`Gate`] has hidden.
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

/// Hands the request to the next policy.
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
