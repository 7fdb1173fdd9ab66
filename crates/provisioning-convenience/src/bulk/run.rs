//! Bulk runs: requests of up to ten items with bounded concurrency.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use azure_core::http::Response;
use azure_protocol_runtime::TypedRequest;
use azure_service_core::{Backoff, BulkProgress, ProgressCallback, RetryLoop};
use futures::StreamExt;
use provisioning_protocol::types;

use crate::bulk::report::{BulkFailure, BulkOutcome, BulkReport, BulkResult};
use crate::enrollment::{EnrollmentGroup, IndividualEnrollment};
use crate::error::{Error, ErrorCode, ErrorKind, Result};
use crate::service_client::ProvisioningServiceClient;
use crate::write::BulkResponse;

/// The maximum number of items in a request.
const CHUNK: usize = 10;

/// The initial and the maximum backoff after a throttled request.
const BACKOFF: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// The operation of a bulk run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BulkMode {
    /// Creates the item. Fails if its id already exists.
    Create,
    /// Replaces the stored version, regardless of its ETag.
    Update,
    /// Replaces the stored version only if it has the ETag of the item.
    UpdateIfMatchEtag,
    /// Deletes the item.
    Delete,
}

impl BulkMode {
    fn to_wire(self) -> types::BulkEnrollmentMode {
        match self {
            Self::Create => types::BulkEnrollmentMode::Create,
            Self::Update => types::BulkEnrollmentMode::Update,
            Self::UpdateIfMatchEtag => types::BulkEnrollmentMode::UpdateIfMatchETag,
            Self::Delete => types::BulkEnrollmentMode::Delete,
        }
    }
}

/// Options of bulk runs.
#[derive(Debug, Clone)]
pub struct BulkOptions {
    /// The maximum number of requests in flight, at least 1. Default: 4. The service's limit of 1,000 operations per
    /// minute applies regardless.
    pub max_concurrency: usize,
    /// The maximum number of calls for a throttled request, each of which includes the client's retries. Between calls,
    /// the run waits as long as the service asks, or otherwise with exponential backoff. Default: 4.
    pub attempts: u32,
    /// Called with the progress after each batch of up to ten items.
    pub on_progress: Option<ProgressCallback>,
}

impl Default for BulkOptions {
    fn default() -> Self {
        Self {
            max_concurrency: 4,
            attempts: 4,
            on_progress: None,
        }
    }
}

/// An item of a bulk run.
pub(crate) trait BulkItem {
    /// The form of the item in a request body.
    type Body: Clone;
    /// The response body.
    type Response: BulkResponse;

    /// Returns the id, which is case-insensitive.
    fn id(&self) -> &str;

    /// Returns whether the item has an ETag.
    fn has_etag(&self) -> bool;

    /// Checks the item and converts it for a request body.
    fn to_body(&self) -> Result<Self::Body>;

    /// Builds the request of the bulk operation.
    fn request(
        client: &ProvisioningServiceClient,
        mode: types::BulkEnrollmentMode,
        bodies: Vec<Self::Body>,
    ) -> Result<TypedRequest<Self::Response>>;
}

impl BulkItem for IndividualEnrollment {
    type Body = types::IndividualEnrollment;
    type Response = types::BulkEnrollmentOperationResult;

    fn id(&self) -> &str {
        &self.registration_id
    }

    fn has_etag(&self) -> bool {
        self.etag.is_some()
    }

    fn to_body(&self) -> Result<Self::Body> {
        self.to_body()
    }

    fn request(
        client: &ProvisioningServiceClient,
        mode: types::BulkEnrollmentMode,
        enrollments: Vec<Self::Body>,
    ) -> Result<TypedRequest<Self::Response>> {
        let body = types::BulkEnrollmentOperation { enrollments, mode };
        let api = client.core.protocol();
        let request = api.individual_enrollment_run_bulk_operation_request(&body);
        Ok(request.map_err(azure_service_core::Error::from)?)
    }
}

impl BulkItem for EnrollmentGroup {
    type Body = types::EnrollmentGroup;
    type Response = types::BulkEnrollmentGroupOperationResult;

    fn id(&self) -> &str {
        &self.enrollment_group_id
    }

    fn has_etag(&self) -> bool {
        self.etag.is_some()
    }

    fn to_body(&self) -> Result<Self::Body> {
        self.to_body()
    }

    fn request(
        client: &ProvisioningServiceClient,
        mode: types::BulkEnrollmentMode,
        enrollment_groups: Vec<Self::Body>,
    ) -> Result<TypedRequest<Self::Response>> {
        let body = types::BulkEnrollmentGroupOperation {
            enrollment_groups,
            mode,
        };
        let api = client.core.protocol();
        let request = api.enrollment_group_run_bulk_operation_request(&body);
        Ok(request.map_err(azure_service_core::Error::from)?)
    }
}

impl ProvisioningServiceClient {
    /// Applies `mode` to each item. All failures are in the report.
    pub(crate) async fn run_bulk<I: BulkItem>(
        &self,
        method: &'static str,
        mode: BulkMode,
        items: impl IntoIterator<Item = I>,
        options: Option<BulkOptions>,
    ) -> BulkReport<I> {
        let options = options.unwrap_or_default();
        let composite = self.core.begin(method);
        let client = Self {
            core: composite.client().clone(),
        };
        let (mut results, sent) = plan(mode, items);
        let mut progress = BulkProgress::of(Some(results.len()));
        progress.failed = results.len() - sent.len();
        let run = Run {
            client: &client,
            method,
            mode,
            options: &options,
            stopped_by: Mutex::new(check(&options).err()),
            progress: Mutex::new(progress),
        };
        let chunks: Vec<_> = sent.chunks(CHUNK).map(<[_]>::to_vec).collect();
        let outcomes: Vec<_> = futures::stream::iter(chunks)
            .map(|chunk| run.send_chunk::<I>(chunk))
            .buffer_unordered(options.max_concurrency.max(1))
            .collect()
            .await;
        for (index, outcome) in outcomes.into_iter().flatten() {
            if let Some(result) = results.get_mut(index) {
                result.outcome = outcome;
            }
        }
        let stopped_by = run
            .stopped_by
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = &stopped_by {
            composite.failed(error.as_ref());
        }
        BulkReport { results, stopped_by }
    }
}

fn check(options: &BulkOptions) -> Result<()> {
    match options.max_concurrency {
        0 => Err(Error::invalid_input("max_concurrency", "must be at least 1")),
        _ => Ok(()),
    }
}

/// An item to send: its index, its id in lower case, and its body.
type Planned<B> = (usize, String, B);

/// Returns a result for every item, and the items to send. An item is sent if it is valid and no earlier valid item has
/// the same id.
fn plan<I: BulkItem>(
    mode: BulkMode,
    items: impl IntoIterator<Item = I>,
) -> (Vec<BulkResult<I>>, Vec<Planned<I::Body>>) {
    let (mut seen, mut sent) = (HashSet::new(), Vec::new());
    let result = |(index, item): (usize, I)| {
        let id = item.id().to_ascii_lowercase();
        let body = item.to_body().and_then(|body| match mode {
            BulkMode::UpdateIfMatchEtag if !item.has_etag() => Err(Error::invalid_input(
                "etag",
                "is missing; read the item, or use BulkMode::Update to overwrite any version",
            )),
            _ => Ok(body),
        });
        let outcome = match body {
            Err(error) => BulkOutcome::Failed(BulkFailure::from(&error)),
            Ok(_) if !seen.insert(id.clone()) => BulkOutcome::Failed(BulkFailure::new(
                "an earlier item has the same id; use one item per id and run",
            )),
            Ok(body) => {
                sent.push((index, id, body));
                BulkOutcome::NotDone
            }
        };
        BulkResult { item, outcome }
    };
    let results = items.into_iter().enumerate().map(result).collect();
    (results, sent)
}

/// The state that the requests of a run share.
struct Run<'a> {
    client: &'a ProvisioningServiceClient,
    method: &'static str,
    mode: BulkMode,
    options: &'a BulkOptions,
    stopped_by: Mutex<Option<Error>>,
    progress: Mutex<BulkProgress>,
}

impl Run<'_> {
    /// Sends the items in one request. If the service refuses the request as a whole, sends the items in halves, down
    /// to single items. Sends nothing once the run has been stopped.
    async fn send_chunk<I: BulkItem>(&self, chunk: Vec<Planned<I::Body>>) -> Vec<(usize, BulkOutcome)> {
        let mut all = Vec::with_capacity(chunk.len());
        // A stack of the parts to send. The last element is sent next.
        let mut remaining = vec![chunk.as_slice()];
        while let Some(part) = remaining.pop() {
            let every = |outcome: BulkOutcome| part.iter().map(move |(index, ..)| (*index, outcome.clone()));
            if self.is_stopped() {
                all.extend(every(BulkOutcome::NotDone));
                continue;
            }
            match self.send::<I>(part).await {
                Ok(response) => all.extend(outcomes(part, response)),
                Err(error) if matches!(error.status(), Some(400 | 413)) => match part.len() {
                    1 => all.extend(every(BulkOutcome::Failed(BulkFailure::from(&error)))),
                    length => {
                        let (first, second) = part.split_at(length / 2);
                        remaining.extend([second, first]);
                    }
                },
                Err(error) => all.extend(every(self.stop(error))),
            }
        }
        self.report(&all);
        all
    }

    /// Sends one request, and retries it while the service throttles it.
    async fn send<I: BulkItem>(&self, part: &[Planned<I::Body>]) -> Result<I::Response> {
        let send = || async {
            let bodies = part.iter().map(|(_, _, body)| body.clone()).collect();
            let request = I::request(self.client, self.mode.to_wire(), bodies)?;
            let call = self.client.core.call(self.method);
            let response: Response<I::Response> =
                call.send(Ok::<_, azure_service_core::Error>(request)).await?;
            Ok(response.into_model()?)
        };
        let backoff = Backoff::new(BACKOFF.0, BACKOFF.1);
        RetryLoop::new(self.options.attempts, backoff).run(send).await
    }

    fn is_stopped(&self) -> bool {
        self.lock().is_some()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Error>> {
        self.stopped_by.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stops the run and returns the outcome of the items of the failed request.
    fn stop(&self, error: Error) -> BulkOutcome {
        let may_have_been_processed = match error.kind() {
            ErrorKind::UnknownOutcome | ErrorKind::InvalidResponse => true,
            // A service that returns 503 has not processed the request.
            ErrorKind::Service => error
                .status()
                .is_some_and(|status| status >= 500 && status != 503),
            _ => false,
        };
        self.lock().get_or_insert(error);
        match may_have_been_processed {
            true => BulkOutcome::Unknown,
            false => BulkOutcome::NotDone,
        }
    }

    fn report(&self, outcomes: &[(usize, BulkOutcome)]) {
        let progress = {
            let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
            let is_done = |(_, outcome): &&(usize, BulkOutcome)| matches!(outcome, BulkOutcome::Done);
            let done = outcomes.iter().filter(is_done).count();
            progress.done += done;
            progress.failed += outcomes.len() - done;
            *progress
        };
        if let Some(callback) = &self.options.on_progress {
            callback.call(&progress);
        }
    }
}

/// Returns the outcome of each item in a request. If the service reports a failure without naming an item, all outcomes
/// are unknown.
fn outcomes<B>(part: &[Planned<B>], response: impl BulkResponse) -> Vec<(usize, BulkOutcome)> {
    let (is_successful, errors) = response.into_parts();
    let refers_to = |error: &(String, i32, String), id: &str| error.0.eq_ignore_ascii_case(id);
    let names_an_item = errors
        .iter()
        .any(|error| part.iter().any(|(_, id, _)| refers_to(error, id)));
    let outcome = |id: &str| match errors.iter().find(|error| refers_to(error, id)) {
        Some((_, number, message)) => failed(*number, message),
        None if is_successful || names_an_item => BulkOutcome::Done,
        None => BulkOutcome::Unknown,
    };
    part.iter().map(|(index, id, _)| (*index, outcome(id))).collect()
}

/// Returns the outcome of an item for which the service reports an error. If the service was busy (429 or 503), the
/// item was not done. After any other server error, its outcome is unknown.
fn failed(number: i32, message: &str) -> BulkOutcome {
    let code = u32::try_from(number).ok().map(ErrorCode::from_number);
    match code.map(ErrorCode::http_status) {
        Some(429 | 503) => BulkOutcome::NotDone,
        Some(500..=599) => BulkOutcome::Unknown,
        _ => BulkOutcome::Failed(BulkFailure {
            code,
            message: match code {
                Some(code) => format!("{code}: {message}"),
                None => message.to_owned(),
            },
        }),
    }
}
