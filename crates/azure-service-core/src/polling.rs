//! Long-running jobs and their polling.

mod poller;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

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

/// The shortest polling interval that azure_core accepts.
const MIN_WAIT: Duration = Duration::SECOND;
/// The longest wait between two reads, even if `Retry-After` is longer.
const MAX_WAIT: Duration = Duration::minutes(5);

/// The number of consecutive responses with the status `unknown` after which the job counts as nonexistent. A new job
/// may have that status at first.
const MAX_UNKNOWN: u32 = 3;

/// The document of a job and its `status`.
///
/// Defined in this crate, because the foreign trait [`StatusMonitor`] cannot be implemented for foreign types.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Job<T> {
    /// The service's document.
    pub document: T,
    status: String,
}

impl<T> Job<T> {
    /// Returns the status unchanged, such as `running`.
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

/// Parses a status. A job with an unrecognized status counts as running.
fn progress(status: &str) -> PollerStatus {
    match status.to_ascii_lowercase().as_str() {
        "succeeded" | "completed" => PollerStatus::Succeeded,
        "failed" => PollerStatus::Failed,
        "cancelled" | "canceled" => PollerStatus::Canceled,
        _ => PollerStatus::InProgress,
    }
}

/// Options of the methods that return a [`Poller`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PollOptions {
    /// The wait between two reads of the job, unless the service sends `Retry-After`. Default: 30 seconds. Minimum: one
    /// second.
    pub interval: Option<std::time::Duration>,
}

/// Returns the options of a poller that reads every `interval`.
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

/// A function that builds the request for reading a job from the response to its start.
type BuildGet = dyn Fn(&Value) -> Result<TypedRequest<()>> + Send + Sync;

/// The request that reads a job. It is known in advance, or built from the response to the start of the job.
pub(crate) struct GetJob {
    request: OnceLock<TypedRequest<()>>,
    build: Option<Box<BuildGet>>,
}

impl GetJob {
    pub(crate) fn known(request: TypedRequest<()>) -> Self {
        Self {
            request: OnceLock::from(request),
            build: None,
        }
    }

    pub(crate) fn from_response(
        build: impl Fn(&Value) -> Result<TypedRequest<()>> + Send + Sync + 'static,
    ) -> Self {
        Self {
            request: OnceLock::new(),
            build: Some(Box::new(build)),
        }
    }

    /// Returns the request. `document` is the latest document of the job.
    fn request(&self, document: &Value) -> Result<&TypedRequest<()>> {
        if let (None, Some(build)) = (self.request.get(), &self.build) {
            let request = build(document)?;
            return Ok(self.request.get_or_init(|| request));
        }
        self.sent()
    }

    /// Returns the request, which exists once the response to the start has arrived.
    #[expect(
        clippy::expect_used,
        reason = "the first response sets it, and no poller starts from a continuation"
    )]
    fn sent(&self) -> Result<&TypedRequest<()>> {
        Ok(self.request.get().expect("the job has been started"))
    }
}

/// Sends `start`, then sends `get` repeatedly until the job has ended.
pub(crate) fn poll<T>(
    pipeline: &ServicePipeline,
    method: &'static str,
    start: TypedRequest<()>,
    get: GetJob,
    mut options: PollerOptions<'static>,
) -> azure_core::http::Poller<Job<T>>
where
    T: DeserializeOwned + Send + 'static,
{
    options.frequency = options.frequency.max(MIN_WAIT);
    let pipeline = pipeline.clone();
    let job = Arc::new((get, AtomicU32::new(0)));
    let step = move |state, options: PollerOptions<'static>| -> BoxFuture<'static, _> {
        let (pipeline, start, job) = (pipeline.clone(), start.clone(), job.clone());
        Box::pin(async move {
            let (get, unknown) = &*job;
            let (request, last_link) = match state {
                PollerState::Initial => (start, None),
                PollerState::More(PollerContinuation::Links { next_link, .. }) => {
                    let mut request = get.sent()?.clone();
                    if !is_own(&request.url, &next_link) {
                        return Err(foreign(&next_link).into());
                    }
                    request.url = next_link.clone();
                    (request, Some(next_link))
                }
                PollerState::More(other) => {
                    let reason = format!("is not a link: {other}");
                    return Err(Error::invalid_input("continuation", reason).into());
                }
            };
            let url = request.url.clone();
            let response = pipeline
                .send_as(method, request, options.context.clone())
                .await
                .map_err(Error::from)?;
            let next_link = |headers: &Headers, document: &Value| {
                let get = get.request(document)?;
                match (header(headers, "operation-location"), last_link) {
                    (Some(link), _) => own_link(&url, link),
                    (None, Some(link)) => Ok(link),
                    (None, None) => Ok(get.url.clone()),
                }
            };
            evaluate(method, response, next_link, &options, unknown).map_err(azure_core::Error::from)
        })
    };
    azure_core::http::Poller::new(step, Some(options))
}

/// Evaluates a response. `next_link` returns the URL of the next read from the headers and the document; `unknown`
/// counts consecutive responses with the status `unknown`.
fn evaluate<T>(
    method: &'static str,
    response: RawResponse,
    next_link: impl FnOnce(&Headers, &Value) -> Result<Url>,
    options: &PollerOptions<'_>,
    unknown: &AtomicU32,
) -> Result<PollerResult<Job<T>>>
where
    T: DeserializeOwned + Send + 'static,
{
    let document: Value =
        serde_json::from_slice(response.body()).map_err(|error| Error::invalid_response(&error))?;
    // A document without a status counts as running; the next document may have one.
    let status = status(&document).unwrap_or_default();
    let progress = if !status.eq_ignore_ascii_case("unknown") {
        unknown.store(0, Ordering::Relaxed);
        progress(&status)
    } else if unknown.fetch_add(1, Ordering::Relaxed) + 1 < MAX_UNKNOWN {
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
            // azure_core's own error for failed jobs has no reason, so the target returns our error.
            Ok(PollerResult::Succeeded {
                response: response.into(),
                target: Box::new(|| Box::pin(std::future::ready(Err(error.into())))),
            })
        }
        _ => {
            let names = [X_MS_RETRY_AFTER_MS, RETRY_AFTER_MS, RETRY_AFTER];
            let retry_after = get_retry_after(response.headers(), &names, options);
            let next_link = next_link(response.headers(), &document)?;
            Ok(PollerResult::InProgress {
                response: response.into(),
                retry_after: retry_after.clamp(Duration::ZERO, MAX_WAIT),
                continuation: PollerContinuation::Links {
                    next_link,
                    final_link: None,
                },
            })
        }
    }
}
