//! A call of a public method: its name, and how its requests are sent.

use std::time::Duration;

use azure_core::http::pager::Page;
use azure_core::http::{Context, RawResponse, Response};
use azure_core::http::{DeserializeWith, JsonFormat};
use azure_protocol_runtime::TypedRequest;
use serde::de::DeserializeOwned;

use crate::client::ServiceClient;
use crate::error::{Error, Result};
use crate::paging::{ItemPage, Pager};
use crate::pipeline::{Failure, ResponseTimeout};
use crate::polling::{self, Poller};

/// A call of a public method, made by [`ServiceClient::call`].
///
/// The method's name is that of the span, and [`Error::operation`] if the call fails.
///
/// Requests are given as what the generated client built, or as the error of a check before. A request that cannot be
/// built is an error of [`send`](Self::send), [`list`](Self::list) and [`job`](Self::job) themselves, not of the pager
/// or poller.
#[derive(Debug)]
#[must_use = "a call sends nothing until a request is given to it"]
pub struct MethodCall<'a, C> {
    client: &'a ServiceClient<C>,
    method: &'static str,
    attempt_timeout: Option<Duration>,
}

impl<C> ServiceClient<C> {
    /// A call of the public method `method`, such as `get_room`: gives the name to its span and its errors.
    pub fn call(&self, method: &'static str) -> MethodCall<'_, C> {
        MethodCall {
            client: self,
            method,
            attempt_timeout: None,
        }
    }
}

impl<C> MethodCall<'_, C> {
    /// How long an attempt may take, for an operation that takes longer by nature. What the caller has put into
    /// [`CallOptions`](crate::CallOptions) goes before it.
    pub fn with_attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = Some(timeout);
        self
    }

    fn context(&self) -> Context<'static> {
        let mut context = self.client.pipeline().context(self.method);
        if let Some(timeout) = self.attempt_timeout {
            context.insert(ResponseTimeout(timeout));
        }
        context
    }

    /// Sends a request and returns the response, to be decoded with `into_model` as whatever type the caller names.
    ///
    /// # Errors
    ///
    /// Everything that [`ErrorKind`](crate::ErrorKind) lists but `JobFailed`; a response that cannot be decoded shows
    /// only in `into_model`.
    pub async fn send<A, E, T, F>(self, request: Result<TypedRequest<A>, E>) -> Result<Response<T, F>>
    where
        E: Into<Error>,
    {
        Ok(self.send_with_failure(request).await?)
    }

    /// Sends a request whose failures have a result in them: see [`Failure`].
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
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

    /// A list of which every page is one request. `first` is the request for the first page; how the list goes on, the
    /// table of operations knows:
    ///
    /// * with a link: the same request goes to the link, byte for byte, if that has the client's own origin;
    /// * with a token: the same request carries the token, as a header or as a member of its body.
    ///
    /// `continuation_token` is that of an earlier pager, to go on where it stopped.
    ///
    /// # Errors
    ///
    /// At once if the request cannot be built, or if `continuation_token` is that of another list or leads away from the
    /// service. The pager yields all others; a link to somewhere else is an
    /// [`ErrorKind::InvalidResponse`](crate::ErrorKind).
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

    /// Like [`list`](Self::list), with pages of another type that `page` makes of responses.
    ///
    /// # Errors
    ///
    /// As [`list`](Self::list).
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

    /// A job that `start` starts and `get` reads until it has come to an end.
    ///
    /// Awaiting the poller gives the last document; as a stream it yields every one. If the response to `start` has an
    /// `Operation-Location`, that is read instead, with the headers of `get`; it must have the client's own origin.
    /// Between two reads the poller waits as long as the service asks, else for `interval` (at least one second, 30 by
    /// default).
    ///
    /// A job that runs already is watched by [`watch_job`](Self::watch_job).
    ///
    /// # Errors
    ///
    /// At once if a request cannot be built. The poller yields all others. A job that failed or was cancelled is an error of kind
    /// [`ErrorKind::JobFailed`](crate::ErrorKind::JobFailed) when awaited; the stream yields its document. So is a job
    /// whose status is `unknown` in three responses in a row: there is none.
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
        Ok(self.poll(start.cast(), get.cast(), interval))
    }

    /// A job that exists, which `get` reads until it has come to an end. As [`job`](Self::job) in all else.
    ///
    /// # Errors
    ///
    /// As [`job`](Self::job).
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
        Ok(self.poll(get.clone(), get, interval))
    }

    fn poll<T, Err>(
        self,
        start: TypedRequest<()>,
        get: TypedRequest<()>,
        interval: Option<Duration>,
    ) -> Poller<T, Err>
    where
        T: DeserializeOwned + Send + 'static,
    {
        let options = polling::options(self.context(), interval);
        let pipeline = self.client.pipeline();
        Poller::new(polling::poll(pipeline, self.method, start, get, options))
    }
}
