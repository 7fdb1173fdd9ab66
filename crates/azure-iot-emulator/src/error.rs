//! Errors of calls in process that belong to no single service.

use thiserror::Error;

/// Reason to refuse the path of a request.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PathError {
    /// A `%` is not followed by two hexadecimal digits.
    #[error(
        "the path segment {segment:?} is not percent-encoded correctly at position {position}; write '%' itself as %25"
    )]
    PercentEncoding {
        /// The segment as it was given.
        segment: String,
        /// The position of the `%` in the segment, in bytes.
        position: usize,
    },
    /// A segment is not UTF-8 after decoding.
    #[error("the path segment {segment:?} is not UTF-8; percent-encode the UTF-8 bytes of each character")]
    Utf8 {
        /// The segment as it was given.
        segment: String,
    },
}

/// Reason to refuse a state.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StateError {
    /// The state is not an object with a member per service.
    #[error("the state is not an object; load one that was dumped before")]
    NotAnObject,
    /// The state names a service that does not run here.
    #[error("there is no service {name:?} here; remove it from the state, or start the service")]
    UnknownService {
        /// The member's name.
        name: String,
    },
    /// A service refuses its part, and keeps the state that it had.
    #[error("{service}: {reason}")]
    Invalid {
        /// The name of the service: `iothub` or `digitaltwins`.
        service: &'static str,
        /// The refused part of the state and the rule that it breaks.
        reason: String,
    },
}

/// Reason to refuse a preset for a new hub or instance.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PresetError {
    /// The preset of a hub does not have the form `{"devices": […], "configurations": […]}`.
    #[error("the hub's preset is not {{\"devices\": […], \"configurations\": […]}}: {reason}")]
    Malformed {
        /// The unknown or wrong member.
        reason: String,
    },
    /// The hub refuses a device or module.
    #[error("device {device_id}{}: {reason}", module_id.as_ref().map(|id| format!(", module {id}")).unwrap_or_default())]
    Device {
        /// The device.
        device_id: String,
        /// The module, if the entry is one.
        module_id: Option<String>,
        /// The error that a client would get.
        reason: String,
    },
    /// The hub refuses a configuration.
    #[error("configuration: {reason}")]
    Configuration {
        /// The error that a client would get.
        reason: String,
    },
    /// The instance of Digital Twins has no room for the building, or a part of it already. It was not changed.
    #[error("the building: {reason}")]
    Building {
        /// The error that a client would get.
        reason: String,
    },
}
