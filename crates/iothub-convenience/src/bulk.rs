//! Many devices at once.

mod entry;
mod keys;
mod registry;
mod report;
mod run;
mod twins;

pub use entry::RegistryEntry;
pub use keys::KeyChange;
pub use report::{BulkFailure, BulkOptions, BulkOutcome, BulkReport, BulkResult};
pub use twins::TwinUpdate;
