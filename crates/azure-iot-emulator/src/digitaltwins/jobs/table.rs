//! The table of an instance's jobs.

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::digitaltwins::errors::{self, ServiceResult};
use crate::digitaltwins::jobs::record::{Deletion, Import, Job, Status};
use crate::digitaltwins::store::timestamp::Timestamp;
use crate::durable::{StateChange, Tracked};

/// The jobs of an instance, behind a lock.
///
/// Lock order: last. The lock is private, and no method returns its guard or takes another lock.
#[derive(Debug, Default)]
pub(crate) struct JobTable {
    jobs: Mutex<Jobs>,
}

/// The content of a table. The derived serialization defines the format of dumped state.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Jobs {
    imports: Tracked<Import>,
    deletions: Tracked<Deletion>,
    /// Number of workers started so far.
    #[serde(skip)]
    runs: u64,
}

/// Unfinished jobs that need a worker.
#[derive(Debug)]
pub(crate) struct OpenJobs {
    pub(crate) imports: Vec<Import>,
    pub(crate) deletions: Vec<Deletion>,
}

/// The error for a job that was cancelled or deleted. Its worker must stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cancelled;

impl JobTable {
    /// Adds an import and assigns its number and run.
    pub(crate) fn add_import(&self, mut job: Import) -> ServiceResult<Import> {
        let mut jobs = self.jobs.lock();
        jobs.purge(job.record.created);
        if jobs.imports.contains_key(&job.record.id) {
            return Err(errors::job_exists(&job.record.id));
        }
        jobs.check_idle()?;
        jobs.runs += 1;
        let run = jobs.runs;
        add(&mut jobs.imports, &mut job, run);
        Ok(job)
    }

    pub(crate) fn import(&self, id: &str, now: Timestamp) -> Option<Import> {
        let mut jobs = self.jobs.lock();
        jobs.purge(now);
        jobs.imports.get(id).cloned()
    }

    /// Returns the imports, oldest first.
    pub(crate) fn imports(&self, now: Timestamp) -> Vec<Import> {
        let mut jobs = self.jobs.lock();
        jobs.purge(now);
        in_order(&jobs.imports)
    }

    /// Requests the cancellation of an import, unless it has finished. Returns the import.
    pub(crate) fn cancel_import(&self, id: &str, now: Timestamp) -> Option<Import> {
        let mut jobs = self.jobs.lock();
        jobs.purge(now);
        let job = jobs.imports.get_mut(id)?;
        if !job.record.status.is_over() {
            job.record.status = Status::Cancelling;
            job.last_action = now;
        }
        Some(job.clone())
    }

    pub(crate) fn remove_import(&self, id: &str, now: Timestamp) -> Option<Import> {
        let mut jobs = self.jobs.lock();
        jobs.purge(now);
        jobs.imports.remove(id)
    }

    /// Returns whether the table has this import, with the same run.
    pub(crate) fn has_import(&self, job: &Import) -> bool {
        is_current(&self.jobs.lock().imports, job)
    }

    /// Returns whether the table has this import, with the same run, and its cancellation has not been requested.
    pub(crate) fn may_import(&self, job: &Import) -> bool {
        let jobs = self.jobs.lock();
        let stored = jobs.imports.get(&job.record.id);
        stored.is_some_and(|stored| {
            stored.record.run == job.record.run && stored.record.status != Status::Cancelling
        })
    }

    /// Records the number of processed lines of an import.
    pub(crate) fn record_lines_done(&self, job: &Import, line: u64) {
        if let Some(job) = current(&mut self.jobs.lock().imports, job) {
            job.lines_done = job.lines_done.max(line);
        }
    }

    /// Records the number of processed lines of an import and sets its status to running, unless it was cancelled.
    pub(crate) fn checkpoint_import(&self, job: &Import, line: u64, now: Timestamp) -> Result<(), Cancelled> {
        let mut jobs = self.jobs.lock();
        let job = current(&mut jobs.imports, job).ok_or(Cancelled)?;
        job.lines_done = job.lines_done.max(line);
        if job.record.status == Status::Cancelling {
            return Err(Cancelled);
        }
        job.record.status = Status::Running;
        job.last_action = now;
        Ok(())
    }

    pub(crate) fn finish_import(
        &self,
        job: &Import,
        status: Status,
        error: Option<(String, String)>,
        now: Timestamp,
    ) {
        if let Some(job) = current(&mut self.jobs.lock().imports, job) {
            job.record.status = status;
            job.error = error;
            job.last_action = now;
            job.record.finished = Some(now);
        }
    }

    /// Adds a deletion and assigns its number and run.
    pub(crate) fn add_deletion(&self, mut job: Deletion) -> ServiceResult<Deletion> {
        let mut jobs = self.jobs.lock();
        jobs.purge(job.record.created);
        let id = &job.record.id;
        if jobs.deletions.contains_key(id) {
            return Err(errors::job_invalid(&format!(
                "The operation id {id} is already in use."
            )));
        }
        jobs.check_idle()?;
        jobs.runs += 1;
        let run = jobs.runs;
        add(&mut jobs.deletions, &mut job, run);
        Ok(job)
    }

    pub(crate) fn deletion(&self, id: &str, now: Timestamp) -> Option<Deletion> {
        let mut jobs = self.jobs.lock();
        jobs.purge(now);
        jobs.deletions.get(id).cloned()
    }

    /// Returns the deletions, oldest first.
    pub(crate) fn deletions(&self, now: Timestamp) -> Vec<Deletion> {
        let mut jobs = self.jobs.lock();
        jobs.purge(now);
        in_order(&jobs.deletions)
    }

    /// Returns whether the table has this deletion, with the same run.
    pub(crate) fn has_deletion(&self, job: &Deletion) -> bool {
        is_current(&self.jobs.lock().deletions, job)
    }

    pub(crate) fn set_deletion_status(&self, job: &Deletion, status: Status, now: Timestamp) {
        if let Some(job) = current(&mut self.jobs.lock().deletions, job) {
            job.record.status = status;
            job.record.finished = status.is_over().then_some(now);
        }
    }

    #[expect(clippy::expect_used, reason = "strings, numbers and times serialize")]
    pub(crate) fn dump(&self) -> Value {
        serde_json::to_value(&*self.jobs.lock()).expect("jobs serialize")
    }

    /// Replaces all jobs; workers of the old ones stop. Returns the unfinished new jobs, each with a new run. Callers hold
    /// the graph's lock, so that no old worker writes to the graph of the new jobs.
    pub(crate) fn replace(&self, mut jobs: Jobs) -> OpenJobs {
        let mut current = self.jobs.lock();
        jobs.runs = current.runs;
        let open = OpenJobs {
            imports: reopen(&mut jobs.imports, &mut jobs.runs),
            deletions: reopen(&mut jobs.deletions, &mut jobs.runs),
        };
        if current.imports.is_recorded() {
            jobs.record_changes();
        }
        *current = jobs;
        open
    }

    pub(crate) fn record_changes(&self) {
        self.jobs.lock().record_changes();
    }

    pub(crate) fn take_changes(&self) -> Vec<StateChange> {
        let mut jobs = self.jobs.lock();
        let mut changes = jobs.imports.take_changes(&["jobs", "imports"]);
        changes.extend(jobs.deletions.take_changes(&["jobs", "deletions"]));
        changes
    }

    #[cfg(test)]
    pub(crate) fn is_idle(&self) -> bool {
        self.jobs.lock().check_idle().is_ok()
    }
}

impl Jobs {
    pub(crate) fn from_state(state: Option<&Value>) -> Result<Self, String> {
        let Some(state) = state else {
            return Ok(Jobs::default());
        };
        let jobs = Jobs::deserialize(state).map_err(|error| format!("jobs: {error}"))?;
        let imports = jobs.imports.iter().map(|(key, job)| (key, &job.record.id));
        let deletions = jobs.deletions.iter().map(|(key, job)| (key, &job.record.id));
        match imports.chain(deletions).find(|(key, id)| key != id) {
            Some((key, id)) => Err(format!("the job \"{id}\" is stored under the key \"{key}\"")),
            None => Ok(jobs),
        }
    }

    /// Removes finished jobs after their retention.
    fn purge(&mut self, now: Timestamp) {
        self.imports
            .retain(|job| job.record.purge > now || !job.record.status.is_over());
        self.deletions
            .retain(|job| job.record.purge > now || !job.record.status.is_over());
    }

    /// Returns an error if a job has not finished.
    fn check_idle(&self) -> ServiceResult<()> {
        let busy = self.imports.values().any(|job| !job.record.status.is_over())
            || self.deletions.values().any(|job| !job.record.status.is_over());
        if busy {
            return Err(errors::job_limit_reached());
        }
        Ok(())
    }

    fn record_changes(&mut self) {
        self.imports.record();
        self.deletions.record();
    }
}

/// Adds a job with the next number.
fn add<J: Job>(jobs: &mut Tracked<J>, job: &mut J, run: u64) {
    let numbers = jobs.values().map(|job| job.record().number);
    let number = numbers.max().map_or(0, |last| last.saturating_add(1));
    (job.record_mut().number, job.record_mut().run) = (number, run);
    jobs.insert(job.record().id.clone(), job.clone());
}

/// Returns the stored job with the same run.
fn current<'a, J: Job>(jobs: &'a mut Tracked<J>, job: &J) -> Option<&'a mut J> {
    is_current(jobs, job).then(|| jobs.get_mut(&job.record().id))?
}

fn is_current<J: Job>(jobs: &Tracked<J>, job: &J) -> bool {
    jobs.get(&job.record().id)
        .is_some_and(|stored| stored.record().run == job.record().run)
}

/// Returns the unfinished jobs, each with a new run.
fn reopen<J: Job>(jobs: &mut Tracked<J>, runs: &mut u64) -> Vec<J> {
    let mut open = in_order(jobs);
    open.retain(|job| !job.record().status.is_over());
    for job in &mut open {
        *runs += 1;
        job.record_mut().run = *runs;
        jobs.insert(job.record().id.clone(), job.clone());
    }
    open
}

/// Returns the jobs, oldest first.
fn in_order<J: Job>(jobs: &Tracked<J>) -> Vec<J> {
    let mut jobs: Vec<_> = jobs.values().cloned().collect();
    jobs.sort_by_key(|job| job.record().number);
    jobs
}
