//! Per-call options.

use std::fmt;
use std::time::Duration;

use azure_core::http::headers::{HeaderName, HeaderValue};
use azure_core::http::{Context, RetryOptions};

/// Timeout, retries, headers and context of calls.
///
/// A client's `with_call_options` applies them to each of its methods, pagers and pollers. A second
/// `with_call_options` replaces all earlier options; they are not merged.
///
/// # Example
///
/// ```
/// use azure_core::http::RetryOptions;
/// use azure_service_core::CallOptions;
/// use std::time::Duration;
///
/// let options = CallOptions {
///     attempt_timeout: Some(Duration::from_secs(5)),
///     retry: Some(RetryOptions::none()),
///     ..CallOptions::default()
/// };
/// ```
#[derive(Clone, Default)]
pub struct CallOptions {
    /// Context of the calls: values for pipeline policies, and the parent span.
    pub context: Context<'static>,
    /// Timeout of one attempt, from the request to the end of the response. Default: 60 seconds, longer for some
    /// operations. A value set here applies to those too.
    pub attempt_timeout: Option<Duration>,
    /// Timeout of one call, including all attempts and the waits between them. Default: the client's `call_timeout`, or
    /// 90 seconds if it has none; slow operations extend the default, and it is never shorter than `attempt_timeout`. A
    /// value set here applies to all operations.
    ///
    /// Each page of a list, each read of a job and each request of a method that sends several requests is a call. A
    /// call fails at once if the service asks for a `Retry-After` beyond the timeout.
    pub call_timeout: Option<Duration>,
    /// Retries. Default: those of the `ClientOptions`.
    pub retry: Option<RetryOptions>,
    /// Headers added to every request. Headers that the operation sets are not overwritten.
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

impl fmt::Debug for CallOptions {
    /// Omits the context and header values, which may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<_> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("CallOptions")
            .field("attempt_timeout", &self.attempt_timeout)
            .field("call_timeout", &self.call_timeout)
            .field("retry", &self.retry)
            .field("headers", &headers)
            .finish_non_exhaustive()
    }
}
