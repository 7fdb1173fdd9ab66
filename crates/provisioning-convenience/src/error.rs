//! The error type of all calls.

mod code;
mod predicates;

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use azure_core::http::headers::Headers;
use azure_core::http::{RawResponse, StatusCode};
use azure_service_core::{ConnectionFailure, ErrorDetail};
use serde_json::{Value, json};

pub use azure_service_core::ErrorKind;
pub use code::ErrorCode;

/// The result of a call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call failed.
///
/// Use the predicates to tell failures apart. The accessors return the service's code, message and ids. Pagers also
/// yield this error. `Response::into_model` returns `azure_core::Error`, which `?` converts to this one.
///
/// # Display and `source()`
///
/// `Display` is one line that says what failed and why, such as
/// `the service returned 404 404201: Enrollment not found. (get_individual_enrollment)`. `source()` returns an error
/// only if that adds information.
///
/// # Example
///
/// ```
/// use provisioning_convenience::{Error, ProvisioningServiceClient};
///
/// async fn is_enrolled(dps: &ProvisioningServiceClient, registration_id: &str) -> Result<bool, Error> {
///     match dps.get_individual_enrollment(registration_id).await {
///         Ok(_) => Ok(true),
///         Err(error) if error.is_not_found() => Ok(false),
///         Err(error) => Err(error),
///     }
/// }
/// ```
#[derive(Clone)]
pub struct Error(azure_service_core::Error);

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()
    }
}

impl From<azure_service_core::Error> for Error {
    fn from(core: azure_service_core::Error) -> Self {
        Self(core)
    }
}

impl From<azure_core::Error> for Error {
    fn from(error: azure_core::Error) -> Self {
        azure_service_core::Error::from(error).into()
    }
}

impl AsRef<azure_service_core::Error> for Error {
    fn as_ref(&self) -> &azure_service_core::Error {
        &self.0
    }
}

/// Constructors.
impl Error {
    /// Creates an error for an invalid `parameter`; `reason` completes the sentence "`parameter` …".
    pub(crate) fn invalid_input(parameter: &str, reason: impl Into<String>) -> Self {
        azure_service_core::Error::invalid_input(parameter, reason).into()
    }

    /// Creates the error for a failed entry of a bulk operation, as if the entry had been sent in a separate request.
    pub(crate) fn of_entry(number: i32, message: &str) -> Self {
        let code = u32::try_from(number).ok().map(ErrorCode::from_number);
        let status = code.and_then(|code| u16::try_from(code.http_status()).ok());
        let status = StatusCode::from(status.filter(|status| (400..600).contains(status)).unwrap_or(400));
        let body = json!({ "errorCode": number, "message": message }).to_string();
        let response = RawResponse::from_bytes(status, Headers::new(), body);
        azure_service_core::Error::from_response(&response).into()
    }

    /// Creates an error for an invalid response.
    pub(crate) fn invalid_response(reason: impl Into<String>) -> Self {
        azure_service_core::Error::with_message(ErrorKind::InvalidResponse, reason).into()
    }

    /// Creates an error of the kind [`ErrorKind::Other`].
    pub(crate) fn other(reason: impl Into<String>) -> Self {
        azure_service_core::Error::with_message(ErrorKind::Other, reason).into()
    }
}

/// Accessors.
impl Error {
    /// Returns the general kind of failure.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind()
    }

    /// Returns the HTTP status of the last response, or `None` if there was none.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.status()
    }

    /// Returns the service's error code as the service wrote it: a name, or the digits of a number.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.0.code()
    }

    /// Returns the service's error code as a number, or `None` if the code is missing or not a number.
    #[must_use]
    pub fn error_code(&self) -> Option<ErrorCode> {
        ErrorCode::parse(self.code()?)
    }

    /// Returns the service's message, or the client's if no request was sent.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.0.message()
    }

    /// Returns the details that the service lists for the error; may be empty.
    #[must_use]
    pub fn details(&self) -> &[ErrorDetail] {
        self.0.details()
    }

    /// Returns the inner error exactly as the service wrote it.
    #[must_use]
    pub fn inner_error(&self) -> Option<&Value> {
        self.0.inner_error()
    }

    /// Returns the service's tracking id, which Azure support asks for.
    #[must_use]
    pub fn tracking_id(&self) -> Option<&str> {
        self.0.tracking_id()
    }

    /// Returns the service's request id, from the header `x-ms-request-id`.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id()
    }

    /// Returns the method that failed, such as `get_individual_enrollment`. `None` if an argument was refused.
    #[must_use]
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation()
    }

    /// Returns the name of the invalid parameter, if the error is about one.
    #[must_use]
    pub fn parameter(&self) -> Option<&str> {
        self.0.parameter()
    }

    /// Returns why the connection could not be established, if the call failed for that reason.
    #[must_use]
    pub fn connection_failure(&self) -> Option<&ConnectionFailure> {
        self.0.connection_failure()
    }

    /// Returns the number of requests that were sent, or 0 if the call failed before the first one.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.attempts()
    }

    /// Returns the wait that the service asks for before the next attempt (`Retry-After`).
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after()
    }

    /// Returns the beginning of the response body, at most 1000 characters.
    #[must_use]
    pub fn body(&self) -> Option<&str> {
        self.0.body()
    }
}
