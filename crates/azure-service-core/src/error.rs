//! The error that all calls share.

mod convert;
mod envelope;
mod kind;
mod text;

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use azure_core::http::RawResponse;
use serde_json::Value;

use crate::header::header;

pub use envelope::ErrorDetail;
pub use kind::ErrorKind;

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
/// # fn read_twin() -> Result<u32, azure_service_core::Error> { Err(azure_service_core::Error::invalid_input("id", "must not be empty")) }
/// match read_twin() {
///     Ok(twin) => println!("{twin}"),
///     Err(error) if error.is_not_found() => println!("there is no such twin"),
///     Err(error) if error.is_throttled() => println!("come back in {:?}", error.retry_after()),
///     Err(error) => println!("{error}"),
/// }
/// ```
#[derive(Clone, thiserror::Error)]
#[error(transparent)]
pub struct Error(Box<Repr>);

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[derive(Clone, thiserror::Error)]
#[error("{}", text::Text(self))]
struct Repr {
    kind: ErrorKind,
    /// The operation's id, if the error came from one.
    operation: Option<&'static str>,
    /// The parameter that is invalid.
    parameter: Option<String>,
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
    #[source]
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// Constructors, for the crates that make calls.
impl Error {
    fn new(kind: ErrorKind) -> Self {
        Self(Box::new(Repr {
            kind,
            operation: None,
            parameter: None,
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
            source: None,
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
        repr.retry_after = crate::retry::retry_after(response.headers());
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
        self.0.source = Some(Arc::new(source));
        self
    }

    /// The error with the operation that failed and the number of requests that were sent for it.
    #[must_use]
    pub(crate) fn with_call(mut self, operation: &'static str, attempts: u32) -> Self {
        self.0.operation = Some(operation);
        self.0.attempts = attempts;
        self
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

    /// The service's own code for the error, such as `DeviceNotFound`, as the service wrote it. Where it only gives a
    /// number, the number's digits.
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

    /// The id of the operation that failed, such as `devices_get_twin`.
    #[must_use]
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation
    }

    /// The name of the parameter that is invalid.
    #[must_use]
    pub fn parameter(&self) -> Option<&str> {
        self.0.parameter.as_deref()
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

    /// What the service says about the inside of the error (`innererror`, or IoT Hub's `info`), as it wrote it.
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

/// The questions that programs ask.
impl Error {
    fn is_service(&self, status: u16) -> bool {
        self.0.kind == ErrorKind::Service && self.0.status == Some(status)
    }

    /// What was asked for does not exist. Not true for a device that exists and is [offline](Self::is_device_offline).
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.is_service(404) && !self.is_device_offline()
    }

    /// What should be created exists already, or is in a state that forbids the operation.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.is_service(409)
    }

    /// The ETag is not the current one. Read again, decide again, write again.
    ///
    /// After more than one [attempt](Self::attempts), the first may have been the one that changed the ETag.
    #[must_use]
    pub fn is_precondition_failed(&self) -> bool {
        self.is_service(412)
    }

    /// Too many requests. See [`retry_after`](Self::retry_after).
    #[must_use]
    pub fn is_throttled(&self) -> bool {
        self.is_service(429)
    }

    /// The service does not accept the credential. IoT Hub also says so if a policy lacks a permission.
    #[must_use]
    pub fn is_unauthorized(&self) -> bool {
        self.is_service(401)
    }

    /// The caller is known and may not do this, or a quota is used up.
    #[must_use]
    pub fn is_forbidden(&self) -> bool {
        self.is_service(403)
    }

    /// The device exists, but is not connected, so that it cannot be reached.
    #[must_use]
    pub fn is_device_offline(&self) -> bool {
        // A method's error has the number only.
        self.0.kind == ErrorKind::Service && matches!(self.code(), Some("DeviceNotOnline" | "404103"))
    }

    /// The time was up.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        self.0.timed_out || self.is_service(408) || self.is_service(504)
    }

    /// There was no connection to the service; the request was not sent.
    #[must_use]
    pub fn is_connection(&self) -> bool {
        self.0.kind == ErrorKind::Connection
    }

    /// The service may or may not have processed the request.
    #[must_use]
    pub fn is_unknown_outcome(&self) -> bool {
        self.0.kind == ErrorKind::UnknownOutcome
    }

    /// The credential gave no token.
    #[must_use]
    pub fn is_credential(&self) -> bool {
        self.0.kind == ErrorKind::Credential
    }

    /// The caller gave something that cannot be sent. See [`parameter`](Self::parameter).
    #[must_use]
    pub fn is_invalid_input(&self) -> bool {
        self.0.kind == ErrorKind::InvalidInput
    }
}
