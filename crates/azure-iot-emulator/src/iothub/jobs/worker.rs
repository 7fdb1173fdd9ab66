//! Runs scheduled jobs, imports and exports when they are due.

use std::sync::Arc;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use time::OffsetDateTime;

use crate::iothub::hub::IotHub;
use crate::iothub::store::job::{Job, JobStatus};

/// A claimed job.
enum DueJob {
    Scheduled(String),
    Transfer(String),
}

impl IotHub {
    /// Runs all due jobs to their end: scheduled jobs as well as imports and exports.
    ///
    /// A running [`Emulator`](crate::Emulator) runs them automatically. Call this method only if you use the
    /// hub without an emulator.
    pub async fn run_due_jobs(&self) {
        loop {
            let (due, _) = self.claim_due_jobs();
            if due.is_empty() {
                return;
            }
            futures::future::join_all(due.into_iter().map(|due| self.run(due))).await;
        }
    }

    /// Runs jobs when they are due; never returns.
    pub(crate) async fn keep_running_jobs(self: Arc<Self>) {
        let mut running = FuturesUnordered::new();
        let mut changes = self.runner().subscribe();
        loop {
            let (due, next) = self.claim_due_jobs();
            running.extend(due.into_iter().map(|due| self.run(due)));
            tokio::select! {
                Some(()) = running.next() => {}
                // Cannot fail, because the sender lives as long as the hub.
                _ = changes.changed() => {}
                () = self.sleep_until(next) => {}
            }
        }
    }

    /// Waits until `time`, or forever if it is `None`.
    async fn sleep_until(&self, time: Option<OffsetDateTime>) {
        match time {
            Some(time) => self.clock().sleep_until(time).await,
            None => std::future::pending().await,
        }
    }

    /// Claims the due jobs. Returns them, and the time at which the next job is due.
    fn claim_due_jobs(&self) -> (Vec<DueJob>, Option<OffsetDateTime>) {
        let now = self.now();
        self.write(|store| {
            let mut due: Vec<DueJob> = store
                .active_transfers()
                .into_iter()
                .filter(|id| self.runner().claim(id))
                .map(DueJob::Transfer)
                .collect();
            let active = store.jobs.values().filter(|job| !job.status.is_final());
            // A job with the status running but without a claim comes from a loaded state.
            let (ready, waiting): (Vec<&Job>, Vec<&Job>) =
                active.partition(|job| job.status == JobStatus::Running || job.start <= now);
            let ready = ready.into_iter().filter(|job| self.runner().claim(&job.id));
            due.extend(ready.map(|job| DueJob::Scheduled(job.id.clone())));
            let next = waiting.iter().map(|job| job.start.time()).min();
            let queued = waiting.iter().filter(|job| job.status == JobStatus::Queued);
            let queued: Vec<String> = queued.map(|job| job.id.clone()).collect();
            for id in queued {
                if let Some(job) = store.jobs.get_mut(&id) {
                    job.status = JobStatus::Scheduled;
                }
            }
            (due, next)
        })
    }

    async fn run(&self, due: DueJob) {
        let (id, commit) = self
            .track(async {
                match due {
                    DueJob::Scheduled(id) => {
                        self.run_job(&id).await;
                        id
                    }
                    DueJob::Transfer(id) => {
                        self.run_transfer(&id).await;
                        id
                    }
                }
            })
            .await;
        // If the end of the job is not written to disk, the job runs again after a restart, which is harmless.
        if let Err(error) = Self::durable(commit).await {
            tracing::warn!(
                id,
                error = error.text,
                "could not write the end of a job to the data file"
            );
        }
        self.runner().release(&id);
    }
}
