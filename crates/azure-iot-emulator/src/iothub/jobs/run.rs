//! Running jobs when their time has come.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use parking_lot::Mutex;
use serde_json::json;
use time::OffsetDateTime;
use tokio::sync::watch;
use twin_query::iothub::{self as language, Source, TargetCondition};

use super::{Action, DeviceJob, DeviceStatus, Job, Status};
use crate::iothub::IotHub;
use crate::iothub::configurations::Scope;
use crate::iothub::errors::{HubError, Result};
use crate::iothub::methods::{MethodCall, Timeouts};
use crate::iothub::query;
use crate::iothub::render::TwinView;
use crate::iothub::store::Store;
use crate::iothub::timestamp::Timestamp;
use crate::iothub::twin::TwinChange;
use crate::iothub::twins::TwinKey;

/// Devices that a job calls at the same time.
const CONCURRENT_CALLS: usize = 10;
/// Twins that a job writes before others get a turn.
const TWINS_AT_ONCE: usize = 100;

/// What runs, and news for whoever runs it. Scheduled jobs and transfers have ids that never are the same.
#[derive(Debug)]
pub(crate) struct Runner {
    running: Mutex<BTreeSet<String>>,
    changes: watch::Sender<u64>,
}

impl Default for Runner {
    fn default() -> Self {
        Self {
            running: Mutex::default(),
            changes: watch::Sender::new(0),
        }
    }
}

impl Runner {
    pub(crate) fn changed(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Whether nobody runs this yet; from now on somebody does.
    fn claim(&self, id: &str) -> bool {
        self.running.lock().insert(id.to_owned())
    }

    fn release(&self, id: &str) {
        self.running.lock().remove(id);
    }
}

/// Something to be run.
enum Due {
    Job(String),
    Transfer(String),
}

impl IotHub {
    /// Runs the jobs whose time has come to their end: scheduled jobs as well as imports and exports.
    ///
    /// A running [`Emulator`](crate::Emulator) does this by itself; who uses the engine alone calls it.
    pub async fn run_due_jobs(&self) {
        loop {
            let (due, _) = self.due_jobs();
            if due.is_empty() {
                return;
            }
            futures::future::join_all(due.into_iter().map(|due| self.run(due))).await;
        }
    }

    /// Runs jobs, each when its time comes, for ever.
    pub(crate) async fn keep_running_jobs(self: Arc<Self>) {
        let mut running = FuturesUnordered::new();
        let mut changes = self.jobs.changes.subscribe();
        loop {
            let (due, next) = self.due_jobs();
            running.extend(due.into_iter().map(|due| self.run(due)));
            tokio::select! {
                Some(()) = running.next() => {}
                // It can't fail: the sender lives as long as the hub.
                _ = changes.changed() => {}
                () = self.come(next) => {}
            }
        }
    }

    /// Waits for a time, or for ever if there is none.
    async fn come(&self, time: Option<OffsetDateTime>) {
        match time {
            Some(time) => self.clock.sleep_until(time).await,
            None => std::future::pending().await,
        }
    }

    /// What has to be run now, and the time of the first that has to wait.
    fn due_jobs(&self) -> (Vec<Due>, Option<OffsetDateTime>) {
        let now = self.now();
        let mut store = self.store.write();
        let mut due: Vec<Due> = store
            .waiting_transfers()
            .into_iter()
            .filter(|id| self.jobs.claim(id))
            .map(Due::Transfer)
            .collect();
        let mut next = None;
        let waiting: Vec<(String, Timestamp, Status)> = store
            .jobs
            .values()
            .filter(|job| !job.status.is_over())
            .map(|job| (job.id.clone(), job.start, job.status))
            .collect();
        for (id, start, status) in waiting {
            // One that says that it runs, though nobody runs it, comes from a loaded state.
            if status == Status::Running || start <= now {
                if self.jobs.claim(&id) {
                    due.push(Due::Job(id));
                }
                continue;
            }
            next = [next, Some(start.time())].into_iter().flatten().min();
            if status == Status::Queued
                && let Some(job) = store.jobs.get_mut(&id)
            {
                job.status = Status::Scheduled;
            }
        }
        (due, next)
    }

    async fn run(&self, due: Due) {
        match due {
            Due::Job(id) => {
                self.run_job(&id).await;
                self.end_is_durable(&id).await;
                self.jobs.release(&id);
            }
            Due::Transfer(id) => {
                self.run_transfer(&id).await;
                self.end_is_durable(&id).await;
                self.jobs.release(&id);
            }
        }
    }

    /// A job that could not be written as over runs again when the state is loaded, which does no harm.
    async fn end_is_durable(&self, id: &str) {
        if let Err(error) = self.durable().await {
            tracing::warn!(id, error = error.text, "the end of a job");
        }
    }

    async fn run_job(&self, id: &str) {
        let Some((action, devices, deadline)) = self.start_job(id) else {
            return;
        };
        match &action {
            Action::ScheduleUpdateTwin { .. } => {
                for part in devices.chunks(TWINS_AT_ONCE) {
                    let now = self.now();
                    if now.time() >= deadline {
                        break;
                    }
                    self.update_twins(id, &action, part, now);
                    tokio::task::yield_now().await;
                }
            }
            Action::ScheduleDeviceMethod { .. } => {
                let calls = devices
                    .into_iter()
                    .map(|place| self.call_device(id, &action, place, deadline));
                futures::stream::iter(calls)
                    .buffer_unordered(CONCURRENT_CALLS)
                    .collect::<()>()
                    .await;
            }
        }
        self.end_job(id);
    }

    /// Finds the devices of a job, unless they were found before. `None` if there is nothing to run.
    fn start_job(&self, id: &str) -> Option<(Action, Vec<usize>, OffsetDateTime)> {
        let now = self.now();
        let mut store = self.store.write();
        let job = store.jobs.get(id)?;
        if job.status.is_over() {
            return None;
        }
        let found = match job.status {
            Status::Running => None,
            _ => Some(targets(&store, &job.condition)),
        };
        let job = store.jobs.get_mut(id)?;
        match found {
            None => {}
            Some(Ok(targets)) => {
                job.devices = targets
                    .into_iter()
                    .map(|(device_id, module_id)| DeviceJob {
                        device_id,
                        module_id,
                        status: DeviceStatus::Pending,
                        started: None,
                        ended: None,
                        updated: now,
                        response: None,
                        error: None,
                    })
                    .collect();
                job.status = Status::Running;
                job.updated = now;
            }
            Some(Err(text)) => {
                job.status = Status::Failed;
                job.failure = Some(text);
                job.ended = Some(now);
                return None;
            }
        }
        let open =
            |device: &DeviceJob| matches!(device.status, DeviceStatus::Pending | DeviceStatus::Running);
        let places = job.devices.iter().enumerate().filter(|(_, device)| open(device));
        let places = places.map(|(place, _)| place).collect();
        let limit = i64::try_from(job.max_execution_seconds).unwrap_or(i64::MAX);
        let begun = job.start.max(job.created).time();
        let deadline = begun.saturating_add(time::Duration::seconds(limit));
        Some((job.action.clone(), places, deadline))
    }

    fn update_twins(&self, id: &str, action: &Action, places: &[usize], now: Timestamp) {
        let Action::ScheduleUpdateTwin { tags, properties } = action else {
            return;
        };
        let mut store = self.store.write();
        for place in places {
            let Some((device_id, module_id)) = begin(&mut store, id, *place, now) else {
                continue;
            };
            let key = TwinKey {
                device_id: &device_id,
                module_id: module_id.as_deref(),
            };
            let updated = TwinChange::new(tags.clone(), properties.clone())
                .and_then(|change| key.find_mut(&mut store)?.twin.patch(change, now));
            if updated.is_ok() && !store.configurations.is_empty() {
                store.reconcile(Scope::Device(&device_id), now);
            }
            end(&mut store, id, *place, updated.map(|()| None), now);
        }
    }

    async fn call_device(&self, id: &str, action: &Action, place: usize, deadline: OffsetDateTime) {
        let Action::ScheduleDeviceMethod {
            method_name,
            payload,
            response_timeout_in_seconds: response,
            connect_timeout_in_seconds: connect,
        } = action
        else {
            return;
        };
        let now = self.now();
        if now.time() >= deadline {
            return;
        }
        let Some((device_id, module_id)) = begin(&mut self.store.write(), id, place, now) else {
            return;
        };
        let key = TwinKey {
            device_id: &device_id,
            module_id: module_id.as_deref(),
        };
        let called = match Timeouts::check(Some(*response), Some(*connect)) {
            Ok(timeouts) => {
                let call = MethodCall {
                    method: method_name,
                    payload: payload.clone(),
                    timeouts,
                };
                self.call_method(key, call).await
            }
            Err(error) => Err(error),
        };
        let answer = called.map(|(status, payload)| Some(json!({ "status": status, "payload": payload })));
        end(&mut self.store.write(), id, place, answer, self.now());
    }

    fn end_job(&self, id: &str) {
        let now = self.now();
        let mut store = self.store.write();
        let Some(job) = store.jobs.get_mut(id) else { return };
        let mut late = false;
        for device in &mut job.devices {
            if device.status == DeviceStatus::Pending {
                late = true;
                device.status = DeviceStatus::Failed;
                device.updated = now;
                device.error = Some((0, "The job's time was over.".to_owned()));
            }
        }
        if late {
            job.failure = Some("The job took longer than maxExecutionTimeInSeconds.".to_owned());
        }
        job.status = if late { Status::Failed } else { Status::Completed };
        job.ended = Some(now);
        job.updated = now;
    }
}

fn begin(store: &mut Store, id: &str, place: usize, now: Timestamp) -> Option<(String, Option<String>)> {
    let device = device_job(store, id, place)?;
    device.status = DeviceStatus::Running;
    device.started = Some(now);
    device.updated = now;
    Some((device.device_id.clone(), device.module_id.clone()))
}

fn end(
    store: &mut Store,
    id: &str,
    place: usize,
    outcome: Result<Option<serde_json::Value>>,
    now: Timestamp,
) {
    let Some(device) = device_job(store, id, place) else {
        return;
    };
    device.ended = Some(now);
    device.updated = now;
    match outcome {
        Ok(response) => {
            device.status = DeviceStatus::Completed;
            device.response = response;
        }
        Err(HubError { code, text, .. }) => {
            device.status = DeviceStatus::Failed;
            device.error = Some((code.number(), text));
        }
    }
}

fn device_job<'a>(store: &'a mut Store, id: &str, place: usize) -> Option<&'a mut DeviceJob> {
    let job: &mut Job = store.jobs.get_mut(id)?;
    job.devices.get_mut(place)
}

type TargetIds = Vec<(String, Option<String>)>;

/// The devices or modules that a condition describes.
fn targets(store: &Store, condition: &str) -> std::result::Result<TargetIds, String> {
    let parsed = language::parse_target_condition(condition).map_err(|error| error.to_string())?;
    let (expression, source) = match &parsed {
        TargetCondition::None => return Ok(Vec::new()),
        TargetCondition::All => (None, Source::Devices),
        TargetCondition::Devices(expression) => (Some(expression), Source::Devices),
        TargetCondition::Modules(expression) => (Some(expression), Source::Modules),
    };
    if let Some(expression) = expression {
        expression.validate(source).map_err(|error| error.to_string())?;
    }
    let mut found = Vec::new();
    for device in store.devices.values() {
        if source == Source::Devices {
            if query::holds(expression, source, TwinView { device, module: None }) {
                found.push((device.id.clone(), None));
            }
            continue;
        }
        for module in device.modules.values() {
            let view = TwinView {
                device,
                module: Some(module),
            };
            if query::holds(expression, source, view) {
                found.push((device.id.clone(), Some(module.id.clone())));
            }
        }
    }
    Ok(found)
}
