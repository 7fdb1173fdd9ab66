//! Writes to the identity registry, shared by single, bulk and import operations.

pub(super) mod bulk_item;
pub(super) mod edge;
pub(super) mod identities;
