//! Device and module twins.

use http::StatusCode;

use super::IotHub;
use super::errors::{HubError, Result};
use super::etag::{self, IfMatch};
use super::model::Identity;
use super::render::TwinView;
use super::store::Store;
use super::timestamp::Timestamp;
use super::twin::{Twin, TwinChange};
use crate::service::{ServiceRequest, ServiceResponse};

/// Whose twin: a device's, or one of its modules'.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TwinKey<'a> {
    pub(crate) device_id: &'a str,
    pub(crate) module_id: Option<&'a str>,
}

impl TwinKey<'_> {
    /// A missing module is a missing device here, other than among identities.
    fn not_found(self) -> HubError {
        HubError::device_not_found(self.module_id.unwrap_or(self.device_id))
    }

    pub(crate) fn find(self, store: &Store) -> Result<TwinView<'_>> {
        let device = store.device(self.device_id)?;
        let module = match self.module_id {
            Some(id) => Some(device.modules.get(id).ok_or_else(|| self.not_found())?),
            None => None,
        };
        Ok(TwinView { device, module })
    }

    pub(crate) fn find_mut(self, store: &mut Store) -> Result<&mut Identity> {
        let device = store.device_mut(self.device_id)?;
        match self.module_id {
            Some(id) => device
                .modules
                .get_mut(id)
                .map(|module| &mut module.identity)
                .ok_or_else(|| self.not_found()),
            None => Ok(&mut device.identity),
        }
    }
}

impl IotHub {
    pub(crate) fn get_twin(&self, key: TwinKey<'_>) -> Result<ServiceResponse> {
        let store = self.store.read();
        Ok(respond(key.find(&store)?))
    }

    pub(crate) fn patch_twin(&self, request: &ServiceRequest, key: TwinKey<'_>) -> Result<ServiceResponse> {
        self.write_twin(request, key, Twin::patch)
    }

    pub(crate) fn put_twin(&self, request: &ServiceRequest, key: TwinKey<'_>) -> Result<ServiceResponse> {
        self.write_twin(request, key, Twin::replace)
    }

    fn write_twin(
        &self,
        request: &ServiceRequest,
        key: TwinKey<'_>,
        write: fn(&mut Twin, TwinChange, Timestamp) -> Result<()>,
    ) -> Result<ServiceResponse> {
        let change = TwinChange::parse(&request.body)?;
        let if_match = IfMatch::of(&request.headers);
        let now = self.now();
        let mut store = self.store.write();
        let twin = &mut key.find_mut(&mut store)?.twin;
        if_match.check_twin(twin.etag)?;
        write(twin, change, now)?;
        Ok(respond(key.find(&store)?))
    }
}

fn respond(view: TwinView<'_>) -> ServiceResponse {
    let tag = etag::of_twin(view.twin().etag);
    ServiceResponse::json(StatusCode::OK, &view).with_header("etag", &format!("\"{tag}\""))
}
