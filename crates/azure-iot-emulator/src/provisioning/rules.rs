//! Checks and decisions. These functions depend only on the store.

pub(super) mod allocation;
pub(super) mod api_version;
pub(super) mod attestation_input;
pub(super) mod certificate;
pub(super) mod chain;
pub(super) mod device_token;
pub(super) mod enrollment_input;
pub(super) mod id;
pub(super) mod object;
pub(super) mod precondition;
pub(super) mod query;
pub(super) mod reprovision;
