//! The error that all calls share.

mod amqp;
mod code;
mod code_table;

use std::time::Duration;

use amqp::Question;
pub use azure_service_core::ErrorKind;
pub use code::ErrorCode;

#[cfg(feature = "amqp")]
use crate::amqp::AmqpError;
use crate::identity::{InvalidId, InvalidKey, InvalidThumbprint};
use crate::twin::InvalidTwin;

/// The result of a call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call failed.
///
/// The predicates answer the questions that programs ask; the accessors tell what the service said. What was checked
/// before sending has a variant of its own with the details.
///
/// Pagers, pollers and `into_model()` give `azure_core::Error`, which can be turned into this one with `From`, so that
/// `?` does the right thing and the predicates work for them too.
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
///     Err(error) if error.is_not_found() => println!("there is no such device"),
///     Err(error) if error.error_code() == Some(ErrorCode::IOTHUB_SUSPENDED) => println!("the hub sleeps"),
///     Err(error) => println!("{error}, tracking id {:?}", error.tracking_id()),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The service refused, could not be reached, or answered something odd. See [`kind`](Self::kind).
    #[error(transparent)]
    Call(#[from] azure_service_core::Error),
    /// An id cannot name a device or module. Nothing was sent.
    #[error(transparent)]
    InvalidId(#[from] InvalidId),
    /// A symmetric key cannot be used. Nothing was sent.
    #[error(transparent)]
    InvalidKey(#[from] InvalidKey),
    /// A thumbprint cannot be used. Nothing was sent.
    #[error(transparent)]
    InvalidThumbprint(#[from] InvalidThumbprint),
    /// Tags or desired properties break the service's rules. Nothing was sent.
    #[error(transparent)]
    InvalidTwin(#[from] InvalidTwin),
    /// A message was not sent, or a notification not received or settled. See its own [`kind`](AmqpError::kind).
    #[cfg(feature = "amqp")]
    #[error(transparent)]
    Amqp(#[from] AmqpError),
}

impl From<azure_core::Error> for Error {
    fn from(error: azure_core::Error) -> Self {
        Self::Call(error.into())
    }
}

/// What happened.
impl Error {
    /// Something the caller gave cannot be sent; `reason` completes "`parameter` …".
    pub(crate) fn invalid_input(parameter: &str, reason: impl Into<String>) -> Self {
        Self::Call(azure_service_core::Error::invalid_input(parameter, reason))
    }

    /// The service's answer cannot be understood.
    pub(crate) fn invalid_response(reason: &str) -> Self {
        Self::Call(azure_service_core::Error::with_message(
            ErrorKind::InvalidResponse,
            reason,
        ))
    }

    /// What went wrong, coarsely.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Call(error) => error.kind(),
            #[cfg(feature = "amqp")]
            Self::Amqp(error) => amqp::coarse_kind(error),
            _ => ErrorKind::InvalidInput,
        }
    }

    fn call(&self) -> Option<&azure_service_core::Error> {
        match self {
            Self::Call(error) => Some(error),
            _ => None,
        }
    }

    /// The HTTP status of the last answer, `None` if there was none.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.call()?.status()
    }

    /// The service's code as the service wrote it: a name, or the digits of a number.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        #[cfg(feature = "amqp")]
        if let Some(error) = self.amqp() {
            return error.code();
        }
        self.call()?.code()
    }

    /// The service's code, `None` if there was none or one that is not known by its name.
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
        self.call()?.message()
    }

    /// The id under which the service's support finds the failure.
    #[must_use]
    pub fn tracking_id(&self) -> Option<&str> {
        #[cfg(feature = "amqp")]
        if let Some(error) = self.amqp() {
            return error.tracking_id();
        }
        self.call()?.tracking_id()
    }

    /// The service's id of the request.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.call()?.request_id()
    }

    /// How many requests were sent; 0 if the call failed before the first.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        #[cfg(feature = "amqp")]
        if let Some(error) = self.amqp() {
            return error.attempts();
        }
        self.call().map_or(0, azure_service_core::Error::attempts)
    }

    /// How long the service asks to wait before the next attempt.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.call()?.retry_after()
    }
}

/// The questions that programs ask.
impl Error {
    fn asks(&self, question: impl FnOnce(&azure_service_core::Error) -> bool) -> bool {
        self.call().is_some_and(question)
    }

    /// The device, module, configuration or job does not exist. Not true for a device that exists and is
    /// [offline](Self::is_device_offline).
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        (self.asks(azure_service_core::Error::is_not_found) && !self.is_device_offline())
            || self.amqp_asks(Question::NotFound)
    }

    /// What should be created exists already.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.asks(azure_service_core::Error::is_conflict)
    }

    /// The ETag is not the current one. Read again, decide again, write again, or use a `modify_…` method.
    ///
    /// After more than one [attempt](Self::attempts), the first may have been the one that changed the ETag.
    #[must_use]
    pub fn is_precondition_failed(&self) -> bool {
        self.asks(azure_service_core::Error::is_precondition_failed)
    }

    /// Too many requests, or too many jobs at once. See [`retry_after`](Self::retry_after).
    #[must_use]
    pub fn is_throttled(&self) -> bool {
        self.asks(azure_service_core::Error::is_throttled) || self.amqp_asks(Question::Throttled)
    }

    /// The service does not accept the credential, or the shared access policy lacks the permission.
    ///
    /// With a shared access policy the service also says so when a module's device does not exist or is disabled.
    #[must_use]
    pub fn is_unauthorized(&self) -> bool {
        self.asks(azure_service_core::Error::is_unauthorized) || self.amqp_asks(Question::Unauthorized)
    }

    /// The caller is known and may not do this, or a quota is used up.
    #[must_use]
    pub fn is_forbidden(&self) -> bool {
        self.asks(azure_service_core::Error::is_forbidden) || self.amqp_asks(Question::QuotaUsedUp)
    }

    /// The device exists, but is not connected, so that it cannot be reached.
    #[must_use]
    pub fn is_device_offline(&self) -> bool {
        // A method's error has the number only.
        self.asks(|error| error.has_code(&["DeviceNotOnline", "404103"]))
    }

    /// The time was up.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        self.asks(azure_service_core::Error::is_timeout) || self.amqp_asks(Question::Timeout)
    }

    /// There was no connection to the service; the request was not sent.
    #[must_use]
    pub fn is_connection(&self) -> bool {
        self.asks(azure_service_core::Error::is_connection) || self.amqp_asks(Question::Connection)
    }

    /// The service may or may not have processed the request.
    #[must_use]
    pub fn is_unknown_outcome(&self) -> bool {
        self.asks(azure_service_core::Error::is_unknown_outcome) || self.amqp_asks(Question::UnknownOutcome)
    }

    /// The credential gave no token.
    #[must_use]
    pub fn is_credential(&self) -> bool {
        self.asks(azure_service_core::Error::is_credential) || self.amqp_asks(Question::Credential)
    }

    /// The caller gave something that cannot be sent. Nothing was sent.
    #[must_use]
    pub fn is_invalid_input(&self) -> bool {
        self.kind() == ErrorKind::InvalidInput
    }
}
