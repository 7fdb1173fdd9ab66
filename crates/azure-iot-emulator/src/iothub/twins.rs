//! Device and module twins.

use http::StatusCode;

use crate::iothub::errors::Result;
use crate::iothub::hub::IotHub;
use crate::iothub::registry::edge;
use crate::iothub::rules::precondition::IfMatch;
use crate::iothub::rules::twin_patch::{TwinChange, TwinWrite};
use crate::iothub::store::etag;
use crate::iothub::store::twin_key::TwinKey;
use crate::iothub::store::view::TwinView;
use crate::service::{ServiceRequest, ServiceResponse};

impl IotHub {
    pub(super) fn get_twin(&self, key: TwinKey<'_>) -> Result<ServiceResponse> {
        self.read(|store| Ok(respond(key.find(store)?)))
    }

    pub(super) fn patch_twin(&self, request: &ServiceRequest, key: TwinKey<'_>) -> Result<ServiceResponse> {
        self.write_twin(request, key, TwinWrite::Merge)
    }

    pub(super) fn put_twin(&self, request: &ServiceRequest, key: TwinKey<'_>) -> Result<ServiceResponse> {
        self.write_twin(request, key, TwinWrite::Replace)
    }

    fn write_twin(
        &self,
        request: &ServiceRequest,
        key: TwinKey<'_>,
        write: TwinWrite,
    ) -> Result<ServiceResponse> {
        let change = TwinChange::parse(&request.body, write)?;
        let if_match = IfMatch::of(&request.headers);
        let now = self.now();
        self.write(|store| {
            let twin = &mut key.find_mut(store)?.twin;
            edge::check_twin_write(key)?;
            if_match.check_twin(twin.etag)?;
            twin.apply(change, now)?;
            Ok(respond(key.find(store)?))
        })
    }
}

fn respond(view: TwinView<'_>) -> ServiceResponse {
    let tag = etag::of_twin(view.twin().etag);
    ServiceResponse::json(StatusCode::OK, &view).with_header("etag", &format!("\"{tag}\""))
}
