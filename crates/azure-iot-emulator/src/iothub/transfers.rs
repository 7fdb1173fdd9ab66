//! Import and export jobs: the registry to and from files in a blob container.

mod export;
mod import;

use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

use super::IotHub;
use super::codes::Code;
use super::errors::{HubError, Result};
use super::input;
use super::store::Store;
use super::timestamp::Timestamp;
use crate::service::{ServiceRequest, ServiceResponse};

const DEVICES_BLOB: &str = "devices.txt";
const CONFIGURATIONS_BLOB: &str = "configurations.txt";
const ERRORS_BLOB: &str = "importErrors.log";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Kind {
    Export,
    Import,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Status {
    Enqueued,
    Running,
    Completed,
    Failed,
    Cancelled,
}

impl Status {
    fn is_over(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}

/// A job. The derived JSON is the form of dumped state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Transfer {
    id: String,
    kind: Kind,
    status: Status,
    progress: u8,
    started: Timestamp,
    ended: Option<Timestamp>,
    failure: Option<String>,
    /// Where devices are read from; only imports have it.
    input: Option<Place>,
    /// Where devices, or an import's errors, are written to.
    output: Place,
    exclude_keys: bool,
    /// The blob of the configurations, if they are to be transferred as well.
    configurations: Option<String>,
    storage_authentication: String,
}

/// A blob.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Place {
    container: String,
    blob: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
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

impl Transfer {
    /// The job as the service writes it; it keeps the containers' addresses to itself.
    fn render(&self) -> Value {
        let time = |time: Timestamp| {
            let text = time.to_string();
            format!("{}+00:00", text.split('.').next().unwrap_or_default())
        };
        json!({
            "jobId": self.id,
            "startTimeUtc": time(self.started),
            "endTimeUtc": self.ended.map(time),
            "type": self.kind,
            "status": self.status,
            "progress": self.progress,
            "inputBlobContainerUri": self.input.as_ref().map(|_| ""),
            "inputBlobName": self.input.as_ref().map(|place| &place.blob),
            "outputBlobContainerUri": "",
            "outputBlobName": self.output.blob,
            "excludeKeysInExport": self.exclude_keys,
            "storageAuthenticationType": self.storage_authentication,
            "includeConfigurations": self.configurations.is_some(),
            "configurationsBlobName": self.configurations,
            "failureReason": self.failure,
        })
    }
}

impl Store {
    /// Transfers that nobody has run to the end, in the order of their creation.
    pub(crate) fn waiting_transfers(&self) -> Vec<String> {
        let mut waiting: Vec<&Transfer> = self
            .transfers
            .values()
            .filter(|transfer| !transfer.status.is_over())
            .collect();
        waiting.sort_by_key(|transfer| transfer.started);
        waiting.into_iter().map(|transfer| transfer.id.clone()).collect()
    }

    /// Lets `change` work on a job that is not over; whether there was one.
    fn with_transfer(&mut self, id: &str, change: impl FnOnce(&mut Transfer)) -> bool {
        match self.transfers.get_mut(id) {
            Some(transfer) if !transfer.status.is_over() => {
                change(transfer);
                true
            }
            _ => false,
        }
    }
}

impl IotHub {
    pub(crate) fn create_transfer(&self, request: &ServiceRequest) -> Result<ServiceResponse> {
        let body: Input = input::parse(&request.body)?;
        let kind = body.r#type.unwrap_or_default();
        let kind = if kind.eq_ignore_ascii_case("export") {
            Kind::Export
        } else if kind.eq_ignore_ascii_case("import") {
            Kind::Import
        } else {
            return Err(HubError::argument(format!("There is no job type {kind:?}.")));
        };
        let input = match kind {
            Kind::Export => None,
            Kind::Import => Some(Place {
                container: self.container(body.input_blob_container_uri.as_deref())?,
                blob: input::present(body.input_blob_name).unwrap_or_else(|| DEVICES_BLOB.to_owned()),
            }),
        };
        let default_output = match kind {
            Kind::Export => DEVICES_BLOB,
            Kind::Import => ERRORS_BLOB,
        };
        let output = Place {
            container: self.container(body.output_blob_container_uri.as_deref())?,
            blob: input::present(body.output_blob_name).unwrap_or_else(|| default_output.to_owned()),
        };
        let configurations = body.include_configurations.unwrap_or(false).then(|| {
            input::present(body.configurations_blob_name).unwrap_or_else(|| CONFIGURATIONS_BLOB.to_owned())
        });
        let transfer = Transfer {
            id: uuid::Uuid::new_v4().to_string(),
            kind,
            status: Status::Enqueued,
            progress: 0,
            started: self.now(),
            ended: None,
            failure: None,
            input,
            output,
            exclude_keys: body.exclude_keys_in_export.unwrap_or(false),
            configurations,
            storage_authentication: body
                .storage_authentication_type
                .unwrap_or_else(|| "keyBased".to_owned()),
        };
        let response = ServiceResponse::json(StatusCode::OK, &transfer.render());
        let mut store = self.store.write();
        if !store.waiting_transfers().is_empty() {
            let text = "Job quota has been exceeded: one import or export job at a time.";
            return Err(HubError::new(Code::JOB_QUOTA_EXCEEDED, text));
        }
        store.transfers.insert(transfer.id.clone(), transfer);
        drop(store);
        self.jobs.changed();
        Ok(response)
    }

    /// The container that an address names. There is no storage but the emulator's own.
    fn container(&self, uri: Option<&str>) -> Result<String> {
        let invalid = |text: String| HubError::new(Code::BLOB_CONTAINER_VALIDATION_ERROR, text);
        let uri = uri.unwrap_or_default();
        let url = Url::parse(uri).map_err(|error| invalid(format!("The container's URI: {error}")))?;
        let is_ours = match self.blob_port.get() {
            Some(port) => url.port_or_known_default() == Some(*port),
            None => true,
        };
        if !is_ours {
            return Err(invalid(
                "The emulator has containers of its own only: see its blobEndpoint.".to_owned(),
            ));
        }
        let segments: Vec<&str> = url.path_segments().into_iter().flatten().collect();
        match segments.as_slice() {
            [container] | [container, ""] if !container.is_empty() => Ok((*container).to_owned()),
            _ => Err(invalid("The URI must name a container.".to_owned())),
        }
    }

    pub(crate) fn list_transfers(&self) -> ServiceResponse {
        let store = self.store.read();
        let mut transfers: Vec<&Transfer> = store.transfers.values().collect();
        transfers.sort_by_key(|transfer| transfer.started);
        let body: Vec<Value> = transfers.into_iter().map(Transfer::render).collect();
        ServiceResponse::json(StatusCode::OK, &body)
    }

    pub(crate) fn get_transfer(&self, id: &str) -> Result<ServiceResponse> {
        let store = self.store.read();
        let transfer = store
            .transfers
            .get(id)
            .ok_or_else(|| HubError::new(Code::JOB_NOT_FOUND, format!("There is no job {id}.")))?;
        Ok(ServiceResponse::json(StatusCode::OK, &transfer.render()))
    }

    /// Cancels a job; one that is over stays as it is. Of an unknown one the service makes an error of its own.
    pub(crate) fn cancel_transfer(&self, id: &str) -> Result<ServiceResponse> {
        let now = self.now();
        let mut store = self.store.write();
        if !store.transfers.contains_key(id) {
            let text = "An error occurred while processing the request.";
            return Err(HubError::new(Code::SERVER_ERROR, text));
        }
        store.with_transfer(id, |transfer| {
            transfer.status = Status::Cancelled;
            transfer.ended = Some(now);
        });
        Ok(ServiceResponse::empty(StatusCode::NO_CONTENT))
    }

    pub(crate) async fn run_transfer(&self, id: &str) {
        let begun = {
            let mut store = self.store.write();
            store.with_transfer(id, |transfer| transfer.status = Status::Running);
            store.transfers.get(id).cloned()
        };
        let Some(transfer) = begun.filter(|transfer| !transfer.status.is_over()) else {
            return;
        };
        let result = match transfer.kind {
            Kind::Export => self.export(&transfer).await,
            Kind::Import => self.import(&transfer).await,
        };
        let now = self.now();
        self.store.write().with_transfer(id, |transfer| {
            transfer.ended = Some(now);
            match result {
                Ok(()) => {
                    transfer.status = Status::Completed;
                    transfer.progress = 100;
                }
                Err(reason) => {
                    transfer.status = Status::Failed;
                    transfer.failure = Some(reason);
                }
            }
        });
    }

    /// Notes how far a job is; whether it is to go on.
    fn progress(&self, id: &str, done: usize, all: usize) -> bool {
        let percent = u8::try_from(done.saturating_mul(100) / all.max(1)).unwrap_or(100);
        self.store
            .write()
            .with_transfer(id, |transfer| transfer.progress = percent.min(99))
    }
}
