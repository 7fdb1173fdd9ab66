//! Typed details of errors.

use std::sync::Arc;

use azure_service_core::ErrorKind;

#[cfg(feature = "amqp")]
use crate::amqp::AmqpError;
use crate::error::Error;
use crate::identity::{InvalidId, InvalidKey, InvalidThumbprint};
use crate::twin::InvalidTwin;

/// The typed detail of an error.
#[derive(Debug, Clone)]
pub(super) enum Detail {
    Id(Arc<InvalidId>),
    Key(InvalidKey),
    Thumbprint(Arc<InvalidThumbprint>),
    Twin(Arc<InvalidTwin>),
    #[cfg(feature = "amqp")]
    Amqp(AmqpError),
}

fn refused(parameter: &str, reason: &dyn std::error::Error) -> azure_service_core::Error {
    azure_service_core::Error::with_headline(ErrorKind::InvalidInput, reason.to_string())
        .with_parameter(parameter)
}

impl From<InvalidId> for Error {
    fn from(error: InvalidId) -> Self {
        Self {
            core: refused(error.parameter, &error),
            detail: Some(Detail::Id(Arc::new(error))),
        }
    }
}

impl From<InvalidKey> for Error {
    fn from(error: InvalidKey) -> Self {
        Self {
            core: refused("keys", &error),
            detail: Some(Detail::Key(error)),
        }
    }
}

impl From<InvalidThumbprint> for Error {
    fn from(error: InvalidThumbprint) -> Self {
        Self {
            core: refused("thumbprint", &error),
            detail: Some(Detail::Thumbprint(Arc::new(error))),
        }
    }
}

impl From<InvalidTwin> for Error {
    fn from(error: InvalidTwin) -> Self {
        Self {
            core: refused("twin", &error),
            detail: Some(Detail::Twin(Arc::new(error))),
        }
    }
}

/// Details of arguments refused before sending.
impl Error {
    /// Returns the invalid device or module id, or `None` for other errors.
    #[must_use]
    pub fn invalid_id(&self) -> Option<&InvalidId> {
        match &self.detail {
            Some(Detail::Id(error)) => Some(error),
            _ => None,
        }
    }

    /// Returns the reason that a symmetric key is invalid, or `None` for other errors.
    #[must_use]
    pub fn invalid_key(&self) -> Option<&InvalidKey> {
        match &self.detail {
            Some(Detail::Key(error)) => Some(error),
            _ => None,
        }
    }

    /// Returns the reason that a thumbprint is invalid, or `None` for other errors.
    #[must_use]
    pub fn invalid_thumbprint(&self) -> Option<&InvalidThumbprint> {
        match &self.detail {
            Some(Detail::Thumbprint(error)) => Some(error),
            _ => None,
        }
    }

    /// Returns the rules that tags or desired properties break, or `None` for other errors.
    #[must_use]
    pub fn invalid_twin(&self) -> Option<&InvalidTwin> {
        match &self.detail {
            Some(Detail::Twin(error)) => Some(error),
            _ => None,
        }
    }
}
