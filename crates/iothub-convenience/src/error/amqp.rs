//! Errors of AMQP in the terms that all calls share.

use super::Error;
#[cfg(feature = "amqp")]
use super::ErrorKind;
#[cfg(feature = "amqp")]
use crate::amqp::{AmqpError, AmqpErrorKind, MessageFate};

/// A question that errors of AMQP answer as well as those of HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Question {
    NotFound,
    Throttled,
    Unauthorized,
    QuotaUsedUp,
    Timeout,
    Connection,
    UnknownOutcome,
    Credential,
}

#[cfg(not(feature = "amqp"))]
impl Error {
    pub(super) fn amqp_asks(&self, _question: Question) -> bool {
        false
    }
}

#[cfg(feature = "amqp")]
impl Error {
    pub(super) fn amqp(&self) -> Option<&AmqpError> {
        match self {
            Self::Amqp(error) => Some(error),
            _ => None,
        }
    }

    pub(super) fn amqp_asks(&self, question: Question) -> bool {
        self.amqp().is_some_and(|error| match question {
            Question::NotFound => error.is_not_found(),
            Question::Throttled => error.is_throttled(),
            Question::Unauthorized => error.is_unauthorized(),
            Question::QuotaUsedUp => error.is_queue_full(),
            Question::Timeout => error.kind() == AmqpErrorKind::Timeout,
            Question::Connection => coarse_kind(error) == ErrorKind::Connection,
            Question::UnknownOutcome => error.fate() == MessageFate::Unknown,
            Question::Credential => error.kind() == AmqpErrorKind::Credential,
        })
    }
}

#[cfg(feature = "amqp")]
pub(super) fn coarse_kind(error: &AmqpError) -> ErrorKind {
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
