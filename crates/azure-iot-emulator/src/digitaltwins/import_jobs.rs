//! Import jobs: start, get, list, cancel, delete.

use std::sync::Arc;

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::digitaltwins::call::{self, Call};
use crate::digitaltwins::errors::{self, ServiceResult};
use crate::digitaltwins::instance::Instance;
use crate::digitaltwins::jobs::record::{Import, Record};
use crate::digitaltwins::jobs::{blobs, worker};
use crate::digitaltwins::paging;
use crate::service::ServiceResponse;

pub(super) fn put(instance: &Arc<Instance>, call: &Call<'_>, id: &str) -> ServiceResult<ServiceResponse> {
    let Ok(Value::Object(body)) = call.limited_json_body(&instance.limits)? else {
        return Err(errors::job_invalid("The body must be a JSON object."));
    };
    let uri = |name: &str| {
        let Some(uri) = body.get(name).and_then(Value::as_str) else {
            return Err(errors::job_invalid(&format!("The property {name} is required.")));
        };
        blobs::relative_path(uri).map(|_| uri.to_owned())
    };
    let now = instance.now();
    let job = instance.jobs.add_import(Import {
        input: uri("inputBlobUri")?,
        output: uri("outputBlobUri")?,
        record: Record::new(id.to_owned(), now),
        last_action: now,
        error: None,
        lines_done: 0,
    })?;
    let response = response(StatusCode::CREATED, &job);
    worker::start_import(instance, job);
    Ok(response)
}

pub(super) fn get(instance: &Instance, id: &str) -> ServiceResult<ServiceResponse> {
    let job = instance.jobs.import(id, instance.now());
    let job = job.ok_or_else(|| errors::job_not_found(id))?;
    Ok(response(StatusCode::OK, &job))
}

pub(super) fn list(instance: &Instance, call: &Call<'_>) -> ServiceResult<ServiceResponse> {
    let jobs = instance.jobs.imports(instance.now());
    paging::page_by_position(call, "/jobs/imports", jobs.iter().map(to_json))
}

/// Cancels a job. Stored rows stay; a finished job is unchanged.
pub(super) fn cancel(instance: &Instance, id: &str) -> ServiceResult<ServiceResponse> {
    let job = instance.jobs.cancel_import(id, instance.now());
    let job = job.ok_or_else(|| errors::job_not_found(id))?;
    Ok(response(StatusCode::OK, &job))
}

/// Deletes a job. If it runs, it stops.
pub(super) fn delete(instance: &Instance, id: &str) -> ServiceResult<ServiceResponse> {
    let removed = instance.jobs.remove_import(id, instance.now());
    removed.ok_or_else(|| errors::job_not_found(id))?;
    Ok(call::no_content())
}

fn response(status: StatusCode, job: &Import) -> ServiceResponse {
    ServiceResponse::json(status, &to_json(job))
}

fn to_json(job: &Import) -> Value {
    let mut json = Map::new();
    let mut put = |name: &str, value: String| json.insert(name.to_owned(), Value::String(value));
    put("id", job.record.id.clone());
    put("inputBlobUri", job.input.clone());
    put("outputBlobUri", job.output.clone());
    put("createdDateTime", job.record.created.to_string());
    put("lastActionDateTime", job.last_action.to_string());
    if let Some(finished) = job.record.finished {
        put("finishedDateTime", finished.to_string());
    }
    put("purgeDateTime", job.record.purge.to_string());
    json.insert("status".to_owned(), json!(job.record.status));
    if let Some((code, message)) = &job.error {
        let error = json!({"code": code, "message": message});
        json.insert("error".to_owned(), error);
    }
    Value::Object(json)
}
