//! Import and export jobs in wire format.

use serde_json::{Value, json};

use crate::iothub::store::transfer::Transfer;
use crate::timestamp::Timestamp;

/// Returns the job in wire format. The service hides the containers' URIs.
pub(crate) fn transfer(transfer: &Transfer) -> Value {
    let time = |time: Timestamp| {
        let text = time.to_string();
        let seconds = text.split_once('.').map_or(text.as_str(), |(seconds, _)| seconds);
        format!("{seconds}+00:00")
    };
    json!({
        "jobId": transfer.id,
        "startTimeUtc": time(transfer.started),
        "endTimeUtc": transfer.ended.map(time),
        "type": transfer.kind,
        "status": transfer.status,
        "progress": transfer.progress,
        "inputBlobContainerUri": transfer.input.as_ref().map(|_| ""),
        "inputBlobName": transfer.input.as_ref().map(|path| &path.blob),
        "outputBlobContainerUri": "",
        "outputBlobName": transfer.output.blob,
        "excludeKeysInExport": transfer.exclude_keys,
        "storageAuthenticationType": transfer.storage_authentication,
        "includeConfigurations": transfer.configurations.is_some(),
        "configurationsBlobName": transfer.configurations,
        "failureReason": transfer.failure,
    })
}
