//! Bulk runs: many items with bounded concurrency.

mod entry;
mod keys;
mod methods;
mod options;
mod registry;
mod report;
mod run;
mod twins;

pub use entry::RegistryEntry;
pub use keys::KeyChange;
pub use options::BulkOptions;
pub use report::{BulkFailure, BulkOutcome, BulkReport, BulkResult};
pub use twins::TwinUpdate;
