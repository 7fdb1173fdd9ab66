//! Jobs: import and export of identities, scheduled updates and methods, and what they did to each device.

mod device_job;
mod import_export;
mod import_export_operations;
mod kind;
mod scheduled;
mod scheduled_operations;

pub use device_job::{DeviceJob, DeviceJobError, DeviceJobOutcome, DeviceJobStatus};
pub use import_export::{ImportExportJob, ImportExportJobRequest};
pub use kind::{JobStatus, JobType};
pub use scheduled::{ScheduledJob, ScheduledJobRequest};
pub use scheduled_operations::ScheduledJobQueryOptions;
