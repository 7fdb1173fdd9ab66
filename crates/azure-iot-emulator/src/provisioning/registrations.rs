//! Registrations, as services see them.

use http::StatusCode;

use crate::provisioning::errors::{ProvisioningError, Result};
use crate::provisioning::instance::ProvisioningService;
use crate::provisioning::rules::precondition::IfMatch;
use crate::provisioning::store::{etag, key, view};
use crate::service::{ServiceRequest, ServiceResponse};

impl ProvisioningService {
    pub(super) fn get_registration(&self, id: &str) -> Result<ServiceResponse> {
        self.read(|store| {
            let found = store.registration(id);
            let found = found.ok_or_else(ProvisioningError::registration_not_found)?;
            let tag = etag::of_registration(found.etag);
            let body = view::registration_state(found);
            Ok(ServiceResponse::json(StatusCode::OK, &body).with_header("etag", &tag))
        })
    }

    /// Deletes a registration. The device stays in the hub, and can register again.
    pub(super) fn delete_registration(&self, request: &ServiceRequest, id: &str) -> Result<ServiceResponse> {
        let if_match = IfMatch::of(&request.headers);
        self.write(|store| {
            let found = store.registration(id);
            let found = found.ok_or_else(ProvisioningError::registration_not_found)?;
            if_match.check(&etag::of_registration(found.etag))?;
            store.registrations.remove(&key(id));
            Ok(ServiceResponse::empty(StatusCode::NO_CONTENT))
        })
    }
}
