//! The pager, which yields the client crate's errors.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context as TaskContext, Poll, ready};

use azure_core::http::pager::{Page, PageIterator, PagerContinuation, PagerOptions};
use azure_core::http::{Context, DeserializeWith, ItemIterator, JsonFormat, RawResponse, Response};
use azure_protocol_runtime::{Paging, TypedRequest};
use futures::Stream;
use serde::de::DeserializeOwned;
use url::Url;

use crate::decode;
use crate::error::{Error, ErrorKind, Result};
use crate::paging::{
    CONTINUATION_PARAMETER, CycleDetector, ItemPage, OTHER_LIST, Pages, apply_continuation, item_iterator,
};
use crate::pipeline::ServicePipeline;

/// A paged list: a stream of its items, or of its [pages](Self::into_pages).
///
/// A pager sends a request only when it is polled, one page at a time. `P` is the type of a page, `E` the client
/// crate's error type.
#[must_use = "a pager sends nothing until it is polled"]
pub struct Pager<P: Page + Send, E> {
    items: ItemIterator<P>,
    /// Decodes the last page again, and returns an error that names the invalid member.
    locate_error: Option<Box<dyn Fn() -> Option<Error> + Send>>,
    error: PhantomData<fn() -> E>,
}

impl<P: Page + Send, E> Pager<P, E> {
    /// Wraps azure_core's pager.
    pub fn new(items: ItemIterator<P>) -> Self {
        Self {
            items,
            locate_error: None,
            error: PhantomData,
        }
    }

    /// Returns a stream of pages instead of items. It starts with the current page, so no item is skipped.
    pub fn into_pages(self) -> PageStream<P, E> {
        PageStream {
            pages: self.items.into_pages(),
            error: PhantomData,
        }
    }

    /// Returns the token to resume the list with, for the method that returned the pager. `None` before the first and
    /// after the last page. The token refers to the current page, so no item is skipped.
    #[must_use]
    pub fn continuation_token(&self) -> Option<String> {
        self.items
            .continuation()
            .map(|continuation| continuation.as_ref().to_owned())
    }

    /// Returns azure_core's pager, which yields azure_core's errors.
    pub fn into_inner(self) -> ItemIterator<P> {
        self.items
    }
}

impl<P: Page + Send + 'static, E> Pager<P, E> {
    pub(crate) fn of_pages(
        pipeline: ServicePipeline,
        method: &'static str,
        first: TypedRequest<()>,
        continuation_token: Option<String>,
        context: Context<'static>,
        page: impl Fn(RawResponse) -> Result<P> + Send + Sync + 'static,
    ) -> Result<Self> {
        let paging = first.operation.paging;
        let continuation = continuation_token.map(|token| parse(paging, token)).transpose()?;
        if let Some(continuation) = &continuation {
            // An invalid token fails here instead of when the pager is polled.
            apply_continuation(&mut first.clone(), continuation.clone())?;
        }
        let pages = Pages {
            pipeline,
            method,
            first,
            cycle: Mutex::new(CycleDetector::new(continuation.as_ref().map(AsRef::as_ref))),
        };
        let options = PagerOptions {
            context,
            continuation,
        };
        Ok(Self::new(item_iterator(pages, options, page)))
    }
}

impl<T, E> Pager<Response<ItemPage<T>>, E>
where
    T: DeserializeOwned + Send + 'static,
    ItemPage<T>: DeserializeWith<JsonFormat>,
{
    pub(crate) fn of_items(
        pipeline: ServicePipeline,
        method: &'static str,
        first: TypedRequest<()>,
        continuation_token: Option<String>,
        context: Context<'static>,
    ) -> Result<Self> {
        // azure_core's decoding errors do not name the member. Each body is therefore kept until the next page arrives,
        // to be decoded again if azure_core fails to decode it.
        let last = Arc::new(Mutex::new(None));
        let seen = last.clone();
        let page = move |response: RawResponse| {
            *seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(response.body().clone());
            Ok(response.into())
        };
        let locate_error = move || {
            let body = last.lock().unwrap_or_else(PoisonError::into_inner).take()?;
            decode::from_slice::<ItemPage<T>>("page", &body).err()
        };
        Ok(Self {
            locate_error: Some(Box::new(locate_error)),
            ..Self::of_pages(pipeline, method, first, continuation_token, context, page)?
        })
    }
}

/// Parses a continuation token. Refuses a token from a different kind of list, because the service would ignore it and
/// return the first page again.
fn parse(paging: Paging, token: String) -> Result<PagerContinuation> {
    let link = Url::parse(&token).ok().filter(|url| url.has_host());
    match (paging, link) {
        (Paging::NextLink, Some(link)) => Ok(PagerContinuation::Link(link)),
        (Paging::BodyToken | Paging::HeaderToken, None) => Ok(PagerContinuation::Token(token)),
        _ => Err(Error::invalid_input(CONTINUATION_PARAMETER, OTHER_LIST)),
    }
}

impl<P, E> Stream for Pager<P, E>
where
    P: Page + Send,
    E: From<azure_core::Error>,
{
    type Item = Result<P::Item, E>;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<Option<Self::Item>> {
        let item = ready!(Pin::new(&mut self.items).poll_next(task));
        Poll::Ready(item.map(|item| item.map_err(|error| E::from(self.with_member(error)))))
    }
}

impl<P: Page + Send, E> Pager<P, E> {
    /// Replaces a decoding error with an error that names the member.
    fn with_member(&self, error: azure_core::Error) -> azure_core::Error {
        let ours = Error::from(error);
        let located = match (&self.locate_error, ours.kind()) {
            // An error without an operation is a decoding error.
            (Some(locate), ErrorKind::InvalidResponse) if ours.operation().is_none() => locate(),
            _ => None,
        };
        located.unwrap_or(ours).into()
    }
}

impl<P: Page + Send, E> fmt::Debug for Pager<P, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pager").finish_non_exhaustive()
    }
}

/// The pages of a list: see [`Pager::into_pages`].
#[must_use = "a stream sends nothing until it is polled"]
pub struct PageStream<P: Send, E> {
    pages: PageIterator<P>,
    error: PhantomData<fn() -> E>,
}

impl<P: Send, E> PageStream<P, E> {
    /// Returns the token of the next page, for the method that returned the pager. `None` before the first and after
    /// the last page.
    #[must_use]
    pub fn continuation_token(&self) -> Option<String> {
        self.pages
            .continuation()
            .map(|continuation| continuation.as_ref().to_owned())
    }

    /// Returns azure_core's iterator, which yields azure_core's errors.
    pub fn into_inner(self) -> PageIterator<P> {
        self.pages
    }
}

impl<P: Send, E: From<azure_core::Error>> Stream for PageStream<P, E> {
    type Item = Result<P, E>;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<Option<Self::Item>> {
        let page = ready!(Pin::new(&mut self.pages).poll_next(task));
        Poll::Ready(page.map(|page| page.map_err(E::from)))
    }
}

impl<P: Send, E> fmt::Debug for PageStream<P, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PageStream").finish_non_exhaustive()
    }
}
