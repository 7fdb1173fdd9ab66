//! Import and export jobs, scheduled jobs that update twins or call methods, and the outcomes of scheduled jobs on
//! single devices.

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
pub use scheduled_operations::QueryScheduledJobsOptions;
