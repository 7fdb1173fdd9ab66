//! Access to the headers and the model of a response.

use std::time::Duration;

use azure_core::http::{Etag, RawResponse, Response};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::decode;
use crate::error::{Error, ErrorKind, Result};
use crate::header::{header, retry_after};
use crate::precondition::{Precondition, etag};

/// Access to the headers of any response, and decoding with errors that name the member.
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
    /// The type of the body.
    type Model;

    /// Returns the ETag of the version that was read or written.
    fn etag(&self) -> Option<Etag>;

    /// Returns the precondition that the resource has not changed since this response.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidResponse`] if the response has no ETag.
    fn precondition(&self) -> Result<Precondition>;

    /// Returns the service's request id, which Azure support asks for.
    fn request_id(&self) -> Option<&str>;

    /// Returns the wait that the service asks for before the next request (`Retry-After`).
    fn retry_after(&self) -> Option<Duration>;

    /// Decodes the body like `into_model`, with an error that names the member.
    ///
    /// `into_model` returns azure_core's error, which has only line and column if the model is the caller's own type. A
    /// response without a body decodes as `None` if the model is an `Option`, whereas `into_model` fails.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidResponse`] if the body does not decode as the model.
    fn decode(self) -> Result<Self::Model>
    where
        Self::Model: DeserializeOwned;
}

impl<T, F> ResponseExt for Response<T, F> {
    type Model = T;

    fn etag(&self) -> Option<Etag> {
        etag(self.headers())
    }

    fn precondition(&self) -> Result<Precondition> {
        Precondition::from_etag(ResponseExt::etag(self))
    }

    fn request_id(&self) -> Option<&str> {
        header(self.headers(), "x-ms-request-id")
    }

    fn retry_after(&self) -> Option<Duration> {
        retry_after(self.headers())
    }

    fn decode(self) -> Result<T>
    where
        T: DeserializeOwned,
    {
        let response = RawResponse::from(self);
        if response.body().is_empty()
            && let Ok(none) = serde_json::from_value(Value::Null)
        {
            // The model accepts `null`, such as the `Option` of a response that may lack a body.
            return Ok(none);
        }
        decode::from_slice("response", response.body())
    }
}

impl Precondition {
    /// Returns the precondition that the resource still has `etag`, the ETag in its model.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidResponse`] if `etag` is `None`.
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
