//! Validation, limits, patches and preconditions. These functions depend only on the store.

pub(super) mod additions;
pub(super) mod api_version;
pub(super) mod body;
pub(super) mod configuration_content;
pub(super) mod identity_input;
pub(super) mod limits;
pub(super) mod number;
pub(super) mod object;
pub(super) mod precondition;
pub(super) mod target_condition;
pub(super) mod twin_patch;
