//! Execution of a scheduled job.
//!
//! A run holds no lock between its steps, so a request can load a state that does not contain the job. The
//! remaining steps then have no effect.

use futures::StreamExt;
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::iothub::configurations::scope::Scope;
use crate::iothub::device::method_call::{MethodCall, Timeouts};
use crate::iothub::errors::{HubError, Result};
use crate::iothub::hub::IotHub;
use crate::iothub::jobs::targets;
use crate::iothub::registry::edge;
use crate::iothub::rules::twin_patch::TwinChange;
use crate::iothub::store::Store;
use crate::iothub::store::job::{DeviceJob, DeviceJobStatus, Job, JobAction, JobStatus};
use crate::iothub::store::twin_key::TwinKey;
use crate::timestamp::Timestamp;

/// Number of devices that a job calls concurrently.
const CONCURRENT_CALLS: usize = 10;
/// Number of twins that a job writes in one critical section.
const TWIN_BATCH: usize = 100;

/// A twin update of a job.
#[derive(Clone, Copy)]
struct TwinAction<'a> {
    tags: &'a Option<Value>,
    properties: &'a Option<Value>,
}

/// A method call of a job.
#[derive(Clone, Copy)]
struct MethodAction<'a> {
    method: &'a str,
    payload: &'a Value,
    response_timeout: i64,
    connect_timeout: i64,
}

/// A started job.
struct StartedJob {
    action: JobAction,
    /// Indices of the unfinished devices.
    devices: Vec<usize>,
    deadline: OffsetDateTime,
}

impl IotHub {
    pub(super) async fn run_job(&self, id: &str) {
        let now = self.now();
        let Some(started) = self.write(|store| start_job(store, id, now)) else {
            return;
        };
        let StartedJob {
            action,
            devices,
            deadline,
        } = started;
        match &action {
            JobAction::ScheduleUpdateTwin { tags, properties } => {
                let action = TwinAction { tags, properties };
                for batch in devices.chunks(TWIN_BATCH) {
                    let now = self.now();
                    if now.time() >= deadline {
                        break;
                    }
                    self.write(|store| update_twins(store, id, action, batch, now));
                    tokio::task::yield_now().await;
                }
            }
            JobAction::ScheduleDeviceMethod {
                method_name,
                payload,
                response_timeout_in_seconds,
                connect_timeout_in_seconds,
            } => {
                let action = MethodAction {
                    method: method_name,
                    payload,
                    response_timeout: *response_timeout_in_seconds,
                    connect_timeout: *connect_timeout_in_seconds,
                };
                let calls = devices
                    .into_iter()
                    .map(|index| self.call_device(id, action, index, deadline));
                futures::stream::iter(calls)
                    .buffer_unordered(CONCURRENT_CALLS)
                    .collect::<()>()
                    .await;
            }
        }
        let now = self.now();
        self.write(|store| finish_job(store, id, now));
    }

    async fn call_device(&self, id: &str, action: MethodAction<'_>, index: usize, deadline: OffsetDateTime) {
        let now = self.now();
        if now.time() >= deadline {
            return;
        }
        let Some((device_id, module_id)) = self.write(|store| start_device(store, id, index, now)) else {
            return;
        };
        let key = TwinKey {
            device_id: &device_id,
            module_id: module_id.as_deref(),
        };
        let called = match Timeouts::check(Some(action.response_timeout), Some(action.connect_timeout)) {
            Ok(timeouts) => {
                let call = MethodCall {
                    method: action.method,
                    payload: action.payload.clone(),
                    timeouts,
                };
                self.call_method(key, call).await
            }
            Err(error) => Err(error),
        };
        let outcome = called.map(|(status, payload)| Some(json!({ "status": status, "payload": payload })));
        let now = self.now();
        self.write(|store| finish_device(store, id, index, outcome, now));
    }
}

/// Starts a job and selects its devices, unless an earlier run has selected them. Returns `None` if the job was
/// canceled or no longer exists.
#[expect(clippy::expect_used, reason = "the store is locked since the job was found")]
fn start_job(store: &mut Store, id: &str, now: Timestamp) -> Option<StartedJob> {
    let job = store.jobs.get(id)?;
    if job.status.is_final() {
        return None;
    }
    let found = match job.status {
        JobStatus::Running => None,
        _ => Some(targets::find(store, &job.condition)),
    };
    let job = store.jobs.get_mut(id).expect("the job was found above");
    match found {
        None => {}
        Some(Ok(targets)) => {
            job.devices = targets
                .into_iter()
                .map(|(device_id, module_id)| DeviceJob {
                    device_id,
                    module_id,
                    status: DeviceJobStatus::Pending,
                    started: None,
                    ended: None,
                    updated: now,
                    response: None,
                    error: None,
                })
                .collect();
            job.status = JobStatus::Running;
            job.updated = now;
        }
        Some(Err(text)) => {
            job.status = JobStatus::Failed;
            job.failure = Some(text);
            job.ended = Some(now);
            return None;
        }
    }
    let is_open =
        |device: &DeviceJob| matches!(device.status, DeviceJobStatus::Pending | DeviceJobStatus::Running);
    let open = job
        .devices
        .iter()
        .enumerate()
        .filter(|(_, device)| is_open(device));
    let limit = i64::try_from(job.max_execution_seconds).unwrap_or(i64::MAX);
    let started = job.start.max(job.created).time();
    Some(StartedJob {
        action: job.action.clone(),
        devices: open.map(|(index, _)| index).collect(),
        deadline: started.saturating_add(time::Duration::seconds(limit)),
    })
}

fn update_twins(store: &mut Store, id: &str, action: TwinAction<'_>, indices: &[usize], now: Timestamp) {
    for index in indices {
        let Some((device_id, module_id)) = start_device(store, id, *index, now) else {
            continue;
        };
        let key = TwinKey {
            device_id: &device_id,
            module_id: module_id.as_deref(),
        };
        let updated = TwinChange::new(action.tags.clone(), action.properties.clone()).and_then(|change| {
            let twin = &mut key.find_mut(store)?.twin;
            edge::check_twin_write(key)?;
            twin.apply(change, now)
        });
        if updated.is_ok() && !store.configurations.is_empty() {
            store.reconcile(Scope::Device(&device_id), now);
        }
        finish_device(store, id, *index, updated.map(|()| None), now);
    }
}

/// Marks a device as running and returns its device and module ids; `None` if the job no longer exists.
fn start_device(
    store: &mut Store,
    id: &str,
    index: usize,
    now: Timestamp,
) -> Option<(String, Option<String>)> {
    let device = device_job(store, id, index)?;
    device.status = DeviceJobStatus::Running;
    device.started = Some(now);
    device.updated = now;
    Some((device.device_id.clone(), device.module_id.clone()))
}

/// Records the outcome for a device.
fn finish_device(store: &mut Store, id: &str, index: usize, outcome: Result<Option<Value>>, now: Timestamp) {
    let Some(device) = device_job(store, id, index) else {
        return;
    };
    device.ended = Some(now);
    device.updated = now;
    match outcome {
        Ok(response) => {
            device.status = DeviceJobStatus::Completed;
            device.response = response;
        }
        Err(HubError { code, text, .. }) => {
            device.status = DeviceJobStatus::Failed;
            device.error = Some((code.number(), text));
        }
    }
}

fn device_job<'a>(store: &'a mut Store, id: &str, index: usize) -> Option<&'a mut DeviceJob> {
    let job: &mut Job = store.jobs.get_mut(id)?;
    job.devices.get_mut(index)
}

/// Completes a job. Devices that are unfinished at the job's deadline fail.
fn finish_job(store: &mut Store, id: &str, now: Timestamp) {
    let Some(job) = store.jobs.get_mut(id) else { return };
    let mut late = false;
    for device in &mut job.devices {
        if device.status == DeviceJobStatus::Pending {
            late = true;
            device.status = DeviceJobStatus::Failed;
            device.updated = now;
            device.error = Some((0, "The job reached its deadline first.".to_owned()));
        }
    }
    if late {
        job.failure = Some("The job took longer than maxExecutionTimeInSeconds.".to_owned());
    }
    job.status = if late {
        JobStatus::Failed
    } else {
        JobStatus::Completed
    };
    job.ended = Some(now);
    job.updated = now;
}
