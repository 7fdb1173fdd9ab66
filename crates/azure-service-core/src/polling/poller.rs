//! The poller that gives the errors of the client crate.

use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll, ready};

use azure_core::http::Response;
use futures::Stream;
use futures::future::BoxFuture;
use serde::de::DeserializeOwned;

use crate::error::Result;
use crate::polling::Job;

/// A job of the service: awaited, it gives the last document; as a stream, every document until the job has ended.
///
/// It does nothing unless it is polled. `T` is the job's document, `E` the error of the client crate.
#[must_use = "a poller sends nothing until it is awaited or polled"]
pub struct Poller<T: DeserializeOwned, E> {
    inner: azure_core::http::Poller<Job<T>>,
    error: PhantomData<fn() -> E>,
}

impl<T: DeserializeOwned, E> Poller<T, E> {
    /// The poller over azure_core's.
    pub fn new(inner: azure_core::http::Poller<Job<T>>) -> Self {
        Self {
            inner,
            error: PhantomData,
        }
    }

    /// azure_core's poller, whose errors are azure_core's.
    pub fn into_inner(self) -> azure_core::http::Poller<Job<T>> {
        self.inner
    }
}

impl<T: DeserializeOwned, E: From<azure_core::Error>> Stream for Poller<T, E> {
    type Item = Result<Response<Job<T>>, E>;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<Option<Self::Item>> {
        let document = ready!(Pin::new(&mut self.inner).poll_next(task));
        Poll::Ready(document.map(|document| document.map_err(E::from)))
    }
}

impl<T, E> IntoFuture for Poller<T, E>
where
    T: DeserializeOwned + Send + 'static,
    E: From<azure_core::Error> + 'static,
{
    type Output = Result<Response<T>, E>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        let future = self.inner.into_future();
        Box::pin(async move { future.await.map_err(E::from) })
    }
}

impl<T: DeserializeOwned, E> fmt::Debug for Poller<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Poller").finish_non_exhaustive()
    }
}
