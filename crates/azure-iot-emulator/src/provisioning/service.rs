//! Dispatch of requests to operations, and conversion of errors to responses.

use std::io::{self, Write};

use futures::future::BoxFuture;
use http::Method;
use serde_json::Value;

use crate::durable::StateChange;
use crate::error::StateError;
use crate::provisioning::errors::{Code, ProvisioningError, Result};
use crate::provisioning::instance::ProvisioningService;
use crate::provisioning::router;
use crate::provisioning::router::{Operation, RouteMatch};
use crate::provisioning::rules::api_version::ApiVersion;
use crate::provisioning::store::Store;
use crate::service::{Refusal, Service, ServiceRequest, ServiceResponse, StatefulService, Target};

impl ProvisioningService {
    async fn route(&self, request: &ServiceRequest) -> Result<ServiceResponse> {
        let segments = request.segments();
        let operation = match router::find(&request.method, &segments, self.id_scope()) {
            RouteMatch::Operation(operation) => operation,
            RouteMatch::OtherMethods(methods) => {
                let message = format!("The method {} is not allowed for this resource.", request.method);
                let error = ProvisioningError::new(Code::METHOD_NOT_ALLOWED, message);
                return Err(error.with_header("allow", methods.to_owned()));
            }
            RouteMatch::Nothing => {
                let message = format!("There is no resource {}.", request.raw_path);
                return Err(ProvisioningError::new(Code::NOT_FOUND, message));
            }
        };
        if !operation.right().is_none_or(|right| request.caller.may(right)) {
            return Err(ProvisioningError::unauthorized());
        }
        let version = ApiVersion::parse(request.query_value("api-version"))?;
        self.admit(operation)?;
        self.dispatch(request, operation, version).await
    }

    async fn dispatch(
        &self,
        request: &ServiceRequest,
        operation: Operation<'_>,
        version: ApiVersion,
    ) -> Result<ServiceResponse> {
        use Operation as Op;
        match operation {
            Op::GetEnrollment(kind, id) => self.get_enrollment(kind, id, version),
            Op::PutEnrollment(kind, id) => self.put_enrollment(request, kind, id, version),
            Op::DeleteEnrollment(kind, id) => self.delete_enrollment(request, kind, id),
            Op::GetAttestation(kind, id) => self.get_attestation(kind, id),
            Op::RunBulk(kind) => self.run_bulk(request, kind, version),
            Op::QueryEnrollments(kind) => self.query_enrollments(request, kind, version),
            Op::GetRegistration(id) => self.get_registration(id),
            Op::DeleteRegistration(id) => self.delete_registration(request, id),
            Op::QueryRegistrations(group) => self.query_registrations(request, group),
            Op::Register(id) => self.register(request, id),
            Op::Poll(id, operation) => self.get_operation(request, id, operation).await,
            Op::LookUp(id) => self.look_up(request, id),
        }
    }

    fn error_response(&self, error: &ProvisioningError, request_id: &str) -> ServiceResponse {
        error.response(request_id, self.clock().now())
    }
}

impl Service for ProvisioningService {
    fn name(&self) -> &'static str {
        "provisioning"
    }

    fn handle(&self, request: ServiceRequest) -> BoxFuture<'_, ServiceResponse> {
        Box::pin(async move {
            let result = self.route(&request).await;
            result.unwrap_or_else(|error| self.error_response(&error, &request.request_id))
        })
    }

    fn refuse(&self, refusal: &Refusal, request_id: &str) -> ServiceResponse {
        self.error_response(&ProvisioningError::of_refusal(refusal), request_id)
    }

    /// The credentials of a device depend on its enrollment, so the operations check them.
    fn checks_credentials(&self, target: &Target<'_>) -> bool {
        let first = target.path_segments.first();
        first.is_some_and(|first| first.eq_ignore_ascii_case(self.id_scope()))
    }

    /// Includes the GET requests of devices, because polling an operation may assign the device.
    fn is_durable(&self, request: &ServiceRequest) -> bool {
        let of_device = request
            .path_segments
            .first()
            .is_some_and(|first| first.eq_ignore_ascii_case(self.id_scope()));
        of_device || request.method != Method::GET
    }
}

impl StatefulService for ProvisioningService {
    fn manage(&self, request: &ServiceRequest, path: &[&str]) -> Option<ServiceResponse> {
        let result = self.manage_service(request, path)?;
        Some(result.unwrap_or_else(|error| self.error_response(&error, &request.request_id)))
    }

    fn record_changes(&self) {
        self.write(Store::record_changes);
    }

    fn take_changes(&self) -> Vec<StateChange> {
        self.write(Store::take_changes)
    }

    fn dump(&self) -> Value {
        self.read(Store::dump)
    }

    fn write_state(&self, writer: &mut dyn Write) -> io::Result<()> {
        // Serialized first and written after the lock is released, so that requests do not wait for the disk.
        let json = self.read(serde_json::to_vec)?;
        writer.write_all(&json)
    }

    fn load(&self, state: &Value) -> std::result::Result<(), StateError> {
        let invalid = |reason| StateError::Invalid {
            service: self.name(),
            reason,
        };
        let store = Store::deserialize_checked(state).map_err(invalid)?;
        self.write(|current| current.replace(store));
        Ok(())
    }
}
