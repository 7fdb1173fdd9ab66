//! The device side: devices that connect, report, receive messages and answer methods, as tests direct them.

pub(super) mod error;
pub(super) mod messages;
pub(super) mod method_call;
pub(super) mod scripts;
pub(super) mod simulated;
