//! The part of a request body that no one has read when the response is ready.
//!
//! A response that overtakes its request breaks clients: over HTTP/1.1 the rest of the body would be taken for the next
//! request, so the connection has to close (RFC 9112, section 9.3), and over HTTP/2 the stream is reset, which curl 7
//! reports as an error of the response. Responses therefore wait for a body of reasonable length. For a longer or slower
//! one, the response announces the close of the connection, and reading continues for a while, so that a client that
//! sends its whole body first still sees the response. A client that waits for `100 Continue` gets the response instead.

use std::time::Duration;

use http::header::{CONNECTION, HeaderValue};
use http::{HeaderMap, Version};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};

/// The maximum length that a response waits for, in bytes.
const WAIT_LIMIT: u64 = 16 * 1024 * 1024;
/// The maximum time that a response waits.
const WAIT_TIMEOUT: Duration = Duration::from_secs(1);
/// The maximum time of reading after the response.
const LINGER_TIMEOUT: Duration = Duration::from_secs(10);

/// How the client sends its body.
#[derive(Clone, Copy)]
pub(super) struct Sending {
    pub(super) version: Version,
    /// Whether the client waits for `100 Continue` or the response, whichever comes first.
    pub(super) waits: bool,
}

impl Sending {
    pub(super) fn of<B>(request: &http::Request<B>) -> Self {
        Self {
            version: request.version(),
            waits: request.headers().contains_key(http::header::EXPECT),
        }
    }
}

/// Discards the rest of a body before its response is sent. If the rest is too long, the response says that the
/// connection will be closed.
pub(super) async fn discard(mut body: Incoming, sending: Sending, response: &mut HeaderMap) {
    // Reading would ask for the body with `100 Continue` (RFC 9110, section 10.1.1).
    let invited = !sending.waits || sending.version >= Version::HTTP_2;
    if body.is_end_stream() || (invited && skip(&mut body).await) {
        return;
    }
    // HTTP/2 has no such header, and closes only the stream.
    if sending.version < Version::HTTP_2 {
        response.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    if invited {
        tokio::spawn(tokio::time::timeout(LINGER_TIMEOUT, async move {
            while let Some(Ok(_)) = body.frame().await {}
        }));
    }
}

/// Reads a body and returns whether that was all of it: not more than [`WAIT_LIMIT`] bytes, within [`WAIT_TIMEOUT`].
async fn skip(body: &mut Incoming) -> bool {
    let read = async {
        let mut rest = WAIT_LIMIT;
        while !body.is_end_stream() {
            if body.size_hint().lower() > rest {
                return false;
            }
            let Some(frame) = body.frame().await else {
                return true;
            };
            // After an error, the connection ends in any case.
            let Ok(frame) = frame else { return false };
            let length = frame.data_ref().map_or(0, |data| data.len() as u64);
            match rest.checked_sub(length) {
                Some(left) => rest = left,
                None => return false,
            }
        }
        true
    };
    tokio::time::timeout(WAIT_TIMEOUT, read).await.unwrap_or(false)
}
