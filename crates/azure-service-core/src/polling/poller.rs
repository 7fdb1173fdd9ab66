//! The poller, which yields the client crate's errors.

use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll, ready};

use azure_core::http::Response;
use futures::Stream;
use futures::future::BoxFuture;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};
use crate::polling::Job;

/// A poller of a job. Awaiting it returns the last document; as a stream it yields each document until the job has
/// ended.
///
/// A poller sends nothing until it is awaited or polled. If it is awaited after its stream has ended, it returns an
/// error. `T` is the type of the document, `E` the client crate's error type.
#[must_use = "a poller sends nothing until it is awaited or polled"]
pub struct Poller<T: DeserializeOwned, E> {
    inner: azure_core::http::Poller<Job<T>>,
    /// Whether the stream has ended; azure_core's stream panics if it is polled again.
    ended: bool,
    error: PhantomData<fn() -> E>,
}

impl<T: DeserializeOwned, E> Poller<T, E> {
    /// Wraps azure_core's poller.
    pub fn new(inner: azure_core::http::Poller<Job<T>>) -> Self {
        Self {
            inner,
            ended: false,
            error: PhantomData,
        }
    }

    /// Returns azure_core's poller, which yields azure_core's errors.
    pub fn into_inner(self) -> azure_core::http::Poller<Job<T>> {
        self.inner
    }
}

impl<T: DeserializeOwned, E: From<azure_core::Error>> Stream for Poller<T, E> {
    type Item = Result<Response<Job<T>>, E>;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<Option<Self::Item>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let document = ready!(Pin::new(&mut self.inner).poll_next(task));
        self.ended = document.is_none();
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
        Box::pin(async move {
            if self.ended {
                let reason =
                    "has been read to its end; await it before that, or use the last job of the stream";
                return Err(E::from(Error::invalid_input("poller", reason).into()));
            }
            self.inner.into_future().await.map_err(E::from)
        })
    }
}

impl<T: DeserializeOwned, E> fmt::Debug for Poller<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Poller").finish_non_exhaustive()
    }
}
