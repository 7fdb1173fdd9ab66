//! Ids that name a device or a module.

use std::fmt;

use crate::identity::id::{InvalidId, check_device_id, check_module_id};

/// The id of a device, or the ids of a module and its device.
///
/// A string converts to the id of a device.
///
/// # Example
///
/// ```
/// use iothub_convenience::IdentityId;
///
/// let ids = [IdentityId::from("gateway-1"), IdentityId::module("gateway-1", "filter")];
/// assert_eq!(ids[1].to_string(), "gateway-1/filter");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdentityId {
    /// The device's id.
    pub device_id: String,
    /// The module's id, if a module is named.
    pub module_id: Option<String>,
}

impl IdentityId {
    /// Names a device.
    #[must_use]
    pub fn device(device_id: impl Into<String>) -> Self {
        Self {
            device_id: device_id.into(),
            module_id: None,
        }
    }

    /// Names a module of a device.
    #[must_use]
    pub fn module(device_id: impl Into<String>, module_id: impl Into<String>) -> Self {
        Self {
            device_id: device_id.into(),
            module_id: Some(module_id.into()),
        }
    }

    /// Checks the length and the characters of the ids.
    pub(crate) fn check(&self) -> Result<(), InvalidId> {
        check_device_id(&self.device_id)?;
        self.module_id.as_deref().map_or(Ok(()), check_module_id)
    }
}

impl From<&str> for IdentityId {
    fn from(device_id: &str) -> Self {
        Self::device(device_id)
    }
}

impl From<String> for IdentityId {
    fn from(device_id: String) -> Self {
        Self::device(device_id)
    }
}

impl From<&String> for IdentityId {
    fn from(device_id: &String) -> Self {
        Self::device(device_id)
    }
}

impl fmt::Display for IdentityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.device_id)?;
        match &self.module_id {
            Some(module_id) => write!(f, "/{module_id}"),
            None => Ok(()),
        }
    }
}
