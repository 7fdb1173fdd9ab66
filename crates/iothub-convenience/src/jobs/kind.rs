//! What jobs do and how far they are.

azure_service_core::open_enum! {
    /// What a job does.
    pub enum JobType {
        /// The service does not know: it answers so for jobs that do not exist.
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
    /// How far a job is.
    pub enum JobStatus {
        /// The service does not know: it answers so for jobs that do not exist.
        NotKnown = "unknown",
        /// An import or export job waits.
        Enqueued = "enqueued",
        /// A scheduled job waits.
        Queued = "queued",
        /// A scheduled job has a time to begin.
        Scheduled = "scheduled",
        /// It runs.
        Running = "running",
        /// It has come to an end. That it succeeded on all devices is not said.
        Completed = "completed",
        /// It has failed.
        Failed = "failed",
        /// It was cancelled.
        Cancelled = "cancelled",
    }
}

impl JobStatus {
    /// Whether nothing more will happen.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}
