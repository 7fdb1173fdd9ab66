//! Errors of AMQP in the terms that all calls share.

use super::detail::Detail;
use super::{Error, ErrorKind};
use crate::amqp::{AmqpError, AmqpErrorKind, MessageFate};

impl From<AmqpError> for Error {
    fn from(error: AmqpError) -> Self {
        let core = azure_service_core::Error::with_text(coarse_kind(&error), error.headline())
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
    /// The error of AMQP, if the call went over it.
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
    if error.fate() == MessageFate::Unknown {
        return ErrorKind::UnknownOutcome;
    }
    match error.kind() {
        AmqpErrorKind::Connection | AmqpErrorKind::ConnectionLost | AmqpErrorKind::Timeout => {
            ErrorKind::Connection
        }
        AmqpErrorKind::Credential => ErrorKind::Credential,
        AmqpErrorKind::Protocol => ErrorKind::InvalidResponse,
        _ => ErrorKind::Service,
    }
}
