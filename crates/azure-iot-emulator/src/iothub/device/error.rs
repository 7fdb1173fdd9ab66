//! Errors of calls on behalf of a simulated device.

use thiserror::Error;

use crate::iothub::codes::Code;
use crate::iothub::errors::HubError;
use crate::iothub::store::not_found::NotFound;

/// An error of a call on behalf of a device or module.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// The device is not registered.
    #[error("there is no device \"{device_id}\"; register it first")]
    DeviceNotFound {
        /// The id of the device.
        device_id: String,
    },
    /// The device has no such module.
    #[error("the device has no module \"{module_id}\"; register it first")]
    ModuleNotFound {
        /// The id of the module.
        module_id: String,
    },
    /// The message was already settled, or its lock has expired.
    #[error("the message lock \"{lock_token}\" has expired or was settled; receive the message again")]
    LockLost {
        /// The lock token.
        lock_token: String,
    },
    /// The hub refused the call, for example because reported properties exceed a limit.
    #[error("{reason} ({code})")]
    Refused {
        /// Name of the error code, such as `ArgumentInvalid`.
        code: &'static str,
        /// The violated rule.
        reason: String,
    },
}

impl From<HubError> for DeviceError {
    fn from(error: HubError) -> Self {
        match error.code {
            Code::DEVICE_NOT_FOUND => Self::DeviceNotFound {
                device_id: error.text,
            },
            Code::MODULE_NOT_FOUND => Self::ModuleNotFound {
                module_id: error.text,
            },
            code => Self::Refused {
                code: code.name(),
                reason: error.text,
            },
        }
    }
}

impl From<NotFound> for DeviceError {
    fn from(error: NotFound) -> Self {
        HubError::from(error).into()
    }
}
