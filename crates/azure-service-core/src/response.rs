//! What every response says in its headers.

use azure_core::http::{Etag, Response};

use crate::error::{Error, ErrorKind, Result};
use crate::header::header;
use crate::precondition::{Precondition, etag};

/// What every response says in its headers, whatever its body is.
///
/// # Example
///
/// ```
/// use azure_core::http::headers::Headers;
/// use azure_core::http::{RawResponse, Response, StatusCode};
/// use azure_service_core::{Precondition, ResponseExt};
///
/// let mut headers = Headers::new();
/// headers.insert("etag", "\"7\"");
/// let response: Response<()> = RawResponse::from_bytes(StatusCode::Ok, headers, "").into();
/// assert_eq!(response.precondition()?, Precondition::IfMatch("\"7\"".into()));
/// # Ok::<(), azure_service_core::Error>(())
/// ```
pub trait ResponseExt {
    /// The ETag of the version just read or written.
    fn etag(&self) -> Option<Etag>;

    /// The precondition that nothing has changed since this response.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidResponse`] if the response has no ETag.
    fn precondition(&self) -> Result<Precondition>;

    /// The service's id of the request, which its support asks for.
    fn request_id(&self) -> Option<&str>;
}

impl<T, F> ResponseExt for Response<T, F> {
    fn etag(&self) -> Option<Etag> {
        etag(self.headers())
    }

    fn precondition(&self) -> Result<Precondition> {
        Precondition::from_etag(ResponseExt::etag(self))
    }

    fn request_id(&self) -> Option<&str> {
        header(self.headers(), "x-ms-request-id")
    }
}

impl Precondition {
    /// The precondition that what was read with `etag` has not changed. For models that carry an ETag.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidResponse`] if there is none.
    pub fn from_etag(etag: Option<Etag>) -> Result<Self> {
        etag.map(Self::IfMatch).ok_or_else(|| {
            Error::with_message(
                ErrorKind::InvalidResponse,
                "the response has no ETag, so a conditional write is not possible; use \
                 Precondition::Unconditional to overwrite",
            )
        })
    }
}
