//! Both clients against an emulator that injects faults, with every result checked by a model.
//!
//! Each task owns some devices and digital twins, so it knows the state of each: exactly after a success, and as one of
//! several states after a call whose outcome is unknown. A read must return one of them. Every write has a number of its
//! own, so states are distinguishable.

mod faults;
mod model;
mod stores;

use std::sync::Arc;
use std::time::{Duration, Instant};

use azure_iot_emulator::Emulator;
use fastrand::Rng;
use tokio::task::JoinSet;

use crate::Failure;
use faults::inject;
use model::{Counts, Subject};
use stores::{HubStore, TwinStore, TwinsStore};

/// Number of tasks per service.
const TASKS: u64 = 8;
/// Number of devices or twins per task.
const SUBJECTS: u64 = 5;
/// Shortest duration after which every kind of result must have occurred.
const CONCLUSIVE: Duration = Duration::from_secs(2);

/// Runs for the given time with this seed of the random choices. Returns a summary.
///
/// # Errors
///
/// The first result that contradicts the model, with its device or twin.
pub async fn run(duration: Duration, seed: u64) -> Result<String, Failure> {
    let folder = tempfile::tempdir()?;
    let builder = Emulator::builder().data_file(folder.path().join("data.json"));
    let emulator = builder.start().await?;
    let hub = Arc::new(HubStore::new(&emulator)?);
    let twins = Arc::new(TwinsStore::new(&emulator).await?);
    let until = Instant::now() + duration;
    let injecting = tokio::spawn(inject(emulator.faults().clone(), seed));
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let (hub, twins, seed) = (hub.clone(), twins.clone(), seed.wrapping_add(task));
        tasks.spawn(async move { work(&*hub, task, seed, until).await });
        tasks.spawn(async move { work(&*twins, task, seed, until).await });
    }
    let (mut counts, mut subjects) = (Counts::default(), Vec::new());
    while let Some(ended) = tasks.join_next().await {
        let (of_task, subjects_of_task) = ended??;
        counts.add(&of_task);
        subjects.extend(subjects_of_task);
    }
    injecting.abort();
    let injected = injecting.await;
    if let Err(error) = injected
        && !error.is_cancelled()
    {
        return Err(error.into());
    }
    emulator.faults().clear();
    for subject in &mut subjects {
        let store: &dyn Checked = if subject.is_device { &*hub } else { &*twins };
        store.check(subject).await?;
    }
    emulator.shut_down().await;
    counts.require(duration >= CONCLUSIVE)?;
    Ok(format!(
        "seed {seed}: {counts}; {} final states correct",
        subjects.len()
    ))
}

/// Changes the subjects of a task until the time is over.
async fn work<S: TwinStore>(
    store: &S,
    task: u64,
    seed: u64,
    until: Instant,
) -> Result<(Counts, Vec<Subject>), Failure> {
    let mut random = Rng::with_seed(seed);
    let subjects = (0..SUBJECTS).map(|number| Subject::new(format!("soak-{task}-{number}"), S::IS_HUB));
    let mut subjects: Vec<_> = subjects.collect();
    let mut counts = Counts::default();
    while Instant::now() < until {
        for subject in &mut subjects {
            subject.step(store, &mut random, &mut counts).await?;
        }
    }
    Ok((counts, subjects))
}

/// The final check of a subject, without faults.
#[async_trait::async_trait]
trait Checked: Sync {
    async fn check(&self, subject: &mut Subject) -> Result<(), Failure>;
}

#[async_trait::async_trait]
impl<S: TwinStore> Checked for S {
    async fn check(&self, subject: &mut Subject) -> Result<(), Failure> {
        subject.check_without_faults(self).await
    }
}
