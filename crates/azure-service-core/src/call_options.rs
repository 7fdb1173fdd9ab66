//! How calls are made.

use std::fmt;
use std::time::Duration;

use azure_core::http::headers::{HeaderName, HeaderValue};
use azure_core::http::{Context, RetryOptions};

/// How calls are made: given to a client's `with_call_options`, it applies to every method, pager and poller of that
/// client.
///
/// Options that are given twice replace each other as a whole; they are not merged.
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
    /// Values for policies, and the span that calls belong to.
    pub context: Context<'static>,
    /// How long one attempt may take, from the request to the end of the response. Default: 60 seconds, or longer for
    /// operations that take longer by nature. What is given here applies to those as well.
    pub attempt_timeout: Option<Duration>,
    /// How often and when calls are repeated. Default: as the `ClientOptions` say.
    pub retry: Option<RetryOptions>,
    /// Headers for every request. One that the operation sets itself stays as it is.
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

impl fmt::Debug for CallOptions {
    /// Shows neither context nor values of headers: they may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<_> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("CallOptions")
            .field("attempt_timeout", &self.attempt_timeout)
            .field("retry", &self.retry)
            .field("headers", &headers)
            .finish_non_exhaustive()
    }
}
