//! The error that all calls share.

mod chain;
mod connection;
mod convert;
mod envelope;
mod kind;
mod parts;
mod questions;
mod text;

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use azure_core::http::RawResponse;
use serde_json::Value;

use crate::header::{header, retry_after};

pub use connection::{CertificateFailure, ConnectionFailure};
pub use envelope::ErrorDetail;
pub(crate) use envelope::code_in;
pub use kind::ErrorKind;
pub(crate) use text::Seconds;

/// The result of a call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call failed.
///
/// An error tells what happened ([`kind`](Self::kind)), what the service said about it ([`status`](Self::status),
/// [`code`](Self::code), [`message`](Self::message)) and what its support asks for ([`tracking_id`](Self::tracking_id),
/// [`request_id`](Self::request_id)). The predicates answer the questions that programs ask.
///
/// # Example
///
/// ```
/// # fn read_room() -> Result<u32, azure_service_core::Error> { Err(azure_service_core::Error::invalid_input("id", "must not be empty")) }
/// match read_room() {
///     Ok(room) => println!("{room}"),
///     Err(error) if error.is_not_found() => println!("there is no such room"),
///     Err(error) if error.is_throttled() => println!("come back in {:?}", error.retry_after()),
///     Err(error) => println!("{error}"),
/// }
/// ```
///
/// # Display and `source()`
///
/// `Display` is one line that says what failed and why, such as
/// `cannot connect to localhost:5671: connection refused (get_room, 4 attempts)`. [`source`](StdError::source) is there
/// only if it adds something, so that a report that prints the whole chain says nothing twice. `Debug` has everything.
#[derive(Clone)]
pub struct Error(Box<Repr>);

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&text::Text(&self.0), f)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        let cause: &(dyn StdError + 'static) = self.0.cause.as_deref()?;
        match self.0.kind {
            // The message is the end of the chain; what is between only says through which layers it came.
            ErrorKind::Connection | ErrorKind::UnknownOutcome | ErrorKind::InvalidResponse => None,
            _ => chain::chain(cause).find(|error| !self.says(&error.to_string())),
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
    /// The method that failed, if the error came from one.
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
    /// Whether the message is the whole headline.
    verbatim: bool,
    /// Whether the request may run twice.
    repeatable: bool,
    connection: Option<ConnectionFailure>,
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
            cause: None,
        }))
    }

    /// An error of the given kind with a text.
    #[must_use]
    pub fn with_message(kind: ErrorKind, message: impl Into<String>) -> Self {
        let mut error = Self::new(kind);
        error.0.message = Some(message.into());
        error
    }

    /// The caller gave a `parameter` that cannot be sent; `reason` completes "`parameter` …".
    #[must_use]
    pub fn invalid_input(parameter: impl Into<String>, reason: impl Into<String>) -> Self {
        let mut error = Self::with_message(ErrorKind::InvalidInput, reason);
        error.0.parameter = Some(parameter.into());
        error
    }

    /// There is no connection to `target`, a host name with a port.
    #[must_use]
    pub fn connection(target: impl Into<String>, cause: impl StdError + Send + Sync + 'static) -> Self {
        Self::new(ErrorKind::Connection)
            .with_connection_failure(ConnectionFailure::of(&cause))
            .with_target(target)
            .with_source(cause)
    }

    /// What `response` reports, whatever its body looks like.
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
        // The body of an unexpected success may hold what was asked for, keys included.
        if status >= 300 {
            repr.body = envelope::excerpt(response.body());
        }
        error
    }

    /// A job ended with `status`; its document may say why.
    pub(crate) fn job_failed(status: &str, job: &Value) -> Self {
        let parsed = envelope::parse_value(job);
        let reason = ["failureReason", "statusMessage"]
            .iter()
            .find_map(|name| job.get(name)?.as_str());
        let reason = parsed
            .message
            .as_deref()
            .or(reason)
            .unwrap_or("it does not say why");
        let mut error = Self::with_message(
            ErrorKind::JobFailed,
            format!("the job ended as {status}: {reason}"),
        );
        error.0.code = parsed.code;
        error.0.details = parsed.details;
        error.0.inner_error = parsed.inner_error;
        error
    }

    /// The error with the error it came from.
    #[must_use]
    pub fn with_source(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.0.cause = Some(Arc::new(source));
        self
    }

    /// The error of a request to `target`, a host name with a port.
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

    /// Whether the message says `text` already.
    fn says(&self, text: &str) -> bool {
        self.0
            .message
            .as_deref()
            .is_some_and(|message| message.contains(text))
    }

    /// The error of a call of which earlier attempts were answered with `status`.
    #[must_use]
    pub(crate) fn with_last_status(mut self, status: Option<u16>) -> Self {
        self.0.status = self.0.status.or(status);
        self
    }
}

/// What happened.
impl Error {
    /// What went wrong, coarsely.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The HTTP status of the last answer, `None` if there was none.
    ///
    /// A call that was repeated may end with a broken connection after the service had answered 503: the kind is
    /// [`ErrorKind::UnknownOutcome`] then and the status 503.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// The service's own code for the error, as the service wrote it. Where it only gives a number, the number's digits.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// The service's explanation, or ours if the service was not asked.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.0.message.as_deref()
    }

    /// The id under which the service's support finds the failure.
    #[must_use]
    pub fn tracking_id(&self) -> Option<&str> {
        self.0.tracking_id.as_deref()
    }

    /// The service's id of the request, from the header `x-ms-request-id`.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// The method that failed, such as `get_room`.
    #[must_use]
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation
    }

    /// The name of the parameter that is invalid.
    #[must_use]
    pub fn parameter(&self) -> Option<&str> {
        self.0.parameter.as_deref()
    }

    /// Why there is no connection to the service, if that is what failed.
    #[must_use]
    pub fn connection_failure(&self) -> Option<&ConnectionFailure> {
        self.0.connection.as_ref()
    }

    /// How many requests were sent; 0 if the call failed before the first.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// How long the service asks to wait before the next attempt.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Errors that make up this one, if the service lists them.
    #[must_use]
    pub fn details(&self) -> &[ErrorDetail] {
        &self.0.details
    }

    /// What the service says about the inside of the error (`innererror` or `info`), as it wrote it.
    #[must_use]
    pub fn inner_error(&self) -> Option<&Value> {
        self.0.inner_error.as_ref()
    }

    /// The beginning of the answer's body, at most 1000 characters.
    #[must_use]
    pub fn body(&self) -> Option<&str> {
        self.0.body.as_deref()
    }
}
