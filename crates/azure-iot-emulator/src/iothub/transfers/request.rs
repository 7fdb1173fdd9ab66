//! Import and export jobs in request bodies.

use serde::Deserialize;
use url::Url;

use crate::iothub::codes::Code;
use crate::iothub::errors::{HubError, Result};
use crate::iothub::rules::body;
use crate::iothub::store::transfer::{BlobPath, Transfer, TransferKind, TransferStatus};
use crate::timestamp::Timestamp;

const DEVICES_BLOB: &str = "devices.txt";
const CONFIGURATIONS_BLOB: &str = "configurations.txt";
const ERRORS_BLOB: &str = "importErrors.log";
/// The default of `storageAuthenticationType`.
const KEY_BASED: &str = "keyBased";

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct TransferInput {
    r#type: Option<String>,
    input_blob_container_uri: Option<String>,
    input_blob_name: Option<String>,
    output_blob_container_uri: Option<String>,
    output_blob_name: Option<String>,
    exclude_keys_in_export: Option<bool>,
    storage_authentication_type: Option<String>,
    include_configurations: Option<bool>,
    configurations_blob_name: Option<String>,
}

/// Parses a new job. `blob_port` is the port of the emulator's containers.
pub(crate) fn parse(body: &[u8], blob_port: Option<u16>, now: Timestamp) -> Result<Transfer> {
    let input: TransferInput = body::parse(body)?;
    let kind = kind(input.r#type.as_deref())?;
    let blob =
        |name: Option<String>, default: &str| body::non_empty(name).unwrap_or_else(|| default.to_owned());
    let source = match kind {
        TransferKind::Export => None,
        TransferKind::Import => Some(BlobPath {
            container: container(input.input_blob_container_uri.as_deref(), blob_port)?,
            blob: blob(input.input_blob_name, DEVICES_BLOB),
        }),
    };
    let default_output = match kind {
        TransferKind::Export => DEVICES_BLOB,
        TransferKind::Import => ERRORS_BLOB,
    };
    let output = BlobPath {
        container: container(input.output_blob_container_uri.as_deref(), blob_port)?,
        blob: blob(input.output_blob_name, default_output),
    };
    let with_configurations = input.include_configurations.unwrap_or(false);
    let configurations =
        with_configurations.then(|| blob(input.configurations_blob_name, CONFIGURATIONS_BLOB));
    Ok(Transfer {
        id: uuid::Uuid::new_v4().to_string(),
        kind,
        status: TransferStatus::Enqueued,
        progress: 0,
        started: now,
        ended: None,
        failure: None,
        input: source,
        output,
        exclude_keys: input.exclude_keys_in_export.unwrap_or(false),
        configurations,
        with_registry: false,
        storage_authentication: storage_authentication(input.storage_authentication_type.as_deref())?
            .to_owned(),
    })
}

/// Returns the storage authentication type in its documented spelling. The emulator's containers do not check
/// credentials.
fn storage_authentication(text: Option<&str>) -> Result<&'static str> {
    let Some(text) = text else { return Ok(KEY_BASED) };
    [KEY_BASED, "identityBased"]
        .into_iter()
        .find(|kind| kind.eq_ignore_ascii_case(text))
        .ok_or_else(|| {
            HubError::argument(format!(
                "Unknown storageAuthenticationType \"{text}\"; it must be keyBased or identityBased."
            ))
        })
}

fn kind(text: Option<&str>) -> Result<TransferKind> {
    match text {
        Some(text) if text.eq_ignore_ascii_case("export") => Ok(TransferKind::Export),
        Some(text) if text.eq_ignore_ascii_case("import") => Ok(TransferKind::Import),
        text => {
            let text = text.unwrap_or("");
            Err(HubError::argument(format!("Unknown job type \"{text}\".")))
        }
    }
}

/// Returns the container of a URI. The URI must address the emulator, because the emulator cannot access other
/// storage. If the containers are not served, any host is accepted.
fn container(uri: Option<&str>, blob_port: Option<u16>) -> Result<String> {
    let invalid = |text: String| HubError::new(Code::BLOB_CONTAINER_VALIDATION_ERROR, text);
    // A missing URI is invalid like an empty one.
    let url = Url::parse(uri.unwrap_or(""))
        .map_err(|error| invalid(format!("The container URI is not valid: {error}")))?;
    let is_ours = match blob_port {
        Some(port) => url.port_or_known_default() == Some(port),
        None => true,
    };
    if !is_ours {
        return Err(invalid(
            "The emulator can access only its own containers; use a URI below its blobEndpoint.".to_owned(),
        ));
    }
    let segments: Vec<&str> = url.path_segments().into_iter().flatten().collect();
    match segments.as_slice() {
        [container] | [container, ""] if !container.is_empty() => Ok((*container).to_owned()),
        _ => Err(invalid("The URI must name a container.".to_owned())),
    }
}
