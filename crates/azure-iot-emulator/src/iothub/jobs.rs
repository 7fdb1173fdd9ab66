//! Scheduled jobs: a twin update or a direct method for all devices that a condition describes.

mod request;
mod rows;
mod run;

use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

pub(crate) use self::rows::{JobRow, rows};
pub(crate) use self::run::Runner;
use super::IotHub;
use super::codes::Code;
use super::errors::{HubError, Result};
use super::query::{self, paging};
use super::store::Store;
use super::timestamp::Timestamp;
use crate::service::{ServiceRequest, ServiceResponse};

/// How long the service remembers a job that has ended.
const RETENTION: time::Duration = time::Duration::days(30);

/// What a job does on each device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "type")]
pub(crate) enum Action {
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

impl Action {
    /// The type's name on the wire.
    fn name(&self) -> &'static str {
        match self {
            Self::ScheduleUpdateTwin { .. } => "scheduleUpdateTwin",
            Self::ScheduleDeviceMethod { .. } => "scheduleDeviceMethod",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Status {
    Queued,
    Scheduled,
    Running,
    Completed,
    Failed,
    Cancelled,
}

impl Status {
    fn is_over(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}

/// A job. The derived JSON is the form of dumped state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Job {
    pub(crate) id: String,
    action: Action,
    condition: String,
    created: Timestamp,
    start: Timestamp,
    ended: Option<Timestamp>,
    updated: Timestamp,
    max_execution_seconds: u64,
    pub(crate) status: Status,
    failure: Option<String>,
    /// Filled when the job starts, by the place of the device in the list.
    devices: Vec<DeviceJob>,
}

/// A job's part on one device or module.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct DeviceJob {
    device_id: String,
    module_id: Option<String>,
    status: DeviceStatus,
    started: Option<Timestamp>,
    ended: Option<Timestamp>,
    updated: Timestamp,
    /// What the device answered to a method.
    response: Option<Value>,
    /// Code and text.
    error: Option<(u32, String)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum DeviceStatus {
    Pending,
    Running,
    Completed,
    Failed,
}

impl Job {
    fn count(&self, status: DeviceStatus) -> usize {
        self.devices
            .iter()
            .filter(|device| device.status == status)
            .count()
    }

    /// The job as the service writes it.
    fn render(&self) -> Value {
        let mut body = Map::new();
        let mut put = |key: &str, value: Value| drop(body.insert(key.to_owned(), value));
        put("jobId", json!(self.id));
        put("queryCondition", json!(self.condition));
        put("createdTime", json!(self.created));
        put("startTime", json!(self.start));
        if let Some(ended) = self.ended {
            put("endTime", json!(ended));
        }
        put("maxExecutionTimeInSeconds", json!(self.max_execution_seconds));
        put("type", json!(self.action.name()));
        match &self.action {
            Action::ScheduleUpdateTwin { tags, properties } => {
                let mut twin = json!({ "deviceId": null, "etag": "*" });
                if let Some(tags) = tags {
                    twin["tags"] = tags.clone();
                }
                if let Some(properties) = properties {
                    twin["properties"] = properties.clone();
                }
                put("updateTwin", twin);
            }
            Action::ScheduleDeviceMethod {
                method_name,
                payload,
                response_timeout_in_seconds,
                connect_timeout_in_seconds,
            } => put(
                "cloudToDeviceMethod",
                json!({
                    "methodName": method_name,
                    // The service says it in bytes.
                    "payload": payload.to_string().into_bytes(),
                    "responseTimeoutInSeconds": response_timeout_in_seconds,
                    "connectTimeoutInSeconds": connect_timeout_in_seconds,
                }),
            ),
        }
        put("status", json!(self.status));
        if let Some(failure) = &self.failure {
            put("failureReason", json!(failure));
        }
        put(
            "deviceJobStatistics",
            json!({
                "deviceCount": self.devices.len(),
                "failedCount": self.count(DeviceStatus::Failed),
                "succeededCount": self.count(DeviceStatus::Completed),
                "runningCount": self.count(DeviceStatus::Running),
                "pendingCount": self.count(DeviceStatus::Pending),
            }),
        );
        Value::Object(body)
    }
}

impl Store {
    /// Jobs that are not over.
    fn active_jobs(&self) -> usize {
        self.jobs.values().filter(|job| !job.status.is_over()).count()
    }

    fn forget_old_jobs(&mut self, now: Timestamp) {
        let is_old = |job: &Job| {
            job.ended
                .is_some_and(|ended| now.time() - ended.time() > RETENTION)
        };
        let old: Vec<String> = self
            .jobs
            .values()
            .filter(|job| is_old(job))
            .map(|job| job.id.clone())
            .collect();
        for id in old {
            self.jobs.remove(&id);
        }
    }
}

impl IotHub {
    pub(crate) fn put_scheduled_job(&self, request: &ServiceRequest, id: &str) -> Result<ServiceResponse> {
        let now = self.now();
        let job = request::job(id, &request.body, now)?;
        let limit = self.tier().concurrent_jobs();
        let mut store = self.store.write();
        store.forget_old_jobs(now);
        if store.jobs.contains_key(id) {
            let text = format!("A job with ID '{id}' already exists.");
            return Err(HubError::new(Code::JOB_ALREADY_EXISTS, text));
        }
        if store.active_jobs() >= limit {
            let text = format!("The number of active jobs has reached the limit of {limit}.");
            return Err(HubError::new(
                Code::THROTTLING_MAX_ACTIVE_JOB_COUNT_EXCEEDED,
                text,
            ));
        }
        let response = ServiceResponse::json(StatusCode::OK, &job.render());
        store.jobs.insert(id.to_owned(), job);
        drop(store);
        self.jobs.changed();
        Ok(response)
    }

    /// A job that nobody knows is of an unknown type, in an unknown state, and no error.
    pub(crate) fn get_scheduled_job(&self, id: &str) -> ServiceResponse {
        let body = match self.store.read().jobs.get(id) {
            Some(job) => job.render(),
            None => json!({ "jobId": id, "type": "unknown", "status": "unknown" }),
        };
        ServiceResponse::json(StatusCode::OK, &body)
    }

    pub(crate) fn cancel_scheduled_job(&self, id: &str) -> Result<ServiceResponse> {
        let now = self.now();
        let mut store = self.store.write();
        let not_found = || HubError::new(Code::JOB_NOT_FOUND, format!("There is no job {id}."));
        let status = store.jobs.get(id).ok_or_else(not_found)?.status;
        if !matches!(status, Status::Queued | Status::Scheduled) {
            let text = format!("The job {id} has begun already.");
            return Err(HubError::new(Code::OPERATION_NOT_ALLOWED_IN_CURRENT_STATE, text));
        }
        let job = store.jobs.get_mut(id).ok_or_else(not_found)?;
        job.status = Status::Cancelled;
        job.ended = Some(now);
        job.updated = now;
        Ok(ServiceResponse::json(StatusCode::OK, &job.render()))
    }

    /// The jobs of a type and in a state, page by page as query results are.
    pub(crate) fn query_scheduled_jobs(&self, request: &ServiceRequest) -> Result<ServiceResponse> {
        let wanted = |name: &str| request.query_value(name).filter(|value| !value.is_empty());
        let (kind, status) = (wanted("jobType"), wanted("jobStatus"));
        let text = format!("{kind:?} {status:?}");
        let page = paging::Request::of(request, &text)?;
        let store = self.store.read();
        let is = |wanted: Option<&str>, found: &str| {
            wanted.is_none_or(|wanted| wanted.eq_ignore_ascii_case(found))
        };
        let jobs = store.jobs.values().filter(|job| {
            is(kind, job.action.name()) && is(status, json!(job.status).as_str().unwrap_or_default())
        });
        let (jobs, next) = page.slice(jobs.map(Job::render).collect());
        let response =
            ServiceResponse::json(StatusCode::OK, &jobs).with_header(query::ITEM_TYPE, "JobResponse");
        Ok(page.with_next(response, next, jobs.len()))
    }
}
