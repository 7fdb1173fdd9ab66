//! Limits of calls: time, and size of the response body.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use azure_core::error::ErrorKind as AzureKind;
use azure_core::http::policies::{Policy, PolicyResult};
use azure_core::http::{AsyncRawResponse, Context, Request, StatusCode, Transport};
use futures::StreamExt as _;
use tokio::time::Instant;

use crate::error::Seconds;
use crate::retry::{Call, proceed};

/// The default timeout of a call.
const CALL_TIMEOUT: Duration = Duration::from_secs(90);
/// The default limit of a response body in bytes.
const MAX_RESPONSE_SIZE: usize = 64 << 20;

/// The limits of a client's calls. See [`ServiceClient::with_limits`](crate::ServiceClient::with_limits).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CallLimits {
    /// Timeout of one call, including all attempts and the waits between them. Default: 90 seconds.
    pub call_timeout: Option<Duration>,
    /// Maximum size of a response body in bytes, after decompression. Default: 64 MiB.
    pub max_response_size: Option<usize>,
}

impl CallLimits {
    pub(crate) fn call_timeout(&self) -> Duration {
        self.call_timeout.unwrap_or(CALL_TIMEOUT)
    }

    pub(crate) fn max_response_size(&self) -> usize {
        self.max_response_size.unwrap_or(MAX_RESPONSE_SIZE)
    }
}

/// The attempt timeout of a slow operation, as a value in the context of its calls. Default: 60 seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AttemptTimeout(pub(crate) Duration);

impl Default for AttemptTimeout {
    fn default() -> Self {
        Self(Duration::from_secs(60))
    }
}

/// The policy right before the transport: counts attempts and applies their timeout.
#[derive(Debug)]
pub(crate) struct Attempt;

#[async_trait]
impl Policy for Attempt {
    async fn send(&self, ctx: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        let Some(call) = Call::of(ctx) else {
            return proceed(ctx, request, next).await;
        };
        call.count();
        within(
            Instant::now(),
            call.attempt_timeout,
            "attempt",
            proceed(ctx, request, next),
        )
        .await
        // An I/O error, because the retry policy retries I/O errors.
        .unwrap_or_else(|timed_out| Err(azure_core::Error::new(AzureKind::Io, timed_out)))
    }
}

/// A call or an attempt timed out.
#[derive(Debug, thiserror::Error)]
#[error("the {subject} timed out after {}", Seconds(*.limit))]
pub(crate) struct TimedOut {
    pub(crate) subject: &'static str,
    pub(crate) limit: Duration,
}

/// Timeouts below this value are also checked against the clock, because the timer is only accurate to a millisecond
/// and a nearby service may respond within that time.
const LONG: Duration = Duration::from_millis(10);

/// Awaits `work` until `limit` after `begin`.
pub(crate) async fn within<F: Future>(
    begin: Instant,
    limit: Duration,
    subject: &'static str,
    work: F,
) -> Result<F::Output, TimedOut> {
    let exact = (limit < LONG).then(std::time::Instant::now);
    let output = match begin.checked_add(limit) {
        Some(deadline) => tokio::time::timeout_at(deadline, work).await,
        None => return Ok(work.await),
    };
    match output {
        Ok(output) if exact.is_none_or(|begin| begin.elapsed() <= limit) => Ok(output),
        _ => Err(TimedOut { subject, limit }),
    }
}

/// The body of a response is larger than the limit.
#[derive(Debug, thiserror::Error)]
#[error("the body is larger than {limit} bytes, the limit of the client's options")]
pub(crate) struct ResponseTooLarge {
    limit: usize,
    pub(crate) status: StatusCode,
}

/// A transport that fails once the body of a response exceeds the limit in the context.
///
/// Wraps the transport, because the transport decompresses the body and azure_core collects it right afterwards.
#[derive(Debug)]
pub(crate) struct LimitedTransport(pub(crate) Transport);

#[async_trait]
impl Policy for LimitedTransport {
    async fn send(&self, ctx: &Context, request: &mut Request, _: &[Arc<dyn Policy>]) -> PolicyResult {
        let response = self.0.send(ctx, request).await?;
        let Some(limit) = Call::of(ctx).map(|call| call.max_response_size) else {
            return Ok(response);
        };
        let (status, headers, body) = response.deconstruct();
        let mut left = limit;
        let body = body.map(move |chunk| {
            let chunk = chunk?;
            left = left.checked_sub(chunk.len()).ok_or_else(|| {
                // Not an I/O error, because the retry policy would retry it.
                azure_core::Error::new(AzureKind::DataConversion, ResponseTooLarge { limit, status })
            })?;
            Ok(chunk)
        });
        Ok(AsyncRawResponse::new(status, headers, Box::pin(body)))
    }
}
