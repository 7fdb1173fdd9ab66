//! The operations on delete jobs, which empty the instance of everything but routes.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{KEPT, Status, deletion, imports};
use crate::ServiceResponse;
use crate::digitaltwins::call::{Call, encode};
use crate::digitaltwins::errors::{self, Answer};
use crate::digitaltwins::instance::Instance;
use crate::digitaltwins::timestamp::Timestamp;

const DEFAULT_MINUTES: u64 = 720;

/// A delete job. The derived JSON is the form of dumped state.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Deletion {
    pub(super) id: String,
    pub(super) created: Timestamp,
    pub(super) finished: Option<Timestamp>,
    pub(super) purge: Timestamp,
    pub(super) deadline: Timestamp,
    pub(super) status: Status,
}

impl Deletion {
    fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "createdDateTime": self.created,
            "finishedDateTime": self.finished,
            "purgeDateTime": self.purge,
            "status": self.status,
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
    let job = Deletion {
        id: id.clone(),
        created: now,
        finished: None,
        purge: now.after(KEPT),
        deadline: now.after(Duration::from_secs(60 * minutes)),
        status: Status::NotStarted,
    };
    {
        let mut jobs = service.jobs.lock();
        if jobs.deletions.contains_key(&id) {
            return Err(errors::job_invalid(&format!(
                "The operation id {id} is in use already."
            )));
        }
        jobs.make_room(now)?;
        jobs.deletions.insert(id.clone(), job.clone());
    }
    let location = call.link(&format!("/jobs/deletions/{}", encode(&id)), &[]);
    let answer = ServiceResponse::json(StatusCode::ACCEPTED, &job.to_json())
        .with_header("operation-location", &location)
        .with_header("operation-id", &id);
    service.spawn(move |instance| deletion::run(instance, &job));
    Ok(answer)
}

pub(crate) fn get(service: &Instance, id: &str) -> Answer<ServiceResponse> {
    let jobs = service.jobs.lock();
    let job = jobs
        .deletions
        .get(id)
        .ok_or_else(|| errors::delete_job_not_found(id))?;
    Ok(ServiceResponse::json(StatusCode::OK, &job.to_json()))
}

pub(crate) fn list(service: &Instance, call: &Call<'_>) -> Answer<ServiceResponse> {
    let jobs = service.jobs.lock();
    imports::page(
        call,
        "/jobs/deletions",
        jobs.deletions.values().map(Deletion::to_json),
    )
}
