//! Registration of devices: the operations that devices use.

pub(super) mod assignment;
pub(super) mod attestation;
pub(super) mod custom_allocation;
pub(super) mod webhook;

use http::StatusCode;
use http::header::RETRY_AFTER;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::provisioning::devices::attestation::{AttestedDevice, NO_TPM};
use crate::provisioning::errors::{Code, ProvisioningError, Result};
use crate::provisioning::instance::ProvisioningService;
use crate::provisioning::rules::id;
use crate::provisioning::store::enrollment::{AllocationPolicy, EnrollmentKind};
use crate::provisioning::store::registration::{PendingAllocation, Registration, RegistrationStatus};
use crate::provisioning::store::view;
use crate::service::{ServiceRequest, ServiceResponse};

/// Prefix of operation ids.
const OPERATION_PREFIX: &str = "5";

const NO_CERTIFICATES: &str = "The emulator issues no certificates, so it refuses a csr.";

/// The body of a registration or a lookup.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct RegistrationInput {
    registration_id: Option<String>,
    tpm: Option<Value>,
    csr: Option<Value>,
    payload: Option<Value>,
}

impl RegistrationInput {
    fn parse(body: &[u8], registration_id: &str) -> Result<Self> {
        let invalid = |message: String| ProvisioningError::new(Code::FORMAT_ERROR, message);
        let value: Value = serde_json::from_slice(body)
            .map_err(|error| invalid(format!("The body is not JSON: {error}")))?;
        if !value.is_object() {
            return Err(invalid("The registration must be a JSON object.".to_owned()));
        }
        let input: Self = serde_json::from_value(value)
            .map_err(|error| invalid(format!("The registration is not valid: {error}")))?;
        match &input.registration_id {
            Some(found) if !found.eq_ignore_ascii_case(registration_id) => {
                Err(ProvisioningError::argument(format!(
                    "The registrationId \"{found}\" in the body is not \"{registration_id}\", that in the path."
                )))
            }
            _ => Ok(input),
        }
    }
}

impl ProvisioningService {
    /// Registers a device. Unless a webhook allocates the hub, this request assigns the device, but the response has only the
    /// id of an operation, which returns the assignment.
    pub(super) fn register(
        &self,
        request: &ServiceRequest,
        registration_id: &str,
    ) -> Result<ServiceResponse> {
        id::check(EnrollmentKind::Individual, registration_id)?;
        let input = RegistrationInput::parse(&request.body, registration_id)?;
        if input.tpm.is_some() {
            return Err(ProvisioningError::not_implemented(NO_TPM));
        }
        if input.csr.is_some() {
            return Err(ProvisioningError::not_implemented(NO_CERTIFICATES));
        }
        let device = self.attest(request, registration_id)?;
        let mut registration = self.begin(&device);
        if device.enrollment.settings.disabled {
            registration.status = RegistrationStatus::Disabled;
        } else if device.enrollment.settings.allocation == AllocationPolicy::Custom {
            registration.pending = Some(PendingAllocation {
                calls: 0,
                next_call: registration.updated,
                payload: input.payload,
            });
        } else {
            self.assign(&device, &mut registration);
        }
        let operation_id = registration.operation_id.clone();
        self.write(|store| store.put_registration(registration));
        Ok(self.accepted(request, registration_id, &operation_id, None))
    }

    /// Returns the state of an operation, and calls the webhook that allocates the hub when it is due.
    pub(super) async fn get_operation(
        &self,
        request: &ServiceRequest,
        registration_id: &str,
        operation_id: &str,
    ) -> Result<ServiceResponse> {
        let device = self.attest(request, registration_id)?;
        let found = self.read(|store| store.registration(registration_id).cloned());
        let mut registration = found
            .filter(|found| found.operation_id == operation_id)
            .ok_or_else(|| ProvisioningError::new(Code::OPERATION_NOT_FOUND, "Operation not found."))?;
        if self.is_call_due(&registration) {
            self.allocate_by_webhook(&device, &mut registration).await;
            self.write(|store| store.put_registration_if_current(registration.clone()));
        }
        if registration.status == RegistrationStatus::Assigning {
            let state = json!({ "registrationId": registration.id, "status": "assigning" });
            return Ok(self.accepted(request, registration_id, operation_id, Some(state)));
        }
        let body = json!({
            "operationId": operation_id,
            "status": registration.status,
            "registrationState": view::registration_result(&registration),
        });
        Ok(ServiceResponse::json(StatusCode::OK, &body))
    }

    /// Returns the registration of a device.
    pub(super) fn look_up(&self, request: &ServiceRequest, registration_id: &str) -> Result<ServiceResponse> {
        let input = RegistrationInput::parse(&request.body, registration_id)?;
        if input.csr.is_some() {
            return Err(ProvisioningError::argument("A lookup has no csr."));
        }
        self.attest(request, registration_id)?;
        self.read(|store| {
            let found = store.registration(registration_id);
            let found = found.ok_or_else(ProvisioningError::registration_not_found)?;
            Ok(ServiceResponse::json(
                StatusCode::OK,
                &view::registration_result(found),
            ))
        })
    }

    /// Returns a registration with a new operation, which keeps the previous assignment.
    fn begin(&self, device: &AttestedDevice) -> Registration {
        let previous = self.read(|store| store.registration(&device.registration_id).cloned());
        let now = self.now();
        let (id, created, assignment) = match previous {
            Some(previous) => (previous.id, previous.created, previous.assignment),
            None => (device.registration_id.clone(), now, None),
        };
        let part = Uuid::new_v4().simple().to_string();
        let operation_id = format!("{OPERATION_PREFIX}.{}.{}", &part[..16], Uuid::new_v4());
        Registration {
            id,
            etag: Uuid::new_v4(),
            created,
            updated: now,
            status: RegistrationStatus::Assigning,
            assignment,
            failure: None,
            proof: device.proof.clone(),
            payload: None,
            operation_id,
            pending: None,
        }
    }

    /// Returns the response to a device whose operation is in progress.
    fn accepted(
        &self,
        request: &ServiceRequest,
        registration_id: &str,
        operation_id: &str,
        state: Option<Value>,
    ) -> ServiceResponse {
        let mut body = json!({ "operationId": operation_id, "status": "assigning" });
        if let Some(state) = state {
            body["registrationState"] = state;
        }
        let location = format!(
            "{}/{}/registrations/{registration_id}/operations/{operation_id}",
            request.base_url,
            self.id_scope()
        );
        let mut response =
            ServiceResponse::json(StatusCode::ACCEPTED, &body).with_header("location", &location);
        response.headers.insert(RETRY_AFTER, self.retry_after().into());
        response
    }
}
