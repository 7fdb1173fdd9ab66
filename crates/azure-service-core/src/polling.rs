//! Jobs: started by one call, watched by others.

mod poller;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use azure_core::http::headers::{Headers, RETRY_AFTER, RETRY_AFTER_MS, X_MS_RETRY_AFTER_MS};
use azure_core::http::poller::{
    PollerContinuation, PollerOptions, PollerResult, PollerState, PollerStatus, StatusMonitor,
    get_retry_after,
};
use azure_core::http::{Context, JsonFormat, RawResponse, Response};
use azure_protocol_runtime::TypedRequest;
use futures::future::BoxFuture;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use time::Duration;
use url::Url;

use crate::error::{Error, Result};
use crate::header::header;
use crate::paging::{foreign, is_own, own_link};
use crate::pipeline::ServicePipeline;

pub use poller::Poller;

/// azure_core panics below this.
const SHORTEST_WAIT: Duration = Duration::SECOND;
/// A service that asks for more is asked after this time all the same.
const LONGEST_WAIT: Duration = Duration::minutes(5);

/// So many times in a row a service may answer that a job's status is unknown; then there is no such job. One that was
/// made a moment ago is given the time to become known.
const UNKNOWN_ANSWERS: u32 = 3;

/// A job as a poller sees it: the service's document, and the `status` that every job document has.
///
/// The foreign trait [`StatusMonitor`] cannot be implemented for generated types; hence this wrapper.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Job<T> {
    /// The service's document.
    pub document: T,
    status: String,
}

impl<T> Job<T> {
    /// The status as the service wrote it, such as `running`.
    #[must_use]
    pub fn status(&self) -> &str {
        &self.status
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Job<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let status = status(&value).ok_or_else(|| D::Error::missing_field("status"))?;
        let document = serde_json::from_value(value).map_err(D::Error::custom)?;
        Ok(Self { document, status })
    }
}

impl<T: DeserializeOwned> StatusMonitor for Job<T> {
    type Output = T;
    type Format = JsonFormat;

    fn status(&self) -> PollerStatus {
        progress(&self.status)
    }
}

fn status(document: &Value) -> Option<String> {
    document.get("status")?.as_str().map(str::to_owned)
}

/// The services' words for where a job is. A word that is not known means that it still runs.
fn progress(status: &str) -> PollerStatus {
    match status.to_ascii_lowercase().as_str() {
        "succeeded" | "completed" => PollerStatus::Succeeded,
        "failed" => PollerStatus::Failed,
        "cancelled" | "canceled" => PollerStatus::Canceled,
        _ => PollerStatus::InProgress,
    }
}

/// Options of the methods that give a [`Poller`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PollOptions {
    /// The wait between two reads of the job, if the service does not say. Default: 30 seconds; at least one second.
    pub interval: Option<std::time::Duration>,
}

/// The options of a poller that reads every `interval`.
pub(crate) fn options(
    context: Context<'static>,
    interval: Option<std::time::Duration>,
) -> PollerOptions<'static> {
    let default = PollerOptions::default().frequency;
    PollerOptions {
        context,
        frequency: interval.map_or(default, |interval| interval.try_into().unwrap_or(Duration::MAX)),
    }
}

/// Sends `start`, then `get` again and again, to where the last response says.
pub(crate) fn poll<T>(
    pipeline: &ServicePipeline,
    method: &'static str,
    start: TypedRequest<()>,
    get: TypedRequest<()>,
    mut options: PollerOptions<'static>,
) -> azure_core::http::Poller<Job<T>>
where
    T: DeserializeOwned + Send + 'static,
{
    options.frequency = options.frequency.max(SHORTEST_WAIT);
    let pipeline = pipeline.clone();
    let unknown = Arc::new(AtomicU32::new(0));
    let step = move |state, options: PollerOptions<'static>| -> BoxFuture<'static, _> {
        let (pipeline, start, mut get) = (pipeline.clone(), start.clone(), get.clone());
        let unknown = unknown.clone();
        Box::pin(async move {
            let (request, next) = match state {
                PollerState::Initial => (start, get.url),
                PollerState::More(PollerContinuation::Links { next_link, .. })
                    if is_own(&get.url, &next_link) =>
                {
                    get.url = next_link.clone();
                    (get, next_link)
                }
                PollerState::More(PollerContinuation::Links { next_link, .. }) => {
                    return Err(foreign(&next_link).into());
                }
                PollerState::More(other) => {
                    let reason = format!("is of an unknown kind: {other}");
                    return Err(Error::invalid_input("continuation", reason).into());
                }
            };
            let url = request.url.clone();
            let response = pipeline
                .send_as(method, request, options.context.clone())
                .await
                .map_err(Error::from)?;
            let next_link = |headers: &Headers| match header(headers, "operation-location") {
                Some(link) => own_link(&url, link),
                None => Ok(next),
            };
            judge(method, response, next_link, &options, &unknown).map_err(azure_core::Error::from)
        })
    };
    azure_core::http::Poller::new(step, Some(options))
}

/// What to do after one response. `next_link` finds in its headers where to look next; `unknown` counts the responses in
/// a row that do not know the job.
fn judge<T>(
    method: &'static str,
    response: RawResponse,
    next_link: impl FnOnce(&Headers) -> Result<Url>,
    options: &PollerOptions<'_>,
    unknown: &AtomicU32,
) -> Result<PollerResult<Job<T>>>
where
    T: DeserializeOwned + Send + 'static,
{
    let document: Value =
        serde_json::from_slice(response.body()).map_err(|error| Error::invalid_response(&error))?;
    // A document without a status cannot be told from one that runs; the next one may have it.
    let status = status(&document).unwrap_or_default();
    let progress = if !status.eq_ignore_ascii_case("unknown") {
        unknown.store(0, Ordering::Relaxed);
        progress(&status)
    } else if unknown.fetch_add(1, Ordering::Relaxed) + 1 < UNKNOWN_ANSWERS {
        PollerStatus::InProgress
    } else {
        PollerStatus::Failed
    };
    match progress {
        PollerStatus::Succeeded => {
            let target = response.clone();
            Ok(PollerResult::Succeeded {
                response: response.into(),
                target: Box::new(|| Box::pin(std::future::ready(Ok(Response::from(target))))),
            })
        }
        PollerStatus::Failed | PollerStatus::Canceled => {
            let error = Error::job_failed(&status, &document).with_call(method, 1, false);
            // Without a target, awaiting the poller would fail without saying why.
            Ok(PollerResult::Succeeded {
                response: response.into(),
                target: Box::new(|| Box::pin(std::future::ready(Err(error.into())))),
            })
        }
        _ => {
            let names = [X_MS_RETRY_AFTER_MS, RETRY_AFTER_MS, RETRY_AFTER];
            let retry_after = get_retry_after(response.headers(), &names, options);
            let next_link = next_link(response.headers())?;
            Ok(PollerResult::InProgress {
                response: response.into(),
                retry_after: retry_after.clamp(Duration::ZERO, LONGEST_WAIT),
                continuation: PollerContinuation::Links {
                    next_link,
                    final_link: None,
                },
            })
        }
    }
}
