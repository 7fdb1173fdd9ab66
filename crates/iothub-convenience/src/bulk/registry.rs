//! Many identities with few requests.

use std::collections::HashSet;

use azure_core::http::{Response, StatusCode};
use azure_service_core::Failure;
use futures::StreamExt;
use iothub_protocol::types::{
    BulkRegistryOperationResult, DeviceRegistryOperationError, DeviceRegistryOperationErrorErrorCode,
    ExportImportDevice,
};

use crate::bulk::entry::RegistryEntry;
use crate::bulk::options::{BulkOptions, Counter};
use crate::bulk::report::{BulkFailure, BulkOutcome, BulkReport, BulkResult};
use crate::bulk::run::StopSignal;
use crate::client::IotHubRegistryManager;
use crate::error::{Error, ErrorCode, Result};

/// How many entries the service accepts in one request.
const CHUNK: usize = 100;

/// Bulk runs over the identity registry.
impl IotHubRegistryManager {
    /// Creates, updates and deletes any number of devices and modules, 100 with each request.
    ///
    /// Entries are independent: an entry that fails does not undo others. Invalid entries, and further entries for the same
    /// id, fail without being sent. When a request fails for a reason that is not in its entries, such as throttling that
    /// outlasts the retries, no further request is sent; see [`BulkReport::stopped_by`]. Call again with
    /// [`BulkReport::into_unfinished`] to go on.
    ///
    /// REST: `POST /devices`.
    ///
    /// # Errors
    ///
    /// None: all failures are in the report.
    ///
    /// # Example
    ///
    /// ```
    /// use iothub_convenience::RegistryEntry;
    ///
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["thermostat-7"]).await?;
    /// let entries = (0..1000).map(|number| RegistryEntry::create(format!("thermostat-{number}")));
    /// let report = hub.bulk_create_or_update_devices(entries, None).await;
    /// for (entry, failure) in report.failed() {
    ///     println!("{}: {:?} {failure}", entry.device_id(), failure.code);
    /// }
    /// if let Some(error) = &report.stopped_by {
    ///     println!("stopped by {error}");
    /// }
    /// let to_go = report.into_unfinished();
    /// println!("{} to go", to_go.len());
    /// # assert!(to_go.is_empty());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn bulk_create_or_update_devices(
        &self,
        entries: impl IntoIterator<Item = RegistryEntry>,
        options: Option<BulkOptions>,
    ) -> BulkReport<RegistryEntry> {
        let options = options.unwrap_or_default();
        let composite = self.core.begin("bulk_create_or_update_devices");
        let hub = self.over(composite.client().clone());
        let (mut results, sendable) = plan(entries);
        let (stop, counter) = (StopSignal::default(), Counter::new(&options));
        for result in &results {
            if matches!(result.outcome, BulkOutcome::Failed(_)) {
                counter.count(&result.outcome);
            }
        }
        let send = |places: Vec<usize>| {
            // Bodies exist only while their request is in flight.
            let bodies = places
                .iter()
                .filter_map(|place| results.get(*place))
                .map(|result| result.item.to_body());
            let bodies = (!stop.is_set()).then(|| bodies.collect());
            let (hub, options, stop, counter) = (&hub, &options, &stop, &counter);
            async move {
                let outcomes = match bodies {
                    None => vec![BulkOutcome::NotDone; places.len()],
                    Some(bodies) => hub.send_entries(bodies, options, stop).await,
                };
                outcomes.iter().for_each(|outcome| counter.count(outcome));
                (places, outcomes)
            }
        };
        let chunks: Vec<_> = sendable.chunks(CHUNK).map(<[usize]>::to_vec).collect();
        let sent: Vec<_> = futures::stream::iter(chunks)
            .map(send)
            .buffer_unordered(options.concurrency.max(1))
            .collect()
            .await;
        for (places, outcomes) in sent {
            for (place, outcome) in places.into_iter().zip(outcomes) {
                if let Some(result) = results.get_mut(place) {
                    result.outcome = outcome;
                }
            }
        }
        let stopped_by = stop.into_error();
        if let Some(error) = &stopped_by {
            composite.failed(error.as_ref());
        }
        BulkReport { results, stopped_by }
    }

    /// One outcome per entry. Entries that cannot be sent are left out of the request.
    async fn send_entries(
        &self,
        entries: Vec<Result<ExportImportDevice>>,
        options: &BulkOptions,
        stop: &StopSignal,
    ) -> Vec<BulkOutcome> {
        let mut outcomes = Vec::with_capacity(entries.len());
        let mut bodies = Vec::with_capacity(entries.len());
        for entry in entries {
            match entry {
                Ok(body) => {
                    bodies.push(body);
                    outcomes.push(None);
                }
                Err(error) => outcomes.push(Some(BulkOutcome::Failed(error.into()))),
            }
        }
        let sent = match bodies.is_empty() {
            true => Vec::new(),
            false => self.send_chunk(&bodies, options, stop).await,
        };
        let mut sent = sent.into_iter();
        // There is one for each gap.
        let fill =
            |outcome: Option<BulkOutcome>| outcome.or_else(|| sent.next()).unwrap_or(BulkOutcome::Unknown);
        outcomes.into_iter().map(fill).collect()
    }

    /// One outcome per body. A throttled request is tried again.
    async fn send_chunk(
        &self,
        bodies: &Vec<ExportImportDevice>,
        options: &BulkOptions,
        stop: &StopSignal,
    ) -> Vec<BulkOutcome> {
        let all = |outcome: BulkOutcome| vec![outcome; bodies.len()];
        let send = || async {
            let request = self.core.protocol().bulk_registry_update_registry_request(bodies);
            let call = self.core.call("bulk_create_or_update_devices");
            match call.send_with_failure(request).await {
                Ok(response) => Ok(Response::<BulkRegistryOperationResult>::into_model(response)?),
                Err(failure) => partial_failure(&failure).ok_or_else(|| Error::from(failure.error)),
            }
        };
        match options.retries().run(send).await {
            Ok(result) => judge(bodies, result),
            Err(error) if matches!(error.status(), Some(400 | 413)) => all(BulkOutcome::Failed(error.into())),
            Err(error) => all(stop.stop(error)),
        }
    }
}

/// A result for every entry, and the places of those to send: the first for each id.
fn plan(entries: impl IntoIterator<Item = RegistryEntry>) -> (Vec<BulkResult<RegistryEntry>>, Vec<usize>) {
    let mut seen = HashSet::new();
    let mut sendable = Vec::new();
    let result = |(place, item): (usize, RegistryEntry)| {
        let id = (item.device_id().to_owned(), item.module_id().map(str::to_owned));
        let outcome = if seen.insert(id) {
            sendable.push(place);
            BulkOutcome::NotDone
        } else {
            BulkOutcome::Failed(BulkFailure::new(
                "an earlier entry has the same id; use one entry per device or module",
            ))
        };
        BulkResult { item, outcome }
    };
    let results = entries.into_iter().enumerate().map(result).collect();
    (results, sendable)
}

/// The result that the service returns with status 400 if entries failed.
fn partial_failure(failure: &Failure) -> Option<BulkRegistryOperationResult> {
    let response = failure.response.as_ref()?;
    if response.status() != StatusCode::BadRequest {
        return None;
    }
    let result: BulkRegistryOperationResult = serde_json::from_slice(response.body()).ok()?;
    result.is_successful.is_some().then_some(result)
}

fn judge(bodies: &[ExportImportDevice], result: BulkRegistryOperationResult) -> Vec<BulkOutcome> {
    let successful = result.is_successful.unwrap_or(false);
    let errors = result.errors.unwrap_or_default();
    // A failure that names no entry leaves the outcome of all unknown.
    let in_doubt = !successful
        && !errors
            .iter()
            .any(|error| bodies.iter().any(|body| concerns(error, body)));
    bodies
        .iter()
        .map(|body| match errors.iter().find(|error| concerns(error, body)) {
            Some(error) => outcome(failure(error)),
            None if in_doubt => BulkOutcome::Unknown,
            None => BulkOutcome::Done(()),
        })
        .collect()
}

/// An error without the id of a module concerns everything of the device in the request.
fn concerns(error: &DeviceRegistryOperationError, body: &ExportImportDevice) -> bool {
    error.device_id == body.id && (error.module_id.is_none() || error.module_id == body.module_id)
}

/// The outcome of an entry that failed. Some failures are the service's, and the entry can be tried again.
fn outcome(failure: BulkFailure) -> BulkOutcome {
    match failure.code.map(|code| code.number() / 1000) {
        // Throttled or unavailable: nothing was done.
        Some(429 | 503) => BulkOutcome::NotDone,
        Some(500..=599) => BulkOutcome::Unknown,
        _ => BulkOutcome::Failed(failure),
    }
}

fn failure(error: &DeviceRegistryOperationError) -> BulkFailure {
    let code = match &error.error_code {
        Some(DeviceRegistryOperationErrorErrorCode::Int32(number)) => {
            u32::try_from(*number).ok().map(ErrorCode::from_number)
        }
        Some(DeviceRegistryOperationErrorErrorCode::String(text)) => ErrorCode::parse(text),
        None => None,
    };
    let message = match (&error.error_status, code) {
        (Some(status), Some(code)) => format!("{code}: {status}"),
        (Some(status), None) => status.clone(),
        (None, Some(code)) => code.to_string(),
        (None, None) => "the service gives no reason".to_owned(),
    };
    BulkFailure {
        code,
        message,
        error: None,
    }
}
