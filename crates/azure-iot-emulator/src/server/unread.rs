//! Handling of request bodies that have not been read completely when the response is ready.
//!
//! Clients fail if the response arrives before they have sent the request. Over HTTP/1.1 the rest of the body would
//! be taken for the next request, so the connection must be closed (RFC 9112, section 9.3); over HTTP/2 the stream
//! is reset, which curl 7 reports as an error of the response. Therefore the response waits until a body of
//! reasonable length has been read. If the body is longer or slower, the response announces that the connection
//! will be closed, and reading continues for a limited time, so that a client that sends the whole body first still
//! receives the response. A client that waits for `100 Continue` receives the response instead.

use std::time::Duration;

use http::header::{CONNECTION, HeaderValue};
use http::{HeaderMap, Version};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};

/// Maximum number of bytes that a response waits for.
const WAIT_LIMIT: u64 = 16 * 1024 * 1024;
/// Maximum time that a response waits for the body.
const WAIT_TIMEOUT: Duration = Duration::from_secs(1);
/// Maximum time for which reading continues after the response.
const LINGER_TIMEOUT: Duration = Duration::from_secs(10);

/// The HTTP version of a request, and its use of `Expect`.
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

/// Discards the rest of a body before its response is sent. If the rest is too long or too slow, adds a header that
/// announces the close of the connection.
pub(super) async fn discard(mut body: Incoming, sending: Sending, response: &mut HeaderMap) {
    // Reading would make hyper send `100 Continue`, and thus request the body (RFC 9110, section 10.1.1).
    let invited = !sending.waits || sending.version >= Version::HTTP_2;
    if body.is_end_stream() || (invited && skip(&mut body).await) {
        return;
    }
    // HTTP/2 has no such header, and only the stream is closed.
    if sending.version < Version::HTTP_2 {
        response.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    if invited {
        tokio::spawn(tokio::time::timeout(LINGER_TIMEOUT, async move {
            while let Some(Ok(_)) = body.frame().await {}
        }));
    }
}

/// Reads the rest of a body. Returns false if it has more than [`WAIT_LIMIT`] bytes or takes longer than
/// [`WAIT_TIMEOUT`].
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
            // After an error the connection ends anyway.
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
