//! Key regeneration by the service.

use std::collections::HashSet;

use azure_core::http::{Response, StatusCode};
use azure_service_core::Failure;
use futures::StreamExt;
use iothub_protocol::types::{
    BulkRegenerateDeviceKey, BulkRegenerateDeviceKeyPolicyKey, BulkRegenerateKeyResult, RegenerateDeviceKey,
    RegenerateDeviceKeyError, RegenerateDeviceKeyErrorErrorCode, RegenerateKeyResult,
};

use crate::bulk::chunk::{CHUNK, item_failure, item_outcome, send_divided};
use crate::bulk::options::{BulkOptions, Counter};
use crate::bulk::report::{BulkFailure, BulkOutcome, BulkReport, BulkResult};
use crate::bulk::run::StopSignal;
use crate::client::IotHubRegistryManager;
use crate::error::{Error, ErrorCode, Result};
use crate::identity::{IdentityId, SymmetricKey};

/// The first API version that has the operation.
const SINCE: &str = "2024-03-31";

/// The keys that the service regenerates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyPolicy {
    /// The primary key. Devices that use the secondary key stay connected.
    Primary,
    /// The secondary key. Devices that use the primary key stay connected.
    Secondary,
    /// Both keys. Devices that use the old keys can no longer connect.
    Both,
}

fn wire_policy(policy: KeyPolicy) -> BulkRegenerateDeviceKeyPolicyKey {
    match policy {
        KeyPolicy::Primary => BulkRegenerateDeviceKeyPolicyKey::PrimaryKey,
        KeyPolicy::Secondary => BulkRegenerateDeviceKeyPolicyKey::SecondaryKey,
        KeyPolicy::Both => BulkRegenerateDeviceKeyPolicyKey::Both,
    }
}

/// Key regeneration.
impl IotHubRegistryManager {
    /// Lets the service generate new keys for any number of devices and modules, up to 100 per request, and reports the keys.
    ///
    /// Devices and modules can be mixed; a string is a device id. Identities are independent: a failed identity does
    /// not undo others. Invalid ids, and further occurrences of the same identity, fail without being sent. An identity
    /// that does not authenticate with symmetric keys fails.
    ///
    /// The operation has no precondition, and a repeated request generates different keys. A request is therefore
    /// retried only if it is certain that the service has not processed it. If a response is lost, the run stops, and
    /// [`uncertain`](BulkReport::uncertain) returns the identities that may have new keys: [`get_keys`](Self::get_keys)
    /// reads the keys that are valid now. Call again with [`into_not_done`](BulkReport::into_not_done) to resume.
    ///
    /// To exchange the two keys, use [`swap_keys`](Self::swap_keys).
    ///
    /// REST: `POST /devices/keys/regenerate`, since API version 2024-03-31.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](Error::is_invalid_input) if `max_concurrency` is 0 or the client's API version lacks the operation.
    /// All other failures are in the report.
    ///
    /// # Example
    ///
    /// ```
    /// use iothub_convenience::{IdentityId, KeyPolicy};
    ///
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["gateway-1"]).await?;
    /// let identities = [IdentityId::device("gateway-1"), IdentityId::module("gateway-1", "filter")];
    /// let report = hub.regenerate_keys(identities, KeyPolicy::Secondary, None).await?;
    /// for (identity, _keys) in report.done() {
    ///     println!("{identity} has a new secondary key");
    /// }
    /// let current = hub.get_keys(report.uncertain().cloned(), None).await?;
    /// let not_done = report.into_not_done();
    /// # let _ = (current, not_done);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn regenerate_keys(
        &self,
        identities: impl IntoIterator<Item = impl Into<IdentityId>>,
        policy: KeyPolicy,
        options: Option<BulkOptions>,
    ) -> Result<BulkReport<IdentityId, SymmetricKey>> {
        let options = options.unwrap_or_default();
        options.check()?;
        self.require_version("regeneration of keys", SINCE)?;
        let composite = self.core.begin("regenerate_keys");
        let hub = self.over(composite.client().clone());
        let mut results = plan(identities.into_iter().map(Into::into));
        let stop = StopSignal::default();
        let counter = Counter::new(&options, Some(results.len()));
        let sendable = sendable(&results, &counter);
        let run = Run {
            hub: &hub,
            policy,
            options: &options,
            stop: &stop,
            counter: &counter,
        };
        let send = |indices: &[usize]| {
            let indices = indices.to_vec();
            let identities = indices.iter().filter_map(|index| results.get(*index));
            let identities: Vec<_> = identities.map(|result| result.item.clone()).collect();
            async move { (indices, run.send(identities).await) }
        };
        let sent: Vec<_> = futures::stream::iter(sendable.chunks(CHUNK))
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
        let stopped_by = stop.into_error();
        if let Some(error) = &stopped_by {
            composite.failed(error.as_ref());
        }
        Ok(BulkReport { results, stopped_by })
    }
}

/// Returns a result for each identity: a failure if it cannot be sent.
fn plan(identities: impl Iterator<Item = IdentityId>) -> Vec<BulkResult<IdentityId, SymmetricKey>> {
    let mut seen = HashSet::new();
    let result = |item: IdentityId| {
        let outcome = match item.check() {
            Err(error) => BulkOutcome::Failed(Error::from(error).into()),
            Ok(()) if !seen.insert(item.clone()) => {
                let reason =
                    "the identity occurs earlier in the run, and a repetition would replace its keys again";
                BulkOutcome::Failed(BulkFailure::new(reason))
            }
            Ok(()) => BulkOutcome::NotDone,
        };
        BulkResult { item, outcome }
    };
    identities.map(result).collect()
}

/// Returns the indices of the identities to send, and counts the others as failed.
fn sendable(results: &[BulkResult<IdentityId, SymmetricKey>], counter: &Counter) -> Vec<usize> {
    let is_sendable = |(index, result): (usize, &BulkResult<_, _>)| match &result.outcome {
        BulkOutcome::NotDone => Some(index),
        outcome => {
            counter.count(outcome);
            None
        }
    };
    results.iter().enumerate().filter_map(is_sendable).collect()
}

/// The values shared by all requests of a run.
#[derive(Clone, Copy)]
struct Run<'a> {
    hub: &'a IotHubRegistryManager,
    policy: KeyPolicy,
    options: &'a BulkOptions,
    stop: &'a StopSignal,
    counter: &'a Counter,
}

impl Run<'_> {
    /// Regenerates the keys of up to 100 identities, unless the run has been stopped. Returns one outcome per identity.
    async fn send(self, identities: Vec<IdentityId>) -> Vec<BulkOutcome<SymmetricKey>> {
        let outcomes = match self.stop.is_set() {
            true => vec![BulkOutcome::NotDone; identities.len()],
            false => {
                let send = |identities: Vec<IdentityId>| async move { self.send_request(&identities).await };
                send_divided(&identities, self.stop, send).await
            }
        };
        outcomes.iter().for_each(|outcome| self.counter.count(outcome));
        outcomes
    }

    /// Sends a request, and retries it while it is throttled.
    async fn send_request(self, identities: &[IdentityId]) -> Result<Vec<BulkOutcome<SymmetricKey>>> {
        let core = &self.hub.core;
        let body = BulkRegenerateDeviceKey {
            policy_key: Some(wire_policy(self.policy)),
            devices: Some(identities.iter().map(wire_identity).collect()),
        };
        let send = || async {
            let request = core.protocol().service_bulk_regenerate_device_key_request(&body);
            let call = core.call("regenerate_keys");
            match call.send_with_failure(request).await {
                Ok(response) => {
                    let is_complete = response.status() == StatusCode::Ok;
                    let result = Response::<BulkRegenerateKeyResult>::into_model(response)?;
                    Ok(outcomes(identities, result, is_complete))
                }
                Err(failure) => match partial_failure(&failure) {
                    Some(result) => Ok(outcomes(identities, result, false)),
                    None => Err(Error::from(failure.error)),
                },
            }
        };
        self.options.retries().run(send).await
    }
}

fn wire_identity(identity: &IdentityId) -> RegenerateDeviceKey {
    RegenerateDeviceKey {
        id: Some(identity.device_id.clone()),
        module_id: identity.module_id.clone(),
    }
}

/// Returns the result in a response with status 400, which the service sends if single identities failed.
fn partial_failure(failure: &Failure) -> Option<BulkRegenerateKeyResult> {
    let response = failure.response.as_ref()?;
    if response.status() != StatusCode::BadRequest {
        return None;
    }
    let result: BulkRegenerateKeyResult = serde_json::from_slice(response.body()).ok()?;
    (result.rotated_keys.is_some() || result.errors.is_some()).then_some(result)
}

/// Returns the outcome of each identity.
fn outcomes(
    identities: &[IdentityId],
    result: BulkRegenerateKeyResult,
    is_complete: bool,
) -> Vec<BulkOutcome<SymmetricKey>> {
    let rotated = result.rotated_keys.unwrap_or_default();
    let errors = result.errors.unwrap_or_default();
    let keys = |identity: &IdentityId| {
        let mut rotated = rotated.iter();
        rotated.find(|keys| is_of(identity, keys.id.as_ref(), keys.module_id.as_ref()))
    };
    let error = |identity: &IdentityId| {
        let mut errors = errors.iter();
        errors.find(|error| is_of(identity, error.id.as_ref(), error.module_id.as_ref()))
    };
    // After a failure that names no identity, all outcomes are unknown.
    let is_named = |identity| keys(identity).is_some() || error(identity).is_some();
    let all_unknown = !is_complete && !identities.iter().any(is_named);
    let outcome = |identity| match (keys(identity), error(identity)) {
        (Some(keys), _) => BulkOutcome::Done(symmetric_key(keys)),
        (None, Some(error)) => item_outcome(failure(error)),
        (None, None) if all_unknown => BulkOutcome::Unknown,
        (None, None) => {
            let reason = "the service has generated no key; only identities that authenticate with symmetric keys have any";
            BulkOutcome::Failed(BulkFailure::new(reason))
        }
    };
    identities.iter().map(outcome).collect()
}

/// Returns whether the ids in a result refer to this identity. The module id of a device may be empty.
fn is_of(identity: &IdentityId, id: Option<&String>, module_id: Option<&String>) -> bool {
    let module_id = module_id.filter(|module_id| !module_id.is_empty());
    id == Some(&identity.device_id) && module_id == identity.module_id.as_ref()
}

fn symmetric_key(keys: &RegenerateKeyResult) -> SymmetricKey {
    SymmetricKey::from_service(keys.primary_key.clone(), keys.secondary_key.clone())
}

fn failure(error: &RegenerateDeviceKeyError) -> BulkFailure {
    let code = match &error.error_code {
        Some(RegenerateDeviceKeyErrorErrorCode::Int32(number)) => {
            u32::try_from(*number).ok().map(ErrorCode::from_number)
        }
        Some(RegenerateDeviceKeyErrorErrorCode::String(text)) => ErrorCode::parse(text),
        None => None,
    };
    item_failure(code, error.error_status.as_deref())
}
