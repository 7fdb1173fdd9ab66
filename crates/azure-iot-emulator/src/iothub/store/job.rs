//! Records of scheduled jobs.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::timestamp::Timestamp;

/// The action of a job on each device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "type")]
pub(crate) enum JobAction {
    ScheduleUpdateTwin {
        tags: Option<Value>,
        properties: Option<Value>,
    },
    ScheduleDeviceMethod {
        method_name: String,
        payload: Value,
        response_timeout_in_seconds: i64,
        connect_timeout_in_seconds: i64,
    },
}

impl JobAction {
    /// Returns the wire name of the job type.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::ScheduleUpdateTwin { .. } => "scheduleUpdateTwin",
            Self::ScheduleDeviceMethod { .. } => "scheduleDeviceMethod",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum JobStatus {
    Queued,
    Scheduled,
    Running,
    Completed,
    Failed,
    Cancelled,
}

impl JobStatus {
    pub(crate) fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }

    /// Returns the wire name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Scheduled => "scheduled",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// A scheduled job. The derived serialization defines the format of dumped state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Job {
    pub(crate) id: String,
    pub(crate) action: JobAction,
    pub(crate) condition: String,
    pub(crate) created: Timestamp,
    pub(crate) start: Timestamp,
    pub(crate) ended: Option<Timestamp>,
    pub(crate) updated: Timestamp,
    pub(crate) max_execution_seconds: u64,
    pub(crate) status: JobStatus,
    pub(crate) failure: Option<String>,
    /// The devices of the job, set when it starts. Workers refer to entries by index.
    pub(crate) devices: Vec<DeviceJob>,
}

impl Job {
    /// Returns the number of devices with this status.
    pub(crate) fn count(&self, status: DeviceJobStatus) -> usize {
        self.devices
            .iter()
            .filter(|device| device.status == status)
            .count()
    }
}

/// The part of a job on one device or module.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DeviceJob {
    pub(crate) device_id: String,
    pub(crate) module_id: Option<String>,
    pub(crate) status: DeviceJobStatus,
    pub(crate) started: Option<Timestamp>,
    pub(crate) ended: Option<Timestamp>,
    pub(crate) updated: Timestamp,
    /// The device's response to a method.
    pub(crate) response: Option<Value>,
    /// Error code and message.
    pub(crate) error: Option<(u32, String)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum DeviceJobStatus {
    Pending,
    Running,
    Completed,
    Failed,
}

impl DeviceJobStatus {
    /// Returns the wire name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
        }
    }
}
