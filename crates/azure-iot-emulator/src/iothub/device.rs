//! Simulated devices, which tests control instead of devices that connect to the hub.

pub(super) mod error;
pub(super) mod messages;
pub(super) mod method_call;
pub(super) mod scripts;
pub(super) mod simulated;
