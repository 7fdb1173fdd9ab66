//! The operations on import jobs.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::digitaltwins::call::{self, Call, Page};
use crate::digitaltwins::errors::{self, Answer};
use crate::digitaltwins::instance::Instance;
use crate::digitaltwins::jobs::{Job, Record, Status, blobs, import, in_order, next_number};
use crate::digitaltwins::store::timestamp::Timestamp;
use crate::service::ServiceResponse;

const PAGE: usize = 100;

/// An import job. The derived JSON is the form of dumped state.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Import {
    #[serde(flatten)]
    pub(crate) record: Record,
    pub(crate) input: String,
    pub(crate) output: String,
    pub(crate) last_action: Timestamp,
    /// Code and text.
    pub(crate) error: Option<(String, String)>,
    /// Lines of the input that need not be looked at again.
    pub(crate) lines_done: u64,
}

impl Job for Import {
    fn record(&self) -> &Record {
        &self.record
    }

    fn record_mut(&mut self) -> &mut Record {
        &mut self.record
    }

    fn work(&self, instance: &Instance) {
        import::run(instance, self);
    }

    fn give_up(&self, instance: &Instance, why: &str) {
        let error = ("InternalError".to_owned(), why.to_owned());
        instance.finish_import(self, Status::Failed, Some(error));
    }
}

impl Import {
    fn to_json(&self) -> Value {
        let mut json = Map::new();
        let mut put = |name: &str, value: String| json.insert(name.to_owned(), Value::String(value));
        put("id", self.record.id.clone());
        put("inputBlobUri", self.input.clone());
        put("outputBlobUri", self.output.clone());
        put("createdDateTime", self.record.created.to_string());
        put("lastActionDateTime", self.last_action.to_string());
        if let Some(finished) = self.record.finished {
            put("finishedDateTime", finished.to_string());
        }
        put("purgeDateTime", self.record.purge.to_string());
        if let Ok(status) = serde_json::to_value(self.record.status) {
            json.insert("status".to_owned(), status);
        }
        if let Some((code, message)) = &self.error {
            let error = serde_json::json!({"code": code, "message": message});
            json.insert("error".to_owned(), error);
        }
        Value::Object(json)
    }
}

pub(crate) fn put(service: &Arc<Instance>, call: &Call<'_>, id: &str) -> Answer<ServiceResponse> {
    let Ok(Value::Object(body)) = call.limited_json_body(&service.limits)? else {
        return Err(errors::job_invalid("The body must be a JSON object."));
    };
    let uri = |name: &str| {
        let Some(uri) = body.get(name).and_then(Value::as_str) else {
            return Err(errors::job_invalid(&format!("The property {name} is required.")));
        };
        blobs::place(uri).map(|_| uri.to_owned())
    };
    let (input, output) = (uri("inputBlobUri")?, uri("outputBlobUri")?);
    let now = Timestamp::from(service.clock.now());
    let mut job = Import {
        record: Record::new(id.to_owned(), now),
        input,
        output,
        last_action: now,
        error: None,
        lines_done: 0,
    };
    {
        let mut jobs = service.known_jobs();
        if jobs.imports.contains_key(id) {
            return Err(errors::job_exists(id));
        }
        jobs.make_room()?;
        jobs.runs += 1;
        (job.record.number, job.record.run) = (next_number(&jobs.imports), jobs.runs);
        jobs.imports.insert(id.to_owned(), job.clone());
    }
    let answer = ServiceResponse::json(StatusCode::CREATED, &job.to_json());
    service.begin(job);
    Ok(answer)
}

pub(crate) fn get(service: &Instance, id: &str) -> Answer<ServiceResponse> {
    let jobs = service.known_jobs();
    let job = jobs.imports.get(id).ok_or_else(|| errors::job_not_found(id))?;
    Ok(ServiceResponse::json(StatusCode::OK, &job.to_json()))
}

pub(crate) fn list(service: &Instance, call: &Call<'_>) -> Answer<ServiceResponse> {
    let jobs = service.known_jobs();
    let jobs = in_order(&jobs.imports).into_iter();
    page(call, "/jobs/imports", jobs.map(Import::to_json))
}

/// One page of jobs; a token counts those on earlier pages.
pub(crate) fn page(
    call: &Call<'_>,
    path: &str,
    jobs: impl Iterator<Item = Value>,
) -> Answer<ServiceResponse> {
    let size = call.page_size(PAGE, PAGE)?;
    let first = match call.query_value("continuationToken") {
        None => 0,
        Some(token) => URL_SAFE_NO_PAD
            .decode(token)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok()?.parse::<usize>().ok())
            .ok_or_else(errors::invalid_list_token)?,
    };
    let mut jobs = jobs.skip(first);
    let value: Vec<_> = jobs.by_ref().take(size).collect();
    let next_link = jobs.next().map(|_| {
        let token = URL_SAFE_NO_PAD.encode((first + value.len()).to_string());
        call.link(path, &[("continuationToken", &token)])
    });
    Ok(ServiceResponse::json(StatusCode::OK, &Page { next_link, value }))
}

/// Asks a job to end; what it has imported stays. Nothing happens to one that has ended.
pub(crate) fn cancel(service: &Instance, id: &str) -> Answer<ServiceResponse> {
    let mut jobs = service.known_jobs();
    let job = jobs
        .imports
        .get_mut(id)
        .ok_or_else(|| errors::job_not_found(id))?;
    if !job.record.status.is_over() {
        job.record.status = Status::Cancelling;
        job.last_action = Timestamp::from(service.clock.now());
    }
    Ok(ServiceResponse::json(StatusCode::OK, &job.to_json()))
}

/// A job that still runs ends, too.
pub(crate) fn delete(service: &Instance, id: &str) -> Answer<ServiceResponse> {
    let removed = service.known_jobs().imports.remove(id);
    removed.ok_or_else(|| errors::job_not_found(id))?;
    Ok(call::no_content())
}
