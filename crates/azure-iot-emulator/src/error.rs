//! Errors of in-process calls that the services share.

use thiserror::Error;

/// An error in the path of a request.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PathError {
    /// A `%` is not followed by two hexadecimal digits.
    #[error(
        "the path segment \"{segment}\" is not percent-encoded correctly at position {position}; write '%' itself as %25"
    )]
    PercentEncoding {
        /// The segment as it was given.
        segment: String,
        /// The position of the `%` in the segment, in bytes.
        position: usize,
    },
    /// A segment is not UTF-8 after decoding.
    #[error("the path segment \"{segment}\" is not UTF-8; percent-encode the UTF-8 bytes of each character")]
    Utf8 {
        /// The segment as it was given.
        segment: String,
    },
}

/// An error in a state to load.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StateError {
    /// The state is not an object with a member per service.
    #[error("the state is not an object; load a state that was dumped before")]
    NotAnObject,
    /// The state contains a service that is not running.
    #[error("the service \"{name}\" is not running; start it, or remove it from the state")]
    UnknownService {
        /// The name in the state.
        name: String,
    },
    /// A service refused its part of the state and keeps its current one.
    #[error("{service}: {reason}")]
    Invalid {
        /// The name of the service: `iothub` or `digitaltwins`.
        service: &'static str,
        /// The invalid part of the state and the violated rule.
        reason: String,
    },
}

/// An error in a preset for a new hub or instance.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PresetError {
    /// The preset of a hub does not have the form `{"devices": […], "configurations": […]}`.
    #[error("the preset must have the form {{\"devices\": […], \"configurations\": […]}}: {reason}")]
    Malformed {
        /// The unknown or invalid member.
        reason: String,
    },
    /// The hub refused a device or module.
    #[error("device {device_id}{}: {reason}", module_id.as_ref().map(|id| format!(", module {id}")).unwrap_or_default())]
    Device {
        /// Id of the device.
        device_id: String,
        /// Id of the module, if the entry is a module.
        module_id: Option<String>,
        /// The error message that a client would receive.
        reason: String,
    },
    /// The hub refused a configuration.
    #[error("configuration: {reason}")]
    Configuration {
        /// The error message that a client would receive.
        reason: String,
    },
    /// The building exceeds a limit of the instance, or a part of it exists already. The instance is unchanged.
    #[error("could not add the building: {reason}")]
    Building {
        /// The error message that a client would receive.
        reason: String,
    },
}
