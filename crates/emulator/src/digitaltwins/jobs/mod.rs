//! Jobs that run in the background: imports of models, twins and relationships, and the deletion of everything.
//!
//! | where | what |
//! |---|---|
//! | [`imports`], [`deletions`] | the operations on jobs |
//! | [`import`], [`import_log`], [`blobs`] | an import at work: the file, its log, where both are |
//! | [`deletion`] | a deletion at work |
//!
//! One job runs at a time, on a thread of its own, which lets go of the graph often.

mod blobs;
mod deletion;
pub(crate) mod deletions;
mod import;
mod import_log;
pub(crate) mod imports;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::errors::{self, Answer};
use super::instance::Instance;
use super::timestamp::Timestamp;
pub(crate) use blobs::BlobDirectory;
use deletions::Deletion;
use imports::Import;

/// How long a finished job can be looked at.
const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

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
    fn is_over(self) -> bool {
        matches!(self, Status::Failed | Status::Succeeded | Status::Cancelled)
    }
}

/// Every job of an instance, the oldest first. The derived JSON is the form of dumped state.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Jobs {
    imports: IndexMap<String, Import>,
    deletions: IndexMap<String, Deletion>,
}

impl Jobs {
    /// Refuses if a job is not over yet, and forgets those that were for long.
    fn make_room(&mut self, now: Timestamp) -> Answer<()> {
        self.imports.retain(|_, job| job.purge > now);
        self.deletions.retain(|_, job| job.purge > now);
        let busy = self.imports.values().any(|job| !job.status.is_over())
            || self.deletions.values().any(|job| !job.status.is_over());
        if busy {
            return Err(errors::job_limit_reached());
        }
        Ok(())
    }
}

impl Instance {
    pub(crate) fn dump_jobs(&self) -> Value {
        // Texts and times always serialize.
        serde_json::to_value(&*self.jobs.lock()).unwrap_or_default()
    }

    pub(crate) fn jobs_from(state: Option<&Value>) -> Result<Jobs, String> {
        state.map_or_else(
            || Ok(Jobs::default()),
            |state| Jobs::deserialize(state).map_err(|error| format!("jobs: {error}")),
        )
    }

    /// Takes jobs in place of the current ones; those that were not over go on where they were.
    pub(crate) fn set_jobs(self: &Arc<Self>, jobs: Jobs) {
        let unfinished = |status: Status| !status.is_over();
        let imports: Vec<_> = jobs
            .imports
            .values()
            .filter(|job| unfinished(job.status))
            .cloned()
            .collect();
        let deletions: Vec<_> = jobs
            .deletions
            .values()
            .filter(|job| unfinished(job.status))
            .cloned()
            .collect();
        *self.jobs.lock() = jobs;
        for job in imports {
            self.spawn(move |instance| import::run(instance, &job));
        }
        for job in deletions {
            self.spawn(move |instance| deletion::run(instance, &job));
        }
    }

    fn spawn(self: &Arc<Self>, work: impl FnOnce(&Instance) + Send + 'static) {
        let instance = Arc::clone(self);
        let started = std::thread::Builder::new()
            .name("digital-twins-job".to_owned())
            .spawn(move || work(&instance));
        if let Err(error) = started {
            tracing::error!(%error, "a job has no thread to run on");
        }
    }

    fn now(&self) -> Timestamp {
        Timestamp::from(self.clock.now())
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }
}
