//! Retries work outside the pipeline according to azure_core's retry policies.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use async_trait::async_trait;
use azure_core::error::ErrorKind as AzureKind;
use azure_core::http::headers::Headers;
use azure_core::http::{
    AsyncRawResponse, ClientOptions, Context, HttpClient, Method, Pipeline, Request, RetryOptions,
    StatusCode, Transport, Url,
};
use futures::channel::{mpsc, oneshot};
use futures::{FutureExt as _, SinkExt as _, StreamExt as _};

/// The result of one attempt made by [`retry`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt<T> {
    /// A success, or a failure that must not be retried.
    Final(T),
    /// A failure that may be retried.
    Retryable(T),
}

/// Calls `attempt` until its result is final or `options` allow no further retry. Returns the last result.
///
/// `RetryOptions` are opaque, so azure_core's own policy decides on retries and waits. It runs in a pipeline whose
/// transport calls `attempt` instead of sending a request.
///
/// # Example
///
/// ```
/// use azure_core::http::RetryOptions;
/// use azure_service_core::{Attempt, retry};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let mut attempts = 0;
/// let attempt = || {
///     attempts += 1;
///     std::future::ready(Attempt::Retryable("busy"))
/// };
/// assert_eq!(retry(&RetryOptions::none(), attempt).await, "busy");
/// assert_eq!(attempts, 1);
/// # }
/// ```
pub async fn retry<T, Fut>(options: &RetryOptions, mut attempt: impl FnMut() -> Fut) -> T
where
    Fut: Future<Output = Attempt<T>>,
{
    let (transport, mut requests) = mpsc::channel(1);
    let options = ClientOptions {
        retry: options.clone(),
        transport: Some(Transport::new(Arc::new(AttemptTransport(transport)))),
        ..ClientOptions::default()
    };
    let (name, version) = (Some(env!("CARGO_PKG_NAME")), Some(env!("CARGO_PKG_VERSION")));
    let pipeline = Pipeline::new(name, version, options, Vec::new(), Vec::new(), None);
    let (context, mut request) = (Context::new(), placeholder());
    let mut run = std::pin::pin!(pipeline.send(&context, &mut request, None).fuse());
    let mut last = None;
    loop {
        futures::select_biased! {
            reply = requests.select_next_some() => {
                let reply: oneshot::Sender<bool> = reply;
                let (result, is_retryable) = match attempt().await {
                    Attempt::Final(result) => (result, false),
                    Attempt::Retryable(result) => (result, true),
                };
                last = Some(result);
                // Cannot fail: the receiver is in `run`, which is neither polled nor dropped while an attempt runs.
                reply.send(is_retryable).ok();
            }
            _ = run => break,
        }
    }
    match last {
        Some(result) => result,
        // A custom policy ended the run without an attempt.
        None => match attempt().await {
            Attempt::Final(result) | Attempt::Retryable(result) => result,
        },
    }
}

/// Returns the request that passes through the pipeline. It is never sent.
#[expect(clippy::expect_used, reason = "the URL is a valid constant")]
fn placeholder() -> Request {
    Request::new(
        Url::parse("http://localhost/").expect("the URL is valid"),
        Method::Get,
    )
}

/// A transport that asks [`retry`] to make an attempt, and fails if the result is retryable.
struct AttemptTransport(mpsc::Sender<oneshot::Sender<bool>>);

impl fmt::Debug for AttemptTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AttemptTransport").finish_non_exhaustive()
    }
}

#[async_trait]
impl HttpClient for AttemptTransport {
    async fn execute_request(&self, _: &Request) -> azure_core::Result<AsyncRawResponse> {
        let (reply, is_retryable) = oneshot::channel();
        let closed = || azure_core::Error::with_message(AzureKind::Other, "the call was dropped");
        self.0.clone().send(reply).await.map_err(|_| closed())?;
        match is_retryable.await.map_err(|_| closed())? {
            true => Err(azure_core::Error::with_message(
                AzureKind::Io,
                "the attempt failed",
            )),
            false => Ok(AsyncRawResponse::from_bytes(StatusCode::Ok, Headers::new(), "")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use azure_core::http::ExponentialRetryOptions;
    use tokio::time::Instant;

    /// Returns the number of attempts, the last result and the duration in milliseconds.
    async fn run(options: RetryOptions, results: &[Attempt<u32>]) -> (usize, u32, u128) {
        let (mut attempts, begin) = (0, Instant::now());
        let attempt = || {
            attempts += 1;
            std::future::ready(results[(attempts - 1).min(results.len() - 1)].clone())
        };
        let last = retry(&options, attempt).await;
        (attempts, last, begin.elapsed().as_millis())
    }

    #[tokio::test(start_paused = true)]
    async fn retries_follow_the_options() {
        use Attempt::{Final, Retryable};
        let options = || {
            RetryOptions::exponential(ExponentialRetryOptions {
                initial_delay: azure_core::time::Duration::seconds(1),
                max_retries: 2,
                ..ExponentialRetryOptions::default()
            })
        };
        let (attempts, last, elapsed) = run(options(), &[Retryable(1)]).await;
        assert_eq!((attempts, last), (3, 1));
        assert!((6000..=6600).contains(&elapsed), "{elapsed}");
        let (attempts, last, _) = run(options(), &[Retryable(1), Final(2), Final(3)]).await;
        assert_eq!((attempts, last), (2, 2));
        let (attempts, last, elapsed) = run(RetryOptions::none(), &[Retryable(1), Final(2)]).await;
        assert_eq!((attempts, last, elapsed), (1, 1, 0));
    }
}
