//! Bulk runs: many items with bounded concurrency.

mod chunk;
mod entry;
mod key_reads;
mod methods;
mod options;
mod regenerate;
mod registry;
mod report;
mod run;
mod swap;
mod twins;

pub use entry::RegistryEntry;
pub use options::BulkOptions;
pub use regenerate::KeyPolicy;
pub use report::{BulkFailure, BulkOutcome, BulkReport, BulkResult};
pub use twins::TwinUpdate;
