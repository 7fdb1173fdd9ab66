//! Kinds and states of jobs.

use crate::model::plain_members;

azure_service_core::open_enum! {
    /// The kind of a job.
    pub enum JobType {
        /// The service's word for jobs that do not exist.
        NotKnown = "unknown",
        /// Writes identities to a blob.
        Export = "export",
        /// Creates, updates and deletes identities as a blob says.
        Import = "import",
        /// Changes twins.
        ScheduleUpdateTwin = "scheduleUpdateTwin",
        /// Calls a direct method.
        ScheduleDeviceMethod = "scheduleDeviceMethod",
    }
}

azure_service_core::open_enum! {
    /// The state of a job.
    pub enum JobStatus {
        /// The service's word for jobs that do not exist.
        NotKnown = "unknown",
        /// An import or export job that has not begun.
        Enqueued = "enqueued",
        /// A scheduled job that has not begun.
        Queued = "queued",
        /// A scheduled job with a start time that has not come.
        Scheduled = "scheduled",
        /// Running.
        Running = "running",
        /// Ended. It may have failed on single devices.
        Completed = "completed",
        /// Failed.
        Failed = "failed",
        /// Cancelled.
        Cancelled = "cancelled",
    }
}

impl JobStatus {
    /// Returns whether the job has ended.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}

plain_members!(JobType, JobStatus);
