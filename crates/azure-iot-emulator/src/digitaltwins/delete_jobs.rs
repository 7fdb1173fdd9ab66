//! The operations on delete jobs, which empty the instance of everything but routes.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::digitaltwins::call::{Call, encode};
use crate::digitaltwins::errors::{self, Answer};
use crate::digitaltwins::import_jobs;
use crate::digitaltwins::instance::Instance;
use crate::digitaltwins::jobs::{Job, Record, Status, deletion, in_order, next_number};
use crate::digitaltwins::store::timestamp::Timestamp;
use crate::service::ServiceResponse;

const DEFAULT_MINUTES: u64 = 720;

/// A delete job. The derived JSON is the form of dumped state.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Deletion {
    #[serde(flatten)]
    pub(crate) record: Record,
    pub(crate) deadline: Timestamp,
}

impl Job for Deletion {
    fn record(&self) -> &Record {
        &self.record
    }

    fn record_mut(&mut self) -> &mut Record {
        &mut self.record
    }

    fn work(&self, instance: &Instance) {
        deletion::run(instance, self);
    }

    fn give_up(&self, instance: &Instance, _why: &str) {
        instance.set_deletion(self, Status::Failed);
        instance.poke_journal();
    }
}

impl Deletion {
    fn to_json(&self) -> Value {
        json!({
            "id": self.record.id,
            "createdDateTime": self.record.created,
            "finishedDateTime": self.record.finished,
            "purgeDateTime": self.record.purge,
            "status": self.record.status,
        })
    }
}

pub(crate) fn post(service: &Arc<Instance>, call: &Call<'_>) -> Answer<ServiceResponse> {
    let minutes = match call.query_value("timeoutInMinutes") {
        None => DEFAULT_MINUTES,
        Some(text) => text
            .parse()
            .ok()
            .filter(|minutes| (15..=1440).contains(minutes))
            .ok_or_else(|| errors::job_invalid("timeoutInMinutes must be a number from 15 to 1440."))?,
    };
    let id = call
        .header("operation-id")
        .map_or_else(|| Uuid::new_v4().to_string(), str::to_owned);
    let now = Timestamp::from(service.clock.now());
    let mut job = Deletion {
        record: Record::new(id.clone(), now),
        deadline: now.after(Duration::from_secs(60 * minutes)),
    };
    {
        let mut jobs = service.known_jobs();
        if jobs.deletions.contains_key(&id) {
            return Err(errors::job_invalid(&format!(
                "The operation id {id} is in use already."
            )));
        }
        jobs.make_room()?;
        jobs.runs += 1;
        (job.record.number, job.record.run) = (next_number(&jobs.deletions), jobs.runs);
        jobs.deletions.insert(id.clone(), job.clone());
    }
    let location = call.link(&format!("/jobs/deletions/{}", encode(&id)), &[]);
    let answer = ServiceResponse::json(StatusCode::ACCEPTED, &job.to_json())
        .with_header("operation-location", &location)
        .with_header("operation-id", &id);
    service.begin(job);
    Ok(answer)
}

pub(crate) fn get(service: &Instance, id: &str) -> Answer<ServiceResponse> {
    let jobs = service.known_jobs();
    let job = jobs
        .deletions
        .get(id)
        .ok_or_else(|| errors::delete_job_not_found(id))?;
    Ok(ServiceResponse::json(StatusCode::OK, &job.to_json()))
}

pub(crate) fn list(service: &Instance, call: &Call<'_>) -> Answer<ServiceResponse> {
    let jobs = service.known_jobs();
    let jobs = in_order(&jobs.deletions).into_iter();
    import_jobs::page(call, "/jobs/deletions", jobs.map(Deletion::to_json))
}
