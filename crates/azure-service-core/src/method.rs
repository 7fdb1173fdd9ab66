//! The calls that public methods make.

use std::time::Duration;

use azure_core::http::pager::Page;
use azure_core::http::{Context, RawResponse, Response};
use azure_core::http::{DeserializeWith, JsonFormat};
use azure_protocol_runtime::TypedRequest;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::client::ServiceClient;
use crate::error::{Error, Result};
use crate::limits::AttemptTimeout;
use crate::paging::{ItemPage, Pager};
use crate::pipeline::Failure;
use crate::polling::{self, GetJob, Poller};

/// A call of a public method, created by [`ServiceClient::call`].
///
/// The span and [`Error::operation`] have the name of the method.
///
/// Requests are passed as the results of the generated functions that build them. An invalid request is an error of
/// [`send`](Self::send), [`list`](Self::list) or [`job`](Self::job), not of the pager or poller.
#[derive(Debug)]
#[must_use = "a call does nothing until it is given a request"]
pub struct MethodCall<'a, C> {
    client: &'a ServiceClient<C>,
    method: &'static str,
    attempt_timeout: Option<Duration>,
}

impl<C> ServiceClient<C> {
    /// Starts a call of the public method `method`, such as `get_room`. Its span and its errors have this name.
    pub fn call(&self, method: &'static str) -> MethodCall<'_, C> {
        MethodCall {
            client: self,
            method,
            attempt_timeout: None,
        }
    }
}

impl<C> MethodCall<'_, C> {
    /// Sets the timeout of an attempt, for a slow operation, and extends the timeout of the call by the same
    /// duration. The timeouts of [`CallOptions`](crate::CallOptions) take precedence.
    pub fn with_attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = Some(timeout);
        self
    }

    fn context(&self) -> Context<'static> {
        let mut context = self.client.pipeline().context(self.method);
        if let Some(timeout) = self.attempt_timeout {
            context.insert(AttemptTimeout(timeout));
        }
        context
    }

    /// Sends a request and returns the response; `into_model` decodes it.
    ///
    /// # Errors
    ///
    /// Any [`ErrorKind`](crate::ErrorKind) except `JobFailed`. A response that cannot be decoded fails in `into_model`.
    pub async fn send<A, E, T, F>(self, request: Result<TypedRequest<A>, E>) -> Result<Response<T, F>>
    where
        E: Into<Error>,
    {
        Ok(self.send_with_failure(request).await?)
    }

    /// Sends a request whose error response may carry a result: see [`Failure`].
    ///
    /// # Errors
    ///
    /// Same as [`send`](Self::send).
    pub async fn send_with_failure<A, E, T, F>(
        self,
        request: Result<TypedRequest<A>, E>,
    ) -> Result<Response<T, F>, Failure>
    where
        E: Into<Error>,
    {
        let request = request.map_err(Into::into)?.cast();
        let response = self
            .client
            .pipeline()
            .send_as(self.method, request, self.context())
            .await?;
        Ok(response.into())
    }

    /// Lists items page by page. `first` requests the first page; the operation's metadata defines how the next page
    /// is requested:
    ///
    /// * by link: the request is repeated with the link as its URL, unchanged byte for byte. The link must have the
    ///   client's origin;
    /// * by token: the request is repeated with the token in a header or in a member of its body.
    ///
    /// `continuation_token` resumes the list at the token of an earlier pager.
    ///
    /// # Errors
    ///
    /// Fails at once if the request cannot be built, or if `continuation_token` belongs to a different list or is a
    /// link to a different origin. The pager yields all other errors; a response with a link to a different origin is
    /// an [`ErrorKind::InvalidResponse`](crate::ErrorKind).
    pub fn list<T, Err, A, E>(
        self,
        first: Result<TypedRequest<A>, E>,
        continuation_token: Option<String>,
    ) -> Result<Pager<Response<ItemPage<T>>, Err>, Err>
    where
        Err: From<Error>,
        T: DeserializeOwned + Send + 'static,
        ItemPage<T>: DeserializeWith<JsonFormat>,
        E: Into<Error>,
    {
        Ok(Pager::of_items(
            self.client.pipeline().clone(),
            self.method,
            first.map_err(Into::into)?.cast(),
            continuation_token,
            self.context(),
        )?)
    }

    /// Lists items like [`list`](Self::list). `page` builds the pages from the responses.
    ///
    /// # Errors
    ///
    /// Same as [`list`](Self::list).
    pub fn list_pages<P, Err, A, E>(
        self,
        first: Result<TypedRequest<A>, E>,
        continuation_token: Option<String>,
        page: impl Fn(RawResponse) -> Result<P> + Send + Sync + 'static,
    ) -> Result<Pager<P, Err>, Err>
    where
        Err: From<Error>,
        P: Page + Send + 'static,
        E: Into<Error>,
    {
        Ok(Pager::of_pages(
            self.client.pipeline().clone(),
            self.method,
            first.map_err(Into::into)?.cast(),
            continuation_token,
            self.context(),
            page,
        )?)
    }

    /// Starts a job with `start` and reads it with `get` until it has ended.
    ///
    /// Awaiting the poller returns the last document; as a stream it yields each document. If the response to `start`
    /// has an `Operation-Location` of the client's origin, that URL is read instead, with the headers of `get`.
    /// Between two reads the poller waits for the service's `Retry-After`, or else for `interval` (at least one
    /// second, 30 by default).
    ///
    /// Use [`watch_job`](Self::watch_job) for a job that has been started.
    ///
    /// # Errors
    ///
    /// Fails at once if a request cannot be built. The poller yields all other errors. Awaiting a job that failed or
    /// was canceled returns an error of kind [`ErrorKind::JobFailed`](crate::ErrorKind::JobFailed); the stream yields
    /// its document. A job whose status is `unknown` in three consecutive responses does not exist and counts as
    /// failed.
    pub fn job<T, Err, A, B, E, F>(
        self,
        start: Result<TypedRequest<A>, E>,
        get: Result<TypedRequest<B>, F>,
        interval: Option<Duration>,
    ) -> Result<Poller<T, Err>, Err>
    where
        T: DeserializeOwned + Send + 'static,
        Err: From<Error>,
        E: Into<Error>,
        F: Into<Error>,
    {
        let (start, get) = (start.map_err(Into::into)?, get.map_err(Into::into)?);
        Ok(self.poll(start.cast(), GetJob::known(get.cast()), interval))
    }

    /// Starts a job with `start` and reads it until it has ended, like [`job`](Self::job), with the request that `get`
    /// builds from the document in the response to `start`. For jobs whose id the service assigns.
    ///
    /// # Errors
    ///
    /// Same as [`job`](Self::job). The poller yields the errors that `get` returns.
    pub fn job_by_response<T, Err, A, B, E, F>(
        self,
        start: Result<TypedRequest<A>, E>,
        get: impl Fn(&Value) -> Result<TypedRequest<B>, F> + Send + Sync + 'static,
        interval: Option<Duration>,
    ) -> Result<Poller<T, Err>, Err>
    where
        T: DeserializeOwned + Send + 'static,
        Err: From<Error>,
        E: Into<Error>,
        F: Into<Error>,
    {
        let start = start.map_err(Into::into)?.cast();
        let get = move |document: &Value| get(document).map(TypedRequest::cast).map_err(Into::into);
        Ok(self.poll(start, GetJob::from_response(get), interval))
    }

    /// Reads a started job with `get` until it has ended, like [`job`](Self::job).
    ///
    /// # Errors
    ///
    /// Same as [`job`](Self::job).
    pub fn watch_job<T, Err, A, E>(
        self,
        get: Result<TypedRequest<A>, E>,
        interval: Option<Duration>,
    ) -> Result<Poller<T, Err>, Err>
    where
        T: DeserializeOwned + Send + 'static,
        Err: From<Error>,
        E: Into<Error>,
    {
        let get: TypedRequest<()> = get.map_err(Into::into)?.cast();
        Ok(self.poll(get.clone(), GetJob::known(get), interval))
    }

    fn poll<T, Err>(self, start: TypedRequest<()>, get: GetJob, interval: Option<Duration>) -> Poller<T, Err>
    where
        T: DeserializeOwned + Send + 'static,
    {
        let options = polling::options(self.context(), interval);
        let pipeline = self.client.pipeline();
        Poller::new(polling::poll(pipeline, self.method, start, get, options))
    }
}
