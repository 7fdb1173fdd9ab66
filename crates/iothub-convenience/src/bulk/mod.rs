//! Many devices at once.

mod entry;
mod kept_body;
mod keys;
mod registry;
mod report;
mod run;
mod twins;

pub use entry::RegistryEntry;
pub use keys::KeyChange;
pub use report::{BulkFailure, BulkOptions, BulkOutcome, BulkReport, BulkResult};
pub use twins::TwinUpdate;

pub(crate) use kept_body::KeepBody;
