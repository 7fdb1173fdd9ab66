//! The operations on delete jobs, which empty the instance of everything but routes.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Job, KEPT, Status, deletion, imports, in_order, next_number};
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
    /// The place in the order of creation.
    #[serde(default)]
    pub(super) number: u64,
    #[serde(skip)]
    pub(super) run: u64,
}

impl Job for Deletion {
    fn id(&self) -> &str {
        &self.id
    }

    fn number(&self) -> u64 {
        self.number
    }

    fn status(&self) -> Status {
        self.status
    }

    fn run_mut(&mut self) -> &mut u64 {
        &mut self.run
    }

    fn run(&self) -> u64 {
        self.run
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
    let mut job = Deletion {
        id: id.clone(),
        created: now,
        finished: None,
        purge: now.after(KEPT),
        deadline: now.after(Duration::from_secs(60 * minutes)),
        status: Status::NotStarted,
        number: 0,
        run: 0,
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
        (job.number, job.run) = (next_number(&jobs.deletions), jobs.runs);
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
    imports::page(call, "/jobs/deletions", jobs.map(Deletion::to_json))
}
