//! The threads that run jobs.

use std::io;
use std::sync::Arc;

use crate::digitaltwins::instance::Instance;
use crate::digitaltwins::jobs::record::{Deletion, Import, Status};
use crate::digitaltwins::jobs::table::OpenJobs;
use crate::digitaltwins::jobs::{deletion, import};

/// Starts a worker for every open job.
pub(crate) fn start_all(instance: &Arc<Instance>, open: OpenJobs) {
    for job in open.imports {
        start_import(instance, job);
    }
    for job in open.deletions {
        start_deletion(instance, job);
    }
}

pub(crate) fn start_import(instance: &Arc<Instance>, job: Import) {
    let worker_job = job.clone();
    if let Err(error) = spawn(instance, move |instance| import::run(instance, &worker_job)) {
        tracing::error!(%error, job = job.record.id, "could not start a thread for the job");
        fail_import(
            instance,
            &job,
            &format!("Could not start a thread for the job: {error}"),
        );
    }
}

pub(crate) fn start_deletion(instance: &Arc<Instance>, job: Deletion) {
    let worker_job = job.clone();
    if let Err(error) = spawn(instance, move |instance| deletion::run(instance, &worker_job)) {
        tracing::error!(%error, job = job.record.id, "could not start a thread for the job");
        fail_deletion(instance, &job);
    }
}

fn spawn(instance: &Arc<Instance>, work: impl FnOnce(&Instance) + Send + 'static) -> io::Result<()> {
    let instance = Arc::clone(instance);
    std::thread::Builder::new()
        .name("digital-twins-job".to_owned())
        .spawn(move || work(&instance))
        .map(drop)
}

/// Fails an import without a worker, because an unfinished job would block new ones.
pub(super) fn fail_import(instance: &Instance, job: &Import, reason: &str) {
    let error = ("InternalError".to_owned(), reason.to_owned());
    let now = instance.now();
    instance.jobs.finish_import(job, Status::Failed, Some(error), now);
    instance.wake_journal();
}

/// Fails a deletion without a worker.
pub(super) fn fail_deletion(instance: &Instance, job: &Deletion) {
    instance
        .jobs
        .set_deletion_status(job, Status::Failed, instance.now());
    instance.wake_journal();
}
