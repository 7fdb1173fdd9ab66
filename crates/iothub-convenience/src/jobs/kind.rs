//! Kinds and states of jobs.

use crate::model::plain_members;

azure_service_core::open_enum! {
    /// The kind of a job.
    pub enum JobType {
        /// The job does not exist.
        NotKnown = "unknown",
        /// Writes identities to a blob.
        Export = "export",
        /// Applies the operations in a blob to identities.
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
        /// The job does not exist.
        NotKnown = "unknown",
        /// An import or export job that has not started.
        Enqueued = "enqueued",
        /// A scheduled job that has not started.
        Queued = "queued",
        /// A scheduled job whose start time is in the future.
        Scheduled = "scheduled",
        /// Running.
        Running = "running",
        /// Ended. The job may have failed on some devices.
        Completed = "completed",
        /// Failed.
        Failed = "failed",
        /// Canceled.
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
