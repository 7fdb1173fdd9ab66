//! Typed details of errors.

use std::sync::Arc;

use azure_service_core::ErrorKind;

use super::Error;
#[cfg(feature = "amqp")]
use crate::amqp::AmqpError;
use crate::identity::{InvalidId, InvalidKey, InvalidThumbprint};
use crate::twin::InvalidTwin;

/// A typed detail, given by an accessor.
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
    azure_service_core::Error::with_text(ErrorKind::InvalidInput, reason.to_string())
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

/// Details of checks that are made before anything is sent.
impl Error {
    /// Why an id cannot name a device or module, if that is what failed.
    #[must_use]
    pub fn invalid_id(&self) -> Option<&InvalidId> {
        match &self.detail {
            Some(Detail::Id(error)) => Some(error),
            _ => None,
        }
    }

    /// Why a symmetric key cannot be used, if that is what failed.
    #[must_use]
    pub fn invalid_key(&self) -> Option<&InvalidKey> {
        match &self.detail {
            Some(Detail::Key(error)) => Some(error),
            _ => None,
        }
    }

    /// Why a thumbprint cannot be used, if that is what failed.
    #[must_use]
    pub fn invalid_thumbprint(&self) -> Option<&InvalidThumbprint> {
        match &self.detail {
            Some(Detail::Thumbprint(error)) => Some(error),
            _ => None,
        }
    }

    /// Which rules tags and desired properties break, if that is what failed.
    #[must_use]
    pub fn invalid_twin(&self) -> Option<&InvalidTwin> {
        match &self.detail {
            Some(Detail::Twin(error)) => Some(error),
            _ => None,
        }
    }
}
