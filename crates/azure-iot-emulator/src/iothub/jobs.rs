//! Scheduled jobs: a twin update or a direct method call for all devices that a condition selects.

pub(super) mod job_run;
pub(super) mod request;
pub(super) mod runner;
pub(super) mod targets;
pub(super) mod view;
pub(super) mod worker;

use http::StatusCode;
use serde_json::json;

use crate::iothub::codes::Code;
use crate::iothub::errors::{HubError, Result};
use crate::iothub::hub::IotHub;
use crate::iothub::query::paging;
use crate::iothub::query::paging::ListPage;
use crate::iothub::store::Store;
use crate::iothub::store::job::JobStatus;
use crate::service::{ServiceRequest, ServiceResponse};
use crate::timestamp::Timestamp;

/// Retention of finished jobs.
const RETENTION: time::Duration = time::Duration::days(30);

impl Store {
    fn active_jobs(&self) -> usize {
        self.jobs.values().filter(|job| !job.status.is_final()).count()
    }

    fn remove_expired_jobs(&mut self, now: Timestamp) {
        self.jobs.retain(|job| {
            job.ended
                .is_none_or(|ended| now.time() - ended.time() <= RETENTION)
        });
    }
}

impl IotHub {
    pub(super) fn put_scheduled_job(&self, request: &ServiceRequest, id: &str) -> Result<ServiceResponse> {
        let now = self.now();
        let job = request::parse(id, &request.body, now)?;
        let limit = self.tier().concurrent_jobs();
        let response = ServiceResponse::json(StatusCode::OK, &view::job(&job));
        self.write(|store| {
            store.remove_expired_jobs(now);
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
            store.jobs.insert(id.to_owned(), job);
            Ok(())
        })?;
        self.runner().notify();
        Ok(response)
    }

    /// Returns a job. For an unknown job the service responds with the type and status `unknown` instead of an error.
    pub(super) fn get_scheduled_job(&self, id: &str) -> ServiceResponse {
        let body = self.read(|store| match store.jobs.get(id) {
            Some(job) => view::job(job),
            None => json!({ "jobId": id, "type": "unknown", "status": "unknown" }),
        });
        ServiceResponse::json(StatusCode::OK, &body)
    }

    pub(super) fn cancel_scheduled_job(&self, id: &str) -> Result<ServiceResponse> {
        let now = self.now();
        self.write(|store| {
            let not_found = || HubError::new(Code::JOB_NOT_FOUND, format!("There is no job {id}."));
            let job = store.jobs.get_mut(id).ok_or_else(not_found)?;
            if !matches!(job.status, JobStatus::Queued | JobStatus::Scheduled) {
                let text = format!("The job {id} has already started.");
                return Err(HubError::new(Code::OPERATION_NOT_ALLOWED_IN_CURRENT_STATE, text));
            }
            job.status = JobStatus::Cancelled;
            job.ended = Some(now);
            job.updated = now;
            Ok(ServiceResponse::json(StatusCode::OK, &view::job(job)))
        })
    }

    /// Lists the jobs with a type and status, paged like query results.
    pub(super) fn query_scheduled_jobs(&self, request: &ServiceRequest) -> Result<ServiceResponse> {
        let wanted = |name: &str| request.query_value(name).filter(|value| !value.is_empty());
        let (kind, status) = (wanted("jobType"), wanted("jobStatus"));
        let text = format!("{kind:?} {status:?}");
        let page = ListPage::of(request, &text)?;
        let is = |wanted: Option<&str>, found: &str| {
            wanted.is_none_or(|wanted| wanted.eq_ignore_ascii_case(found))
        };
        let (jobs, next) = self.read(|store| {
            let jobs = store.jobs.values();
            let jobs = jobs.filter(|job| is(kind, job.action.name()) && is(status, job.status.name()));
            page.slice(jobs.map(view::job).collect())
        });
        let response =
            ServiceResponse::json(StatusCode::OK, &jobs).with_header(paging::ITEM_TYPE, "JobResponse");
        Ok(page.with_next(response, next, jobs.len()))
    }
}
