//! Import and export jobs, which transfer the registry from and to blobs.

pub(super) mod export;
pub(super) mod import;
pub(super) mod request;
pub(super) mod run;
pub(super) mod view;

use http::StatusCode;
use serde_json::Value;

use crate::iothub::codes::Code;
use crate::iothub::errors::{HubError, Result};
use crate::iothub::hub::IotHub;
use crate::iothub::store::api_version::ApiVersion;
use crate::iothub::store::transfer::{Transfer, TransferStatus};
use crate::service::{ServiceRequest, ServiceResponse};

impl IotHub {
    pub(super) fn create_transfer(
        &self,
        request: &ServiceRequest,
        version: ApiVersion,
    ) -> Result<ServiceResponse> {
        let mut transfer = request::parse(&request.body, self.blob_port(), self.now())?;
        transfer.with_registry = version.has_device_registry();
        let response = ServiceResponse::json(StatusCode::OK, &view::transfer(&transfer));
        self.write(|store| {
            if !store.active_transfers().is_empty() {
                let text = "Error: 403 ErrorCode: JobQuotaExceeded\n\
                            Message: Job quota has been exceeded. A hub runs one import or export job at a time.";
                return Err(HubError::new(Code::JOB_QUOTA_EXCEEDED, text));
            }
            store.transfers.insert(transfer.id.clone(), transfer);
            Ok(())
        })?;
        self.runner().notify();
        Ok(response)
    }

    pub(super) fn list_transfers(&self) -> ServiceResponse {
        let body: Vec<Value> = self.read(|store| {
            let mut transfers: Vec<&Transfer> = store.transfers.values().collect();
            transfers.sort_by_key(|transfer| transfer.started);
            transfers.into_iter().map(view::transfer).collect()
        });
        ServiceResponse::json(StatusCode::OK, &body)
    }

    pub(super) fn get_transfer(&self, id: &str) -> Result<ServiceResponse> {
        self.read(|store| match store.transfers.get(id) {
            Some(transfer) => Ok(ServiceResponse::json(StatusCode::OK, &view::transfer(transfer))),
            None => Err(HubError::new(
                Code::JOB_NOT_FOUND,
                format!("There is no job {id}."),
            )),
        })
    }

    /// Cancels a job. A finished job is unchanged. The service's error for an unknown job differs from that for a
    /// read.
    pub(super) fn cancel_transfer(&self, id: &str) -> Result<ServiceResponse> {
        let now = self.now();
        self.write(|store| {
            if !store.transfers.contains_key(id) {
                let text = "An error occurred while processing the request.";
                return Err(HubError::new(Code::SERVER_ERROR, text));
            }
            store.update_active_transfer(id, |transfer| {
                transfer.status = TransferStatus::Cancelled;
                transfer.ended = Some(now);
            });
            Ok(ServiceResponse::empty(StatusCode::NO_CONTENT))
        })
    }
}
