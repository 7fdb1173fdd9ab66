//! Jobs that run in the background: imports of models, twins and relationships, and the deletion of everything.
//!
//! | where | what |
//! |---|---|
//! | [`import`], [`import_rows`], [`import_log`], [`blobs`] | an import at work: the file, its rows, its log, where both files are |
//! | [`deletion`] | a deletion at work |
//!
//! One job runs at a time, on a thread of its own, which lets go of the graph often.

pub(crate) mod blobs;
pub(crate) mod deletion;
pub(crate) mod import;
mod import_log;
mod import_rows;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use parking_lot::MutexGuard;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::digitaltwins::delete_jobs::Deletion;
use crate::digitaltwins::errors::{self, Answer};
use crate::digitaltwins::import_jobs::Import;
use crate::digitaltwins::instance::Instance;
use crate::digitaltwins::store::timestamp::Timestamp;
use crate::durable::{StateChange, Tracked};
pub(crate) use blobs::BlobDirectory;

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
    pub(crate) fn is_over(self) -> bool {
        matches!(self, Status::Failed | Status::Succeeded | Status::Cancelled)
    }
}

/// Every job of an instance. The derived JSON is the form of dumped state.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Jobs {
    pub(crate) imports: Tracked<Import>,
    pub(crate) deletions: Tracked<Deletion>,
    /// How often work was begun.
    #[serde(skip)]
    pub(crate) runs: u64,
}

/// What every job has.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) id: String,
    pub(crate) created: Timestamp,
    pub(crate) finished: Option<Timestamp>,
    pub(crate) purge: Timestamp,
    pub(crate) status: Status,
    /// The place in the order of creation.
    #[serde(default)]
    pub(crate) number: u64,
    /// Which work is for it; none if this is 0. A job that was deleted, or that belongs to a state which was replaced, is
    /// told from another of the same id by this.
    #[serde(skip)]
    pub(crate) run: u64,
}

impl Record {
    /// A job that is made now. Its number and run are given when it takes its place.
    pub(crate) fn new(id: String, now: Timestamp) -> Self {
        Record {
            id,
            created: now,
            finished: None,
            purge: now.after(KEPT),
            status: Status::NotStarted,
            number: 0,
            run: 0,
        }
    }
}

/// What can be done with imports and deletions alike.
pub(crate) trait Job: Clone {
    fn record(&self) -> &Record;
    fn record_mut(&mut self) -> &mut Record;
    /// Does what is left to do.
    fn work(&self, instance: &Instance);
    /// Ends it because nothing can do its work.
    fn give_up(&self, instance: &Instance, why: &str);
}

/// The job for which this work was begun, if it is still there.
pub(crate) fn of_run<'a, J: Job>(jobs: &'a mut Tracked<J>, job: &J) -> Option<&'a mut J> {
    is_there(jobs, job).then(|| jobs.get_mut(&job.record().id))?
}

pub(crate) fn is_there<J: Job>(jobs: &Tracked<J>, job: &J) -> bool {
    jobs.get(&job.record().id)
        .is_some_and(|there| there.record().run == job.record().run)
}

/// The jobs that are not over, each with a new run.
fn begin_again<J: Job>(jobs: &mut Tracked<J>, runs: &mut u64) -> Vec<J> {
    let open = in_order(jobs)
        .into_iter()
        .filter(|job| !job.record().status.is_over());
    let mut open: Vec<J> = open.cloned().collect();
    for job in &mut open {
        *runs += 1;
        job.record_mut().run = *runs;
        jobs.insert(job.record().id.clone(), job.clone());
    }
    open
}

/// Jobs, the oldest first.
pub(crate) fn in_order<J: Job>(jobs: &Tracked<J>) -> Vec<&J> {
    let mut jobs: Vec<_> = jobs.values().collect();
    jobs.sort_by_key(|job| job.record().number);
    jobs
}

/// The number of the next job.
pub(crate) fn next_number<J: Job>(jobs: &Tracked<J>) -> u64 {
    let numbers = jobs.values().map(|job| job.record().number);
    numbers.max().map_or(0, |last| last.saturating_add(1))
}

impl Jobs {
    /// Refuses if a job is not over yet.
    pub(crate) fn make_room(&self) -> Answer<()> {
        let busy = self.imports.values().any(|job| !job.record.status.is_over())
            || self.deletions.values().any(|job| !job.record.status.is_over());
        if busy {
            return Err(errors::job_limit_reached());
        }
        Ok(())
    }

    pub(crate) fn dump(&self) -> Value {
        // Texts, numbers and times always serialize.
        serde_json::to_value(self).unwrap_or_default()
    }

    pub(crate) fn from_state(state: Option<&Value>) -> Result<Self, String> {
        let Some(state) = state else {
            return Ok(Jobs::default());
        };
        let jobs = Jobs::deserialize(state).map_err(|error| format!("jobs: {error}"))?;
        let imports = jobs.imports.iter().map(|(key, job)| (key, &job.record.id));
        let deletions = jobs.deletions.iter().map(|(key, job)| (key, &job.record.id));
        match imports.chain(deletions).find(|(key, id)| key != id) {
            Some((key, id)) => Err(format!("the job {id:?} is filed as {key:?}")),
            None => Ok(jobs),
        }
    }

    pub(crate) fn record_changes(&mut self) {
        self.imports.record();
        self.deletions.record();
    }

    pub(crate) fn take_changes(&mut self) -> Vec<StateChange> {
        let mut changes = self.imports.take_changes(&["jobs", "imports"]);
        changes.extend(self.deletions.take_changes(&["jobs", "deletions"]));
        changes
    }
}

impl Instance {
    /// Takes jobs in place of the current ones, whose work ends; those that were not over go on where they were. To be
    /// called while the graph is locked, so that no other job than these ever finds the new graph.
    pub(crate) fn set_jobs(self: &Arc<Self>, mut jobs: Jobs) {
        let mut current = self.jobs.lock();
        jobs.runs = current.runs;
        let imports = begin_again(&mut jobs.imports, &mut jobs.runs);
        let deletions = begin_again(&mut jobs.deletions, &mut jobs.runs);
        if current.imports.is_recorded() {
            jobs.record_changes();
        }
        *current = jobs;
        drop(current);
        imports.into_iter().for_each(|job| self.begin(job));
        deletions.into_iter().for_each(|job| self.begin(job));
    }

    /// Has what happened without a request written to the data file, if there is one. A job doesn't wait for it: it tells
    /// nobody what it did, and whoever asks is answered after the writing (see `Service::is_durable`).
    pub(crate) fn poke_journal(&self) {
        if let Some(journal) = self.journal.get() {
            journal.poke();
        }
    }

    /// Has a thread of its own do the work of a job. To be called while the jobs are not locked.
    pub(crate) fn begin<J: Job + Send + 'static>(self: &Arc<Self>, job: J) {
        let (instance, its_job) = (Arc::clone(self), job.clone());
        let started = std::thread::Builder::new()
            .name("digital-twins-job".to_owned())
            .spawn(move || its_job.work(&instance));
        if let Err(error) = started {
            tracing::error!(%error, job = job.record().id, "a job has no thread to run on");
            // An open job would keep all others from being made.
            job.give_up(self, &format!("There is no thread to run on: {error}"));
        }
    }

    /// The jobs, without those that were over for so long that nobody can look at them any more.
    pub(crate) fn known_jobs(&self) -> MutexGuard<'_, Jobs> {
        let now = self.now();
        let mut jobs = self.jobs.lock();
        jobs.imports
            .retain(|job| job.record.purge > now || !job.record.status.is_over());
        jobs.deletions
            .retain(|job| job.record.purge > now || !job.record.status.is_over());
        jobs
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from(self.clock.now())
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }
}
