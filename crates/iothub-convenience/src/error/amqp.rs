//! Conversion from AMQP errors.

use crate::amqp::{AmqpError, AmqpErrorKind, DeliveryState};
use crate::error::detail::Detail;
use crate::error::{Error, ErrorKind};

impl From<AmqpError> for Error {
    fn from(error: AmqpError) -> Self {
        let core = azure_service_core::Error::with_headline(coarse_kind(&error), error.headline())
            .with_code(error.code().map(str::to_owned))
            .with_tracking_id(error.tracking_id().map(str::to_owned));
        let core = match error.operation() {
            Some(operation) => core.with_call(operation, error.attempts(), error.may_retry()),
            None => core,
        };
        Self {
            core,
            detail: Some(Detail::Amqp(error)),
        }
    }
}

impl Error {
    /// Returns the AMQP error, if the call used AMQP.
    #[cfg_attr(docsrs, doc(cfg(feature = "amqp")))]
    #[must_use]
    pub fn amqp(&self) -> Option<&AmqpError> {
        match &self.detail {
            Some(Detail::Amqp(error)) => Some(error),
            _ => None,
        }
    }
}

fn coarse_kind(error: &AmqpError) -> ErrorKind {
    if error.delivery_state() == DeliveryState::Unknown {
        return ErrorKind::UnknownOutcome;
    }
    match error.kind() {
        AmqpErrorKind::Connection | AmqpErrorKind::ConnectionLost | AmqpErrorKind::Timeout => {
            ErrorKind::Connection
        }
        AmqpErrorKind::Credential => ErrorKind::Credential,
        AmqpErrorKind::Protocol | AmqpErrorKind::MessageTooLarge => ErrorKind::InvalidResponse,
        _ => ErrorKind::Service,
    }
}
