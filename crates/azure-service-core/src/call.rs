//! How a generated method becomes a call.
//!
//! The generated code builds the request and names the type of the answer. It gets an executor that lives for one
//! call: it sends the request through the pipeline and keeps the answer. The generated code is left there, waiting, and
//! dropped; the caller takes the kept answer, undecoded, so that nothing is decoded twice and no error is squeezed
//! through a foreign type.

use std::future::{Future, pending, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use azure_core::http::{Context, RawResponse, Response};
use azure_protocol_runtime::{Executor, Operation, ProtocolClient};
use futures::future::BoxFuture;
use progenitor_client::ResponseValue;
use url::Url;

use crate::error::{Error, Result};
use crate::pipeline::{Failure, ServicePipeline, to_azure};

/// Calls one operation of a generated client and returns its answer, to be decoded with `into_model`.
///
/// The type of the answer is that of the generated method. `operation` must call one operation and await it in place
/// (not in a task of its own); it is dropped as soon as the answer is there, so nothing that follows would run.
///
/// # Errors
///
/// Everything that [`ErrorKind`](crate::ErrorKind) lists but `JobFailed`; an answer that cannot be decoded shows only
/// in `into_model`.
pub async fn call<C, T, E, Fut>(
    protocol: &C,
    pipeline: &ServicePipeline,
    context: Context<'_>,
    operation: impl FnOnce(C) -> Fut,
) -> Result<Response<T>>
where
    C: ProtocolClient,
    Fut: Future<Output = Result<ResponseValue<T>, progenitor_client::Error<E>>>,
{
    Ok(call_with_answer(protocol, pipeline, context, operation).await?)
}

/// The same, but a failure comes with the answer that says so: see [`Failure`].
pub(crate) async fn call_with_answer<C, T, E, Fut>(
    protocol: &C,
    pipeline: &ServicePipeline,
    context: Context<'_>,
    operation: impl FnOnce(C) -> Fut,
) -> Result<Response<T>, Failure>
where
    C: ProtocolClient,
    Fut: Future<Output = Result<ResponseValue<T>, progenitor_client::Error<E>>>,
{
    let answer = capture(protocol, pipeline, None, context, operation).await?;
    Ok(answer.response.into())
}

/// An answer with what is needed to ask on.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) operation: &'static Operation,
    pub(crate) response: RawResponse,
    /// Where the call wanted to go; a policy may have sent it elsewhere. Boxed, so that futures stay small.
    pub(crate) url: Box<Url>,
    /// Whether `url` was a link.
    pub(crate) linked: bool,
}

/// Runs `operation` with an executor that keeps the answer. With a `link`, the request goes there instead, method,
/// headers and body unchanged.
pub(crate) async fn capture<C, T, E, Fut>(
    protocol: &C,
    pipeline: &ServicePipeline,
    link: Option<Url>,
    context: Context<'_>,
    operation: impl FnOnce(C) -> Fut,
) -> Result<Answer, Failure>
where
    C: ProtocolClient,
    Fut: Future<Output = Result<ResponseValue<T>, progenitor_client::Error<E>>>,
{
    let capture = Arc::new(Capture {
        pipeline: pipeline.clone(),
        context: context.into_owned(),
        link,
        answer: Mutex::default(),
    });
    let mut operation = pin!(operation(protocol.with_executor(capture.clone())));
    poll_fn(|task| {
        let ended = operation.as_mut().poll(task);
        if let Some(answer) = capture.answer().take() {
            return Poll::Ready(answer);
        }
        // Ended without an answer: the request could not be built.
        ended.map(|result| Err(result.map_or_else(Error::from, |_| Error::nothing_sent()).into()))
    })
    .await
}

/// The executor of one call.
#[derive(Debug)]
struct Capture {
    pipeline: ServicePipeline,
    context: Context<'static>,
    link: Option<Url>,
    answer: Mutex<Option<Result<Answer, Failure>>>,
}

impl Capture {
    fn answer(&self) -> MutexGuard<'_, Option<Result<Answer, Failure>>> {
        self.answer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Executor for Capture {
    fn execute<'a>(
        &'a self,
        request: reqwest::Request,
        operation: &'static Operation,
    ) -> BoxFuture<'a, reqwest::Result<reqwest::Response>> {
        // Before the future, which is smaller with one request in it: beyond 1 KB, allocators get slow.
        let mut request = to_azure(&request, self.link.as_ref());
        Box::pin(async move {
            let answer = match &mut request {
                Ok(request) => {
                    let url = Box::new(request.url().clone());
                    match self.pipeline.send(operation, request, &self.context).await {
                        Ok(response) => Ok(Answer {
                            operation,
                            response,
                            url,
                            linked: self.link.is_some(),
                        }),
                        Err(failure) => Err(failure),
                    }
                }
                Err(error) => Err(error.clone().into()),
            };
            *self.answer() = Some(answer);
            // `capture` polls this, finds the answer and does not poll again.
            pending().await
        })
    }
}

/// The executor of a generated client that is used directly: the same pipeline, but the generated code gets the answer.
#[derive(Debug)]
pub(crate) struct Relay(pub(crate) ServicePipeline);

impl Executor for Relay {
    fn execute<'a>(
        &'a self,
        request: reqwest::Request,
        operation: &'static Operation,
    ) -> BoxFuture<'a, reqwest::Result<reqwest::Response>> {
        let mut request = to_azure(&request, None);
        Box::pin(async move {
            let request = match &mut request {
                Ok(request) => request,
                Err(error) => return carry(error.clone()).await,
            };
            match self.0.send(operation, request, &Context::new()).await {
                Ok(response) => Ok(to_reqwest(response, None)),
                // The generated code reports an answer that is no success as it is; what we know of it goes along.
                Err(Failure {
                    error,
                    response: Some(response),
                }) => Ok(to_reqwest(*response, Some(error))),
                Err(Failure {
                    error,
                    response: None,
                }) => carry(error).await,
            }
        })
    }
}

fn to_reqwest(response: RawResponse, error: Option<Error>) -> reqwest::Response {
    let (status, headers, body) = response.deconstruct();
    let mut result = http::Response::new(azure_core::Bytes::from(body));
    *result.status_mut() =
        http::StatusCode::from_u16(u16::from(status)).unwrap_or(http::StatusCode::BAD_GATEWAY);
    for (name, value) in headers {
        let name = http::HeaderName::try_from(name.as_str());
        let value = http::HeaderValue::try_from(value.as_str());
        if let (Ok(name), Ok(value)) = (name, value) {
            result.headers_mut().insert(name, value);
        }
    }
    if let Some(error) = error {
        result.extensions_mut().insert(error);
    }
    result.into()
}

/// A `reqwest::Error` with `error` in its chain of sources.
///
/// There is no constructor for one, so a body is read that fails with `error`.
async fn carry(error: Error) -> reqwest::Result<reqwest::Response> {
    let failing = futures::stream::once(std::future::ready(Err::<azure_core::Bytes, _>(error)));
    let response: reqwest::Response = http::Response::new(reqwest::Body::wrap_stream(failing)).into();
    match response.bytes().await {
        Err(error) => Err(error),
        Ok(body) => Ok(http::Response::new(body).into()),
    }
}
