//! The body of an answer that is an error by its status and a result by its content.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use azure_core::Bytes;
use azure_core::error::ErrorKind;
use azure_core::http::policies::{Policy, PolicyResult};
use azure_core::http::{AsyncRawResponse, Context, Request, StatusCode};

/// Where the body is kept. A value of the call's context.
#[derive(Debug, Clone, Default)]
pub(crate) struct KeptBody(Arc<Mutex<Option<Bytes>>>);

impl KeptBody {
    pub(crate) fn take(&self) -> Option<Bytes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Keeps the body of an answer with status 400 for calls whose context asks for it.
///
/// The service reports partly failed bulk operations so, with what failed in the body; the error that the call ends
/// with has only the beginning of it.
#[derive(Debug)]
pub(crate) struct KeepBody;

#[async_trait]
impl Policy for KeepBody {
    async fn send(&self, ctx: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        let Some((policy, rest)) = next.split_first() else {
            return Err(azure_core::Error::with_message(
                ErrorKind::Other,
                "the pipeline has no transport",
            ));
        };
        let response = policy.send(ctx, request, rest).await?;
        match ctx.value::<KeptBody>() {
            Some(kept) if response.status() == StatusCode::BadRequest => {
                let (status, headers, body) = response.try_into_raw_response().await?.deconstruct();
                let body = Bytes::from(body);
                *kept.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(body.clone());
                Ok(AsyncRawResponse::from_bytes(status, headers, body))
            }
            _ => Ok(response),
        }
    }
}
