//! Individual enrollments and enrollment groups.

use http::StatusCode;

use crate::provisioning::errors::{ProvisioningError, Result};
use crate::provisioning::instance::ProvisioningService;
use crate::provisioning::rules::api_version::ApiVersion;
use crate::provisioning::rules::enrollment_input;
use crate::provisioning::rules::enrollment_input::{EnrollmentInput, WriteContext};
use crate::provisioning::rules::precondition::IfMatch;
use crate::provisioning::store::enrollment::EnrollmentKind;
use crate::provisioning::store::view::EnrollmentExtent;
use crate::provisioning::store::{etag, view};
use crate::service::{ServiceRequest, ServiceResponse};

impl ProvisioningService {
    pub(super) fn get_enrollment(
        &self,
        kind: EnrollmentKind,
        id: &str,
        version: ApiVersion,
    ) -> Result<ServiceResponse> {
        let extent = EnrollmentExtent {
            kind,
            keys: false,
            registry: version.has_device_registry(),
        };
        self.read(|store| {
            let found = store.enrollment(kind, id);
            let found = found.ok_or_else(|| ProvisioningError::not_found(kind))?;
            let body = view::enrollment(found, store.registration(id), extent);
            Ok(respond(&body, &etag::of_enrollment(found.etag)))
        })
    }

    /// Creates or replaces an enrollment. With `If-Match`, the enrollment must exist.
    pub(super) fn put_enrollment(
        &self,
        request: &ServiceRequest,
        kind: EnrollmentKind,
        id: &str,
        version: ApiVersion,
    ) -> Result<ServiceResponse> {
        let input = EnrollmentInput::parse(&request.body)?;
        enrollment_input::check_id(kind, id, &input)?;
        let if_match = IfMatch::of(&request.headers);
        let linked = self.linked_hosts();
        let context = WriteContext {
            kind,
            version,
            linked: &linked,
        };
        let extent = EnrollmentExtent {
            kind,
            keys: true,
            registry: version.has_device_registry(),
        };
        let now = self.now();
        self.write(|store| {
            let existing = store.enrollment(kind, id);
            match existing {
                Some(existing) => if_match.check(&etag::of_enrollment(existing.etag))?,
                None if if_match.is_absent() => {}
                None => return Err(ProvisioningError::not_found(kind)),
            }
            let write = input.check(context, existing)?;
            let (written, registration) =
                store.put_enrollment(kind, id, write.attestation, write.settings, now);
            let body = view::enrollment(written, registration, extent);
            Ok(respond(&body, &etag::of_enrollment(written.etag)))
        })
    }

    /// Deletes an enrollment and, if it is an individual one, the registration of its device. The device stays in the hub.
    pub(super) fn delete_enrollment(
        &self,
        request: &ServiceRequest,
        kind: EnrollmentKind,
        id: &str,
    ) -> Result<ServiceResponse> {
        let if_match = IfMatch::of(&request.headers);
        self.write(|store| {
            let found = store.enrollment(kind, id);
            let found = found.ok_or_else(|| ProvisioningError::not_found(kind))?;
            if_match.check(&etag::of_enrollment(found.etag))?;
            store.delete_enrollment(kind, id);
            Ok(ServiceResponse::empty(StatusCode::NO_CONTENT))
        })
    }

    /// Returns the attestation with its keys.
    pub(super) fn get_attestation(&self, kind: EnrollmentKind, id: &str) -> Result<ServiceResponse> {
        let extent = EnrollmentExtent {
            kind,
            keys: true,
            registry: false,
        };
        self.read(|store| {
            let found = store.enrollment(kind, id);
            let found = found.ok_or_else(|| ProvisioningError::not_found(kind))?;
            let body = view::attestation(&found.attestation, extent);
            Ok(ServiceResponse::json(StatusCode::OK, &body))
        })
    }
}

fn respond(body: &serde_json::Value, tag: &str) -> ServiceResponse {
    ServiceResponse::json(StatusCode::OK, body).with_header("etag", tag)
}
