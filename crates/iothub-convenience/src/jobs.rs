//! Jobs: import and export of identities, scheduled updates and methods, and their outcomes on single devices.

use std::time::Duration;

mod device_job;
mod import_export;
mod import_export_operations;
mod kind;
mod scheduled;
mod scheduled_operations;

pub use device_job::{DeviceJob, DeviceJobError, DeviceJobOutcome, DeviceJobStatus};
pub use import_export::{ImportExportJob, ImportExportJobRequest};
pub use kind::{JobStatus, JobType};
pub use scheduled::{DeviceJobStatistics, ScheduledJob, ScheduledJobRequest};
pub use scheduled_operations::ScheduledJobQueryOptions;

/// Options of pollers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PollOptions {
    /// How long to wait between two reads if the service does not say: at least one second, 30 seconds by default.
    pub interval: Option<Duration>,
}
