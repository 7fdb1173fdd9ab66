//! Response bodies: complete, chunked or truncated.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::Response;
use http::header::{CONTENT_LENGTH, HeaderValue, TRANSFER_ENCODING};
use http_body_util::{Either, Full};
use hyper::body::{Body, Frame};

use crate::service::response::ServiceResponse;

pub(super) type ResponseBody = Either<Full<Bytes>, Either<ChunkedBody, HalfBody>>;

/// Returns a response without a body.
pub(super) fn empty() -> ResponseBody {
    Either::Left(Full::new(Bytes::new()))
}

/// Converts a service's response. If `truncate` is set, the connection breaks after half of the body.
pub(super) fn into_http(response: ServiceResponse, truncate: bool) -> Response<ResponseBody> {
    let mut http = Response::new(empty());
    *http.status_mut() = response.status;
    *http.headers_mut() = response.headers;
    if truncate {
        http.headers_mut().remove(TRANSFER_ENCODING);
        http.headers_mut()
            .insert(CONTENT_LENGTH, HeaderValue::from(response.body.len()));
        let half = response.body.slice(..response.body.len() / 2);
        *http.body_mut() = Either::Right(Either::Right(HalfBody {
            half: Some(half),
            flushed: false,
        }));
    } else if http.headers_mut().remove(TRANSFER_ENCODING).is_some() {
        // Hyper adds `Transfer-Encoding` if the HTTP version supports it.
        *http.body_mut() = Either::Right(Either::Left(ChunkedBody(Some(response.body))));
    } else {
        *http.body_mut() = Either::Left(Full::new(response.body));
    }
    http
}

/// A body of unknown length.
pub(super) struct ChunkedBody(Option<Bytes>);

impl Body for ChunkedBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.take().map(|body| Ok(Frame::data(body))))
    }
}

/// A body that consists of the first half of a response and then an error, on which hyper breaks the
/// connection.
pub(super) struct HalfBody {
    half: Option<Bytes>,
    flushed: bool,
}

impl Body for HalfBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(half) = self.half.take() {
            return Poll::Ready(Some(Ok(Frame::data(half))));
        }
        if !self.flushed {
            // Returning `Pending` makes hyper flush the first half before the error breaks the connection.
            self.flushed = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(io::Error::other("truncated by a fault rule"))))
    }
}
