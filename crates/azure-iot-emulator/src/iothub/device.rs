//! The device side: simulated devices that tests control.

pub(super) mod error;
pub(super) mod messages;
pub(super) mod method_call;
pub(super) mod scripts;
pub(super) mod simulated;
