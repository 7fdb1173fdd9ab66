//! Writes to the identity registry, which single, bulk and import operations share.

pub(super) mod bulk_item;
pub(super) mod edge;
pub(super) mod identities;
