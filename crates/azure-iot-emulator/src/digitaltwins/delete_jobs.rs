//! Delete jobs, which delete all models, twins and relationships: start, get, list.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::digitaltwins::call::{Call, encode};
use crate::digitaltwins::errors::{self, ServiceResult};
use crate::digitaltwins::instance::Instance;
use crate::digitaltwins::jobs::record::{Deletion, Record};
use crate::digitaltwins::jobs::worker;
use crate::digitaltwins::paging;
use crate::service::ServiceResponse;

const DEFAULT_TIMEOUT_MINUTES: u64 = 720;

pub(super) fn post(instance: &Arc<Instance>, call: &Call<'_>) -> ServiceResult<ServiceResponse> {
    let minutes = match call.query_value("timeoutInMinutes") {
        None => DEFAULT_TIMEOUT_MINUTES,
        Some(text) => text
            .parse()
            .ok()
            .filter(|minutes| (15..=1440).contains(minutes))
            .ok_or_else(|| errors::job_invalid("timeoutInMinutes must be a number from 15 to 1440."))?,
    };
    let id = call
        .header("operation-id")
        .map_or_else(|| Uuid::new_v4().to_string(), str::to_owned);
    let now = instance.now();
    let job = instance.jobs.add_deletion(Deletion {
        record: Record::new(id.clone(), now),
        deadline: now.after(Duration::from_secs(60 * minutes)),
    })?;
    let location = call.link(&format!("/jobs/deletions/{}", encode(&id)), &[]);
    let response = ServiceResponse::json(StatusCode::ACCEPTED, &to_json(&job))
        .with_header("operation-location", &location)
        .with_header("operation-id", &id);
    worker::start_deletion(instance, job);
    Ok(response)
}

pub(super) fn get(instance: &Instance, id: &str) -> ServiceResult<ServiceResponse> {
    let job = instance.jobs.deletion(id, instance.now());
    let job = job.ok_or_else(|| errors::delete_job_not_found(id))?;
    Ok(ServiceResponse::json(StatusCode::OK, &to_json(&job)))
}

pub(super) fn list(instance: &Instance, call: &Call<'_>) -> ServiceResult<ServiceResponse> {
    let jobs = instance.jobs.deletions(instance.now());
    paging::page_by_position(call, "/jobs/deletions", jobs.iter().map(to_json))
}

fn to_json(job: &Deletion) -> Value {
    json!({
        "id": job.record.id,
        "createdDateTime": job.record.created,
        "finishedDateTime": job.record.finished,
        "purgeDateTime": job.record.purge,
        "status": job.record.status,
    })
}
