//! The only error of the store.

/// The error for an unknown device or module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NotFound {
    Device(String),
    Module(String),
}

impl NotFound {
    pub(crate) fn device(device_id: &str) -> Self {
        Self::Device(device_id.to_owned())
    }

    pub(crate) fn module(module_id: &str) -> Self {
        Self::Module(module_id.to_owned())
    }
}
