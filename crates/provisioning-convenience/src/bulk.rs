//! Bulk operations on enrollments.

mod report;
mod run;

pub use report::{BulkFailure, BulkOutcome, BulkReport, BulkResult};
pub use run::{BulkMode, BulkOptions};
