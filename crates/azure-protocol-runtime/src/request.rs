//! A request that has not been sent.

use std::fmt;
use std::marker::PhantomData;

use bytes::Bytes;
use progenitor_client::Error;
use reqwest::header::HeaderMap;
use reqwest::{Method, Url};

use crate::Operation;

/// The request of one operation, complete except for authentication.
///
/// It can be inspected, changed, cloned and sent more than once. `T` is the type of the response body.
///
/// `Debug` shows neither header values nor the body, because they may contain device keys and signatures.
pub struct TypedRequest<T> {
    /// Metadata of the operation.
    pub operation: &'static Operation,
    /// The HTTP method.
    pub method: Method,
    /// The URL, with the `api-version` in its query unless the operation sends it elsewhere.
    pub url: Url,
    /// The headers that belong to the operation.
    pub headers: HeaderMap,
    /// The serialized body, if the operation has one.
    pub body: Option<Bytes>,
    response: PhantomData<fn() -> T>,
}

impl<T> TypedRequest<T> {
    /// Wraps a request built by generated code, and adds the `api-version` to its query.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidRequest`] if the body is a stream, which could not be sent again in a retry.
    #[expect(clippy::result_large_err, reason = "generated code returns this error")]
    pub fn new<E>(
        operation: &'static Operation,
        request: reqwest::Request,
        api_version: &str,
    ) -> Result<Self, Error<E>> {
        let mut typed = Self::unversioned(operation, request)?;
        typed
            .url
            .query_pairs_mut()
            .append_pair("api-version", api_version);
        Ok(typed)
    }

    /// Wraps a request like [`new`](Self::new), with the `api-version` in a header.
    ///
    /// # Errors
    ///
    /// Same as [`new`](Self::new). Also fails if the version is not a valid header value.
    #[expect(clippy::result_large_err, reason = "generated code returns this error")]
    pub fn with_version_header<E>(
        operation: &'static Operation,
        request: reqwest::Request,
        api_version: &str,
    ) -> Result<Self, Error<E>> {
        let mut typed = Self::unversioned(operation, request)?;
        typed.headers.insert("api-version", api_version.try_into()?);
        Ok(typed)
    }

    /// Wraps a request like [`new`](Self::new), for an operation that has no `api-version`, or has it in the path.
    ///
    /// # Errors
    ///
    /// Same as [`new`](Self::new).
    #[expect(clippy::result_large_err, reason = "generated code returns this error")]
    pub fn unversioned<E>(
        operation: &'static Operation,
        mut request: reqwest::Request,
    ) -> Result<Self, Error<E>> {
        let body = match request.body().map(reqwest::Body::as_bytes) {
            None => None,
            Some(Some(bytes)) => Some(Bytes::copy_from_slice(bytes)),
            Some(None) => {
                return Err(Error::InvalidRequest(
                    "body: must not be a stream, which a retry could not send again; pass bytes".to_owned(),
                ));
            }
        };
        Ok(Self {
            operation,
            method: request.method().clone(),
            url: request.url().clone(),
            headers: std::mem::take(request.headers_mut()),
            body,
            response: PhantomData,
        })
    }

    /// Changes the type of the response body.
    #[must_use]
    pub fn cast<U>(self) -> TypedRequest<U> {
        TypedRequest {
            operation: self.operation,
            method: self.method,
            url: self.url,
            headers: self.headers,
            body: self.body,
            response: PhantomData,
        }
    }
}

impl<T> Clone for TypedRequest<T> {
    fn clone(&self) -> Self {
        Self {
            operation: self.operation,
            method: self.method.clone(),
            url: self.url.clone(),
            headers: self.headers.clone(),
            body: self.body.clone(),
            response: PhantomData,
        }
    }
}

impl<T> fmt::Debug for TypedRequest<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TypedRequest")
            .field("operation", &self.operation.id)
            .field("method", &self.method)
            .field("url", &self.url.as_str())
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("body_length", &self.body.as_ref().map(Bytes::len))
            .finish()
    }
}

impl<T> From<TypedRequest<T>> for reqwest::Request {
    fn from(request: TypedRequest<T>) -> Self {
        let mut result = Self::new(request.method, request.url);
        *result.headers_mut() = request.headers;
        *result.body_mut() = request.body.map(reqwest::Body::from);
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUT: Operation = Operation {
        id: "things_put",
        method: "PUT",
        ..Operation::UNKNOWN
    };

    fn built(change: impl FnOnce(reqwest::RequestBuilder) -> reqwest::RequestBuilder) -> reqwest::Request {
        let request = reqwest::Client::new().put("http://h/things/a%2Fb?x=1");
        change(request).build().unwrap()
    }

    #[test]
    fn the_api_version_is_appended_to_the_query() {
        let request = TypedRequest::<()>::new::<()>(&PUT, built(|r| r), "2021-04-12").unwrap();
        assert_eq!(
            request.url.as_str(),
            "http://h/things/a%2Fb?x=1&api-version=2021-04-12"
        );
        assert_eq!((request.method, request.body), (Method::PUT, None));
    }

    #[test]
    fn the_api_version_is_sent_only_where_the_operation_declares_it() {
        let request = TypedRequest::<()>::with_version_header::<()>(&PUT, built(|r| r), "1").unwrap();
        assert_eq!(request.url.as_str(), "http://h/things/a%2Fb?x=1");
        assert_eq!(request.headers["api-version"], "1");
        let request = TypedRequest::<()>::unversioned::<()>(&PUT, built(|r| r)).unwrap();
        assert_eq!(request.url.as_str(), "http://h/things/a%2Fb?x=1");
        assert!(request.headers.is_empty());
    }

    #[test]
    fn conversion_to_reqwest_keeps_the_request() {
        let request = built(|r| r.header("if-match", "\"1\"").json(&[1, 2]));
        let request = TypedRequest::<()>::new::<()>(&PUT, request, "1").unwrap();
        let sent = reqwest::Request::from(request.clone());
        assert_eq!((sent.method(), sent.url()), (&request.method, &request.url));
        assert_eq!(sent.headers(), &request.headers);
        assert_eq!(sent.headers()["content-type"], "application/json");
        assert_eq!(sent.body().and_then(reqwest::Body::as_bytes), Some(&b"[1,2]"[..]));
    }

    #[test]
    fn a_streaming_body_is_refused() {
        let stream = futures::stream::iter([Ok::<_, std::io::Error>("chunk")]);
        let request = built(|r| r.body(reqwest::Body::wrap_stream(stream)));
        let refused = TypedRequest::<()>::new::<()>(&PUT, request, "1");
        assert!(matches!(refused, Err(Error::InvalidRequest(reason)) if reason.starts_with("body: ")));
    }

    #[test]
    fn debug_shows_no_header_value_and_no_body() {
        let request = built(|r| {
            r.header("authorization", "SharedAccessSignature sig=s3cret")
                .json(&["devicek3y"])
        });
        let request = TypedRequest::<()>::new::<()>(&PUT, request, "1").unwrap();
        let shown = format!("{request:?}");
        assert!(
            !shown.contains("s3cret") && !shown.contains("devicek3y"),
            "{shown}"
        );
        assert!(
            shown.contains("things_put") && shown.contains("authorization"),
            "{shown}"
        );
        assert!(shown.contains("body_length: Some(13)"), "{shown}");
    }
}
