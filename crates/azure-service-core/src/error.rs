//! The error type of all calls.

mod chain;
mod connection;
mod convert;
mod display;
mod envelope;
mod kind;
mod parts;
mod predicates;

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use azure_core::http::RawResponse;
use serde_json::Value;

use crate::clock_skew::ClockSkew;
use crate::header::{header, retry_after, service_time};

pub use connection::{CertificateFailure, ConnectionFailure};
pub(crate) use display::Seconds;
pub use envelope::ErrorDetail;
pub(crate) use envelope::code_in;
pub use kind::ErrorKind;

/// The result of a call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The error of a failed call.
///
/// Programs use the predicates, such as [`is_not_found`](Self::is_not_found). The accessors give the coarse
/// [`kind`](Self::kind), the service's [`status`](Self::status), [`code`](Self::code) and [`message`](Self::message),
/// and the [`tracking_id`](Self::tracking_id) and [`request_id`](Self::request_id) that Azure support asks for.
///
/// # Example
///
/// ```
/// # fn read_room() -> Result<u32, azure_service_core::Error> { Err(azure_service_core::Error::invalid_input("id", "must not be empty")) }
/// match read_room() {
///     Ok(room) => println!("{room}"),
///     Err(error) if error.is_not_found() => println!("there is no such room"),
///     Err(error) if error.is_throttled() => println!("retry after {:?}", error.retry_after()),
///     Err(error) => println!("{error}"),
/// }
/// ```
///
/// # Display and `source()`
///
/// `Display` is one line that says what failed and why, such as `cannot connect to localhost:5671: connection refused
/// (get_room, 4 attempts)`. [`source`](StdError::source) is `Some` only if it adds information, so a report of the
/// whole chain has no repetition. `Debug` shows all fields.
#[derive(Clone)]
pub struct Error(Box<Repr>);

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&display::OneLine(&self.0), f)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        let cause: &(dyn StdError + 'static) = self.0.cause.as_deref()?;
        match self.0.kind {
            // The message already is the root cause's, and the errors around it only name layers.
            ErrorKind::Connection | ErrorKind::UnknownOutcome | ErrorKind::InvalidResponse => None,
            _ => chain::chain(cause).find(|error| !self.message_contains(&error.to_string())),
        }
    }
}

impl AsRef<Self> for Error {
    fn as_ref(&self) -> &Self {
        self
    }
}

#[derive(Clone)]
struct Repr {
    kind: ErrorKind,
    /// The public method that failed, if the error came from one.
    operation: Option<&'static str>,
    /// The parameter that is invalid.
    parameter: Option<String>,
    /// Host and port of the service.
    target: Option<String>,
    status: Option<u16>,
    code: Option<String>,
    message: Option<String>,
    tracking_id: Option<String>,
    request_id: Option<String>,
    retry_after: Option<Duration>,
    details: Vec<ErrorDetail>,
    inner_error: Option<Value>,
    body: Option<String>,
    attempts: u32,
    timed_out: bool,
    /// Whether `Display` begins with the message instead of a headline for the kind.
    verbatim: bool,
    /// Whether the request is safe to repeat.
    repeatable: bool,
    connection: Option<ConnectionFailure>,
    /// The clock skew, if the service refused the credential and the skew may be the reason.
    clock_skew: Option<ClockSkew>,
    cause: Option<Arc<dyn StdError + Send + Sync>>,
}

/// Constructors, for the crates that make calls.
impl Error {
    fn new(kind: ErrorKind) -> Self {
        Self(Box::new(Repr {
            kind,
            operation: None,
            parameter: None,
            target: None,
            status: None,
            code: None,
            message: None,
            tracking_id: None,
            request_id: None,
            retry_after: None,
            details: Vec::new(),
            inner_error: None,
            body: None,
            attempts: 0,
            timed_out: false,
            verbatim: false,
            repeatable: false,
            connection: None,
            clock_skew: None,
            cause: None,
        }))
    }

    /// Creates an error of the given kind with a message.
    #[must_use]
    pub fn with_message(kind: ErrorKind, message: impl Into<String>) -> Self {
        let mut error = Self::new(kind);
        error.0.message = Some(message.into());
        error
    }

    /// Creates the error for an invalid `parameter`. `reason` continues the text "invalid `parameter`: …".
    #[must_use]
    pub fn invalid_input(parameter: impl Into<String>, reason: impl Into<String>) -> Self {
        let mut error = Self::with_message(ErrorKind::InvalidInput, reason);
        error.0.parameter = Some(parameter.into());
        error
    }

    /// Creates the error for a failed connection to `target`, a host name with a port.
    #[must_use]
    pub fn connection(target: impl Into<String>, cause: impl StdError + Send + Sync + 'static) -> Self {
        Self::new(ErrorKind::Connection)
            .with_connection_failure(ConnectionFailure::of(&cause))
            .with_target(target)
            .with_source(cause)
    }

    /// Creates the error that `response` reports. Accepts any body.
    #[must_use]
    pub fn from_response(response: &RawResponse) -> Self {
        let mut error = Self::new(ErrorKind::Service);
        let status = u16::from(response.status());
        let parsed = envelope::parse(response.headers(), response.body());
        let repr = &mut *error.0;
        repr.status = Some(status);
        repr.code = parsed.code;
        repr.message = parsed.message;
        repr.tracking_id = parsed.tracking_id;
        repr.details = parsed.details;
        repr.inner_error = parsed.inner_error;
        repr.request_id = header(response.headers(), "x-ms-request-id").map(str::to_owned);
        repr.retry_after = retry_after(response.headers());
        if status == 401 {
            repr.clock_skew = service_time(response.headers()).and_then(ClockSkew::from_service_time);
        }
        // An unexpected success may return a resource with its keys, so its body is not kept.
        if status >= 300 {
            repr.body = envelope::excerpt(response.body());
        }
        error
    }

    /// Creates the error for a job that ended with `status`. The message is the reason in the job's document, if any.
    pub(crate) fn job_failed(status: &str, job: &Value) -> Self {
        let parsed = envelope::parse_value(job);
        let reason = ["failureReason", "statusMessage"]
            .iter()
            .find_map(|name| job.get(name)?.as_str());
        let reason = parsed.message.as_deref().or(reason).unwrap_or("no reason given");
        let mut error = Self::with_message(ErrorKind::JobFailed, format!("status {status}, {reason}"));
        error.0.code = parsed.code;
        error.0.details = parsed.details;
        error.0.inner_error = parsed.inner_error;
        error
    }

    /// Sets the source.
    #[must_use]
    pub fn with_source(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.0.cause = Some(Arc::new(source));
        self
    }

    /// Sets the host and port that the request was sent to.
    #[must_use]
    pub(crate) fn with_target(mut self, target: impl Into<String>) -> Self {
        self.0.target = Some(target.into());
        self
    }

    fn with_connection_failure(mut self, failure: ConnectionFailure) -> Self {
        self.0.timed_out |= failure == ConnectionFailure::Timeout;
        self.0.message = Some(failure.to_string());
        self.0.connection = Some(failure);
        self
    }

    fn message_contains(&self, text: &str) -> bool {
        self.0
            .message
            .as_deref()
            .is_some_and(|message| message.contains(text))
    }

    /// Sets the status of an earlier attempt, unless the error already has a status.
    #[must_use]
    pub(crate) fn with_last_status(mut self, status: Option<u16>) -> Self {
        self.0.status = self.0.status.or(status);
        self
    }
}

/// Accessors.
impl Error {
    /// Returns the coarse kind of failure.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns the HTTP status of the last response, `None` if there was none.
    ///
    /// If an attempt returns 503 and the connection breaks during the retry, the kind is [`ErrorKind::UnknownOutcome`]
    /// and the status is 503.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// Returns the service's error code unchanged: either a name or a number in digits.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// Returns the service's message or, for an error that the service did not report, the client's message, if any.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.0.message.as_deref()
    }

    /// Returns the service's tracking id, which Azure support asks for.
    #[must_use]
    pub fn tracking_id(&self) -> Option<&str> {
        self.0.tracking_id.as_deref()
    }

    /// Returns the service's request id, from the header `x-ms-request-id`.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// Returns the public method that failed, such as `get_room`.
    #[must_use]
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation
    }

    /// Returns the name of the invalid parameter.
    #[must_use]
    pub fn parameter(&self) -> Option<&str> {
        self.0.parameter.as_deref()
    }

    /// Returns the reason that the connection could not be established, or `None` for other failures.
    #[must_use]
    pub fn connection_failure(&self) -> Option<&ConnectionFailure> {
        self.0.connection.as_ref()
    }

    /// Returns the number of requests that were sent; 0 if the call failed before the first request.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Returns the wait that the service asks for before the next attempt (`Retry-After`).
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Returns the error's details, if the service lists any.
    #[must_use]
    pub fn details(&self) -> &[ErrorDetail] {
        &self.0.details
    }

    /// Returns the service's `innererror` or `info` unchanged.
    #[must_use]
    pub fn inner_error(&self) -> Option<&Value> {
        self.0.inner_error.as_ref()
    }

    /// Returns the beginning of the response body, at most 1000 characters.
    #[must_use]
    pub fn body(&self) -> Option<&str> {
        self.0.body.as_deref()
    }
}
