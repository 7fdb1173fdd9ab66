//! The interface between a provisioning service and the hub that it assigns devices to.

use std::fmt;

use serde_json::{Map, Value};

/// A hub that devices can be assigned to.
pub(crate) trait AssignmentTarget: Send + Sync {
    /// Creates a device with its initial twin. Updates the credentials of an existing device, and its twin if `resets_twin` is
    /// set.
    fn assign(&self, device: AssignedDevice) -> Result<(), AssignmentError>;
}

/// A device that is assigned to a hub.
#[derive(Debug)]
pub(crate) struct AssignedDevice {
    pub(crate) device_id: String,
    pub(crate) credentials: DeviceCredentials,
    pub(crate) edge: bool,
    /// The initial twin.
    pub(crate) tags: Map<String, Value>,
    pub(crate) desired: Map<String, Value>,
    /// Replaces the twin of an existing device by the initial twin.
    pub(crate) resets_twin: bool,
}

/// The credentials by which a hub knows a device. `Debug` shows no keys.
#[derive(Clone)]
pub(crate) enum DeviceCredentials {
    /// Keys in base64.
    Keys { primary: String, secondary: String },
    /// The SHA-256 thumbprint of its certificate.
    Thumbprint(String),
}

impl fmt::Debug for DeviceCredentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Keys { .. } => "Keys",
            Self::Thumbprint(_) => "Thumbprint",
        })
    }
}

/// The hub's error for a device that it does not accept.
#[derive(Debug)]
pub(crate) struct AssignmentError {
    pub(crate) code: u32,
    pub(crate) message: String,
}
