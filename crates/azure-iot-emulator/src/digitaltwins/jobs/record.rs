//! Records of jobs.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::digitaltwins::store::timestamp::Timestamp;

/// Retention of finished jobs.
const RETENTION: Duration = Duration::from_secs(30 * 24 * 60 * 60);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    NotStarted,
    Running,
    Failed,
    Succeeded,
    Cancelling,
    Cancelled,
}

impl Status {
    pub(crate) fn is_over(self) -> bool {
        matches!(self, Status::Failed | Status::Succeeded | Status::Cancelled)
    }
}

/// The members that imports and deletions share.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) id: String,
    pub(crate) created: Timestamp,
    pub(crate) finished: Option<Timestamp>,
    pub(crate) purge: Timestamp,
    pub(crate) status: Status,
    /// Position in the order of creation.
    #[serde(default)]
    pub(crate) number: u64,
    /// Number of the worker run for this job; 0 for none. It distinguishes the job from an earlier job with the
    /// same id, which was deleted or belonged to a replaced state.
    #[serde(skip)]
    pub(crate) run: u64,
}

impl Record {
    /// Creates a job. The table assigns its number and run.
    pub(crate) fn new(id: String, now: Timestamp) -> Self {
        Record {
            id,
            created: now,
            finished: None,
            purge: now.after(RETENTION),
            status: Status::NotStarted,
            number: 0,
            run: 0,
        }
    }
}

/// An import or a deletion.
pub(crate) trait Job: Clone {
    fn record(&self) -> &Record;
    fn record_mut(&mut self) -> &mut Record;
}

/// An import job. The derived serialization defines the format of dumped state.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Import {
    #[serde(flatten)]
    pub(crate) record: Record,
    pub(crate) input: String,
    pub(crate) output: String,
    pub(crate) last_action: Timestamp,
    /// Error code and message.
    pub(crate) error: Option<(String, String)>,
    /// Number of processed lines of the input.
    pub(crate) lines_done: u64,
}

/// A delete job. The derived serialization defines the format of dumped state.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Deletion {
    #[serde(flatten)]
    pub(crate) record: Record,
    pub(crate) deadline: Timestamp,
}

impl Job for Import {
    fn record(&self) -> &Record {
        &self.record
    }

    fn record_mut(&mut self) -> &mut Record {
        &mut self.record
    }
}

impl Job for Deletion {
    fn record(&self) -> &Record {
        &self.record
    }

    fn record_mut(&mut self) -> &mut Record {
        &mut self.record
    }
}
