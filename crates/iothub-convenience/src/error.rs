//! The error type of all calls.

#[cfg(feature = "amqp")]
mod amqp;
mod code;
mod code_table;
mod detail;
mod predicates;

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use azure_service_core::{ConnectionFailure, ErrorDetail};
use serde_json::Value;

pub use azure_service_core::ErrorKind;
pub use code::ErrorCode;

use detail::Detail;

/// The result of a call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The error of a failed call.
///
/// Programs use the predicates. The accessors return the service's code, message and ids. If an argument was refused
/// before sending, [`invalid_id`](Self::invalid_id), [`invalid_key`](Self::invalid_key),
/// [`invalid_thumbprint`](Self::invalid_thumbprint) and [`invalid_twin`](Self::invalid_twin) return the details.
/// [`amqp`](Self::amqp) returns the AMQP error.
///
/// Pagers, pollers and streams yield this error too. `Response::into_model` returns `azure_core::Error`, which `?`
/// converts.
///
/// # Display and `source()`
///
/// `Display` is one line that says what failed and why, such as `cannot connect to my-hub.azure-devices.net:443:
/// connection refused (get_device, 4 attempts)`. `source()` is `Some` only if it adds information.
///
/// # Example
///
/// ```
/// use iothub_convenience::ErrorCode;
///
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (emulator, hub) = emulated_hub(&["thermostat-7"]).await?;
/// match hub.get_device("thermostat-7").await {
///     Ok(device) => println!("{:?}", device.into_model()?.status),
///     Err(error) if error.is_not_found() => println!("no such device"),
///     Err(error) if error.error_code() == Some(ErrorCode::IOTHUB_SUSPENDED) => println!("the hub is suspended"),
///     Err(error) => println!("{error}"),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Error {
    core: azure_service_core::Error,
    detail: Option<Detail>,
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.detail {
            Some(detail) => f.debug_tuple("Error").field(&self.core).field(detail).finish(),
            None => fmt::Debug::fmt(&self.core, f),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.core, f)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.core.source()
    }
}

impl From<azure_service_core::Error> for Error {
    fn from(core: azure_service_core::Error) -> Self {
        Self { core, detail: None }
    }
}

impl From<azure_core::Error> for Error {
    fn from(error: azure_core::Error) -> Self {
        azure_service_core::Error::from(error).into()
    }
}

/// Converts the error for a query that could not be built or bound.
impl From<twin_query::iothub::Error> for Error {
    fn from(error: twin_query::iothub::Error) -> Self {
        Self::invalid_input("query", error.to_string())
    }
}

impl AsRef<azure_service_core::Error> for Error {
    fn as_ref(&self) -> &azure_service_core::Error {
        &self.core
    }
}

/// Constructors.
impl Error {
    /// Creates the error for an invalid `parameter`. `reason` completes "invalid `parameter`: …".
    pub(crate) fn invalid_input(parameter: &str, reason: impl Into<String>) -> Self {
        azure_service_core::Error::invalid_input(parameter, reason).into()
    }

    /// Creates the error for a response that cannot be decoded.
    pub(crate) fn undecodable(error: &serde_json::Error) -> Self {
        azure_service_core::Error::invalid_response(error).into()
    }

    /// Creates the error for an invalid response.
    pub(crate) fn invalid_response(reason: impl Into<String>) -> Self {
        azure_service_core::Error::with_message(ErrorKind::InvalidResponse, reason).into()
    }
}

/// Accessors.
impl Error {
    /// Returns the coarse kind of failure.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.core.kind()
    }

    /// Returns the HTTP status of the last response, or `None` if there was none.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.core.status()
    }

    /// Returns the service's error code unchanged: a name, or the digits of a number.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.core.code()
    }

    /// Returns the service's error code, or `None` if it is missing or its name is unknown.
    #[must_use]
    pub fn error_code(&self) -> Option<ErrorCode> {
        ErrorCode::parse(self.code()?)
    }

    /// Returns the service's message, or the client's own message if no request was sent.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        #[cfg(feature = "amqp")]
        if let Some(error) = self.amqp() {
            return error.message();
        }
        self.core.message()
    }

    /// Returns the error's details, if the service lists any.
    #[must_use]
    pub fn details(&self) -> &[ErrorDetail] {
        self.core.details()
    }

    /// Returns the service's inner error, unchanged.
    #[must_use]
    pub fn inner_error(&self) -> Option<&Value> {
        self.core.inner_error()
    }

    /// Returns the service's tracking id, which Azure support asks for.
    #[must_use]
    pub fn tracking_id(&self) -> Option<&str> {
        self.core.tracking_id()
    }

    /// Returns the service's request id, from the header `x-ms-request-id`.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.core.request_id()
    }

    /// Returns the method that failed, such as `get_device`. `None` if an argument was refused.
    #[must_use]
    pub fn operation(&self) -> Option<&'static str> {
        self.core.operation()
    }

    /// Returns the name of the invalid parameter.
    #[must_use]
    pub fn parameter(&self) -> Option<&str> {
        self.core.parameter()
    }

    /// Returns the reason that the connection could not be established, or `None` for other failures.
    #[must_use]
    pub fn connection_failure(&self) -> Option<&ConnectionFailure> {
        #[cfg(feature = "amqp")]
        if let Some(error) = self.amqp() {
            return error.connection_failure();
        }
        self.core.connection_failure()
    }

    /// Returns the number of requests that were sent; 0 if the call failed before the first.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.core.attempts()
    }

    /// Returns the wait that the service asks for before the next attempt (`Retry-After`).
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.core.retry_after()
    }

    /// Returns the beginning of the response body, at most 1000 characters.
    #[must_use]
    pub fn body(&self) -> Option<&str> {
        self.core.body()
    }
}
