//! The error that all calls share.

#[cfg(feature = "amqp")]
mod amqp;
mod code;
mod code_table;
mod detail;
mod questions;

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

/// Why a call failed.
///
/// The predicates answer the questions that programs ask; the accessors give what the service said. Failed checks that
/// are made before sending have their details in [`invalid_id`](Self::invalid_id), [`invalid_key`](Self::invalid_key),
/// [`invalid_thumbprint`](Self::invalid_thumbprint) and [`invalid_twin`](Self::invalid_twin); errors of AMQP in
/// [`amqp`](Self::amqp).
///
/// Pagers, pollers and streams give this error too. `Response::into_model` gives `azure_core::Error`, which `?` converts.
///
/// # Display and `source()`
///
/// `Display` is one line that says what failed and why, such as
/// `cannot connect to my-hub.azure-devices.net:443: connection refused (get_device, 4 attempts)`. `source()` is there
/// only if it adds something.
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

impl AsRef<azure_service_core::Error> for Error {
    fn as_ref(&self) -> &azure_service_core::Error {
        &self.core
    }
}

/// Constructors.
impl Error {
    /// The caller gave something that cannot be sent; `reason` completes "`parameter` …".
    pub(crate) fn invalid_input(parameter: &str, reason: impl Into<String>) -> Self {
        azure_service_core::Error::invalid_input(parameter, reason).into()
    }

    /// The service's response cannot be understood.
    pub(crate) fn invalid_response(reason: impl Into<String>) -> Self {
        azure_service_core::Error::with_message(ErrorKind::InvalidResponse, reason).into()
    }
}

/// What happened.
impl Error {
    /// What went wrong, coarsely.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.core.kind()
    }

    /// The HTTP status of the last response, `None` if there was none.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.core.status()
    }

    /// The service's code as the service wrote it: a name, or the digits of a number.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.core.code()
    }

    /// The service's code, `None` if there was none or one whose name is not known.
    #[must_use]
    pub fn error_code(&self) -> Option<ErrorCode> {
        ErrorCode::parse(self.code()?)
    }

    /// The service's explanation, or ours if the service was not asked.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        #[cfg(feature = "amqp")]
        if let Some(error) = self.amqp() {
            return error.message();
        }
        self.core.message()
    }

    /// The errors that make up this one, if the service lists them.
    #[must_use]
    pub fn details(&self) -> &[ErrorDetail] {
        self.core.details()
    }

    /// The service's inner error, as it wrote it.
    #[must_use]
    pub fn inner_error(&self) -> Option<&Value> {
        self.core.inner_error()
    }

    /// The id under which Azure support finds the failure.
    #[must_use]
    pub fn tracking_id(&self) -> Option<&str> {
        self.core.tracking_id()
    }

    /// The service's id of the request, from the header `x-ms-request-id`.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.core.request_id()
    }

    /// The method that failed, such as `get_device`. `None` if the arguments were refused before a request was built.
    #[must_use]
    pub fn operation(&self) -> Option<&'static str> {
        self.core.operation()
    }

    /// The name of the parameter that is invalid.
    #[must_use]
    pub fn parameter(&self) -> Option<&str> {
        self.core.parameter()
    }

    /// Why there is no connection to the hub, if that is what failed.
    #[must_use]
    pub fn connection_failure(&self) -> Option<&ConnectionFailure> {
        #[cfg(feature = "amqp")]
        if let Some(error) = self.amqp() {
            return error.connection_failure();
        }
        self.core.connection_failure()
    }

    /// How many requests were sent; 0 if the call failed before the first.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.core.attempts()
    }

    /// How long the service asks to wait before the next attempt.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.core.retry_after()
    }

    /// The beginning of the response's body, at most 1000 characters.
    #[must_use]
    pub fn body(&self) -> Option<&str> {
        self.core.body()
    }
}
