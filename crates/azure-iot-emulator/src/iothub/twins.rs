//! Device and module twins.

use http::StatusCode;

use crate::iothub::errors::Result;
use crate::iothub::hub::IotHub;
use crate::iothub::registry::edge;
use crate::iothub::rules::precondition::IfMatch;
use crate::iothub::rules::twin_patch::{TwinChange, TwinWrite};
use crate::iothub::store::api_version::ApiVersion;
use crate::iothub::store::etag;
use crate::iothub::store::twin_key::TwinKey;
use crate::iothub::store::view::{TwinBody, TwinView};
use crate::service::{ServiceRequest, ServiceResponse};

impl IotHub {
    pub(super) fn get_twin(&self, key: TwinKey<'_>, version: ApiVersion) -> Result<ServiceResponse> {
        self.read(|store| Ok(respond(key.find(store)?, version)))
    }

    /// Handles PATCH, which merges, and PUT, which replaces.
    pub(super) fn write_twin(
        &self,
        request: &ServiceRequest,
        key: TwinKey<'_>,
        write: TwinWrite,
        version: ApiVersion,
    ) -> Result<ServiceResponse> {
        let change = TwinChange::parse(&request.body, write)?;
        let if_match = IfMatch::of(&request.headers);
        let now = self.now();
        self.write(|store| {
            let twin = &mut key.find_mut(store)?.twin;
            edge::check_twin_write(key)?;
            if_match.check_twin(twin.etag)?;
            twin.apply(change, now)?;
            Ok(respond(key.find(store)?, version))
        })
    }
}

fn respond(view: TwinView<'_>, version: ApiVersion) -> ServiceResponse {
    let tag = etag::of_twin(view.twin().etag);
    ServiceResponse::json(StatusCode::OK, &TwinBody { view, version })
        .with_header("etag", &format!("\"{tag}\""))
}
