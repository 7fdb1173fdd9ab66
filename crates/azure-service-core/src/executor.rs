//! The executor through which a generated client's async methods use the pipeline.

use azure_core::http::RawResponse;
use azure_protocol_runtime::{Executor, TypedRequest};
use futures::future::BoxFuture;

use crate::error::Error;
use crate::pipeline::{Failure, ServicePipeline};

/// An executor that sends requests through a client's pipeline.
#[derive(Debug)]
pub(crate) struct PipelineExecutor(pub(crate) ServicePipeline);

impl Executor for PipelineExecutor {
    fn execute(&self, request: TypedRequest<()>) -> BoxFuture<'_, reqwest::Result<reqwest::Response>> {
        Box::pin(async move {
            match self.0.send(request, self.0.call_options().context.clone()).await {
                Ok(response) => Ok(to_reqwest(response, None)),
                // Generated code expects error responses as responses; our error is attached as an extension.
                Err(Failure {
                    error,
                    response: Some(response),
                }) => Ok(to_reqwest(*response, Some(error))),
                Err(Failure {
                    error,
                    response: None,
                }) => Err(to_reqwest_error(error).await),
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

/// Wraps `error` in a `reqwest::Error`, the only error that generated code passes on.
///
/// `reqwest::Error` has no public constructor, so this reads a body that fails with `error`.
async fn to_reqwest_error(error: Error) -> reqwest::Error {
    let failing = futures::stream::once(std::future::ready(Err::<azure_core::Bytes, _>(error)));
    let response: reqwest::Response = http::Response::new(reqwest::Body::wrap_stream(failing)).into();
    #[expect(clippy::expect_used, reason = "the only chunk of the body is an error")]
    response.bytes().await.expect_err("the body fails")
}
