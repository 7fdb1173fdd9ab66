//! Bulk operations on the identity registry.

use std::collections::{HashMap, HashSet};

use azure_core::http::{Response, StatusCode};
use azure_service_core::Failure;
use futures::StreamExt;
use iothub_protocol::types::{
    BulkRegistryOperationResult, DeviceRegistryOperationError, DeviceRegistryOperationErrorErrorCode,
    ExportImportDevice,
};

use crate::bulk::chunk::{CHUNK, item_failure, item_outcome, send_divided};
use crate::bulk::entry::RegistryEntry;
use crate::bulk::options::{BulkOptions, Counter};
use crate::bulk::report::{BulkFailure, BulkOutcome, BulkReport, BulkResult};
use crate::bulk::run::StopSignal;
use crate::client::IotHubRegistryManager;
use crate::error::{Error, ErrorCode, Result};

/// Bulk operations on the identity registry.
impl IotHubRegistryManager {
    /// Creates, updates and deletes any number of devices and modules, up to 100 per request.
    ///
    /// Entries are independent: a failed entry does not undo others. Invalid entries, and further entries for the
    /// same id, fail without being sent. The service accepts one entry per device in a request, so the entries for a
    /// device and its modules are sent in successive requests, in order.
    ///
    /// A request that the service refuses as a whole is split in half repeatedly, until each refused entry is alone
    /// in a request: about 15 additional requests for one bad entry in a hundred. If a request fails for a reason
    /// other than its entries, such as throttling beyond the retries, no further request is sent; see
    /// [`BulkReport::stopped_by`]. To resume, call this again with [`BulkReport::into_unfinished`].
    ///
    /// REST: `POST /devices`.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](Error::is_invalid_input) if `max_concurrency` is 0. All other failures are in the report.
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
    /// let report = hub.bulk_create_or_update_devices(entries, None).await?;
    /// for (entry, failure) in report.failed() {
    ///     println!("{}: {:?} {failure}", entry.device_id(), failure.code);
    /// }
    /// if let Some(error) = &report.stopped_by {
    ///     println!("stopped by {error}");
    /// }
    /// let unfinished = report.into_unfinished();
    /// println!("{} unfinished", unfinished.len());
    /// # assert!(unfinished.is_empty());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn bulk_create_or_update_devices(
        &self,
        entries: impl IntoIterator<Item = RegistryEntry>,
        options: Option<BulkOptions>,
    ) -> Result<BulkReport<RegistryEntry>> {
        let options = options.unwrap_or_default();
        options.check()?;
        let composite = self.core.begin("bulk_create_or_update_devices");
        let hub = self.over(composite.client().clone());
        let Plan { mut results, rounds } = Plan::new(entries);
        let stop = StopSignal::default();
        let counter = Counter::new(&options, Some(results.len()));
        for result in &results {
            if matches!(result.outcome, BulkOutcome::Failed(_)) {
                counter.count(&result.outcome);
            }
        }
        for round in rounds {
            let run = Run {
                hub: &hub,
                options: &options,
                stop: &stop,
                counter: &counter,
            };
            let send = |indices: &[usize]| {
                let indices = indices.to_vec();
                // Bodies are built only when their request is sent, to save memory.
                let entries = indices.iter().filter_map(|index| results.get(*index));
                let bodies = (!stop.is_set()).then(|| entries.map(|result| result.item.to_body()).collect());
                async move {
                    let outcomes = run.send_entries(indices.len(), bodies).await;
                    (indices, outcomes)
                }
            };
            let sent: Vec<_> = futures::stream::iter(round.chunks(CHUNK))
                .map(send)
                .buffer_unordered(options.max_concurrency)
                .collect()
                .await;
            for (indices, outcomes) in sent {
                for (index, outcome) in indices.into_iter().zip(outcomes) {
                    if let Some(result) = results.get_mut(index) {
                        result.outcome = outcome;
                    }
                }
            }
        }
        let stopped_by = stop.into_error();
        if let Some(error) = &stopped_by {
            composite.failed(error.as_ref());
        }
        Ok(BulkReport { results, stopped_by })
    }
}

/// The results of all entries, and the order in which entries are sent.
struct Plan {
    /// A result for each entry.
    results: Vec<BulkResult<RegistryEntry>>,
    /// The indices of the entries to send. A round has at most one entry per device, including its modules, because
    /// the service refuses requests with two. Each round begins after the previous one has ended, so the entries of a
    /// device are applied in order.
    rounds: Vec<Vec<usize>>,
}

impl Plan {
    /// Plans the first entry for each id. Any further entry for the id fails.
    fn new(entries: impl IntoIterator<Item = RegistryEntry>) -> Self {
        let mut seen = HashSet::new();
        let mut sent_of_device = HashMap::<_, usize>::new();
        let mut rounds = Vec::<Vec<usize>>::new();
        let result = |(index, item): (usize, RegistryEntry)| {
            let device_id = item.device_id().to_owned();
            let is_first = seen.insert((device_id.clone(), item.module_id().map(str::to_owned)));
            if !is_first {
                let reason = "an earlier entry has the same id; use one entry per device or module";
                let outcome = BulkOutcome::Failed(BulkFailure::new(reason));
                return BulkResult { item, outcome };
            }
            let sent = sent_of_device.entry(device_id).or_default();
            match rounds.get_mut(*sent) {
                Some(round) => round.push(index),
                None => rounds.push(vec![index]),
            }
            *sent += 1;
            let outcome = BulkOutcome::NotDone;
            BulkResult { item, outcome }
        };
        let results = entries.into_iter().enumerate().map(result).collect();
        Self { results, rounds }
    }
}

/// The values shared by all requests of a run.
#[derive(Clone, Copy)]
struct Run<'a> {
    hub: &'a IotHubRegistryManager,
    options: &'a BulkOptions,
    stop: &'a StopSignal,
    counter: &'a Counter,
}

impl Run<'_> {
    /// Sends the valid entries, unless the run has been stopped. Returns `count` outcomes, one per entry.
    async fn send_entries(
        self,
        count: usize,
        entries: Option<Vec<Result<ExportImportDevice>>>,
    ) -> Vec<BulkOutcome> {
        let mut outcomes = vec![BulkOutcome::NotDone; count];
        let mut bodies = Vec::new();
        let mut sent = Vec::new();
        for (entry, outcome) in entries.into_iter().flatten().zip(&mut outcomes) {
            match entry {
                Ok(body) => {
                    bodies.push(body);
                    sent.push(outcome);
                }
                Err(error) => *outcome = BulkOutcome::Failed(error.into()),
            }
        }
        if !bodies.is_empty() {
            for (slot, outcome) in sent.into_iter().zip(self.send_chunk(&bodies).await) {
                *slot = outcome;
            }
        }
        outcomes.iter().for_each(|outcome| self.counter.count(outcome));
        outcomes
    }

    /// Sends the bodies. Returns one outcome per body.
    async fn send_chunk(self, bodies: &[ExportImportDevice]) -> Vec<BulkOutcome> {
        let send = |bodies: Vec<ExportImportDevice>| async move {
            let result = self.send_request(&bodies).await?;
            Ok(outcomes(&bodies, result))
        };
        send_divided(bodies, self.stop, send).await
    }

    /// Sends a request, and retries it while the hub throttles it.
    async fn send_request(self, bodies: &Vec<ExportImportDevice>) -> Result<BulkRegistryOperationResult> {
        let core = &self.hub.core;
        let send = || async {
            let request = core.protocol().bulk_registry_update_registry_request(bodies);
            let call = core.call("bulk_create_or_update_devices");
            match call.send_with_failure(request).await {
                Ok(response) => Ok(Response::<BulkRegistryOperationResult>::into_model(response)?),
                Err(failure) => partial_failure(&failure).ok_or_else(|| Error::from(failure.error)),
            }
        };
        self.options.retries().run(send).await
    }
}

/// Returns the result in a response with status 400, which the service sends if single entries failed.
fn partial_failure(failure: &Failure) -> Option<BulkRegistryOperationResult> {
    let response = failure.response.as_ref()?;
    if response.status() != StatusCode::BadRequest {
        return None;
    }
    let result: BulkRegistryOperationResult = serde_json::from_slice(response.body()).ok()?;
    result.is_successful.is_some().then_some(result)
}

/// Returns the outcome of each body.
fn outcomes(bodies: &[ExportImportDevice], result: BulkRegistryOperationResult) -> Vec<BulkOutcome> {
    let successful = result.is_successful.unwrap_or(false);
    let errors = result.errors.unwrap_or_default();
    // If the operation failed without naming an entry, all outcomes are unknown.
    let all_unknown = !successful
        && !errors
            .iter()
            .any(|error| bodies.iter().any(|body| refers_to(error, body)));
    bodies
        .iter()
        .map(|body| match errors.iter().find(|error| refers_to(error, body)) {
            Some(error) => item_outcome(failure(error)),
            None if all_unknown => BulkOutcome::Unknown,
            None => BulkOutcome::Done(()),
        })
        .collect()
}

/// Returns whether an error refers to an entry. An error without a module id refers to all entries for its device.
fn refers_to(error: &DeviceRegistryOperationError, body: &ExportImportDevice) -> bool {
    error.device_id == body.id && (error.module_id.is_none() || error.module_id == body.module_id)
}

fn failure(error: &DeviceRegistryOperationError) -> BulkFailure {
    let code = match &error.error_code {
        Some(DeviceRegistryOperationErrorErrorCode::Int32(number)) => {
            u32::try_from(*number).ok().map(ErrorCode::from_number)
        }
        Some(DeviceRegistryOperationErrorErrorCode::String(text)) => ErrorCode::parse(text),
        None => None,
    };
    item_failure(code, error.error_status.as_deref())
}
