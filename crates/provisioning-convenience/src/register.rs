//! Device registration.

use std::fmt;
use std::time::Duration;

use azure_core::http::Response;
use azure_service_core::{Backoff, ResponseExt, RetryLoop, ServiceClient, sleep};
use provisioning_device_protocol::types;
use serde::Deserialize;
use serde_json::Value;
use tokio::time::Instant;

use crate::device_client::ProvisioningDeviceClient;
use crate::error::{Error, ErrorCode, ErrorKind, Result};
use crate::registration::{AssignmentSubstatus, Registration, RegistrationStatus};

/// The wait between two requests if the service does not specify one.
const POLL_INTERVAL: Duration = Duration::from_secs(2);

/// The default of [`RegisterOptions::timeout`].
const TIMEOUT: Duration = Duration::from_secs(5 * 60);

/// The initial and the maximum backoff after a call in which every attempt was throttled.
const BACKOFF: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(30));

/// The maximum number of calls for a throttled request.
const ATTEMPTS: u32 = 4;

/// Options of [`ProvisioningDeviceClient::register`].
#[derive(Debug, Clone, Default)]
pub struct RegisterOptions {
    /// A JSON object for the allocation webhook.
    pub payload: Option<Value>,
    /// A certificate signing request (PKCS #10) as base64-encoded DER, without the PEM header and footer. Its common
    /// name is the registration id. If the enrollment names a certificate authority, the service has that authority
    /// issue a certificate. Requires API version 2026-11-01.
    pub certificate_signing_request: Option<String>,
    /// Timeout of the whole registration. Default: 5 minutes.
    pub timeout: Option<Duration>,
}

/// Outcome of registering a device.
#[derive(Debug, Clone, PartialEq)]
#[must_use = "a registration may have failed"]
pub enum RegistrationOutcome {
    /// The device has been assigned to a hub.
    Assigned(Assignment),
    /// The service could not assign the device.
    Failed(RegistrationFailure),
    /// The enrollment of the device is disabled.
    Disabled(Registration),
}

/// The assignment of a device to a hub.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Assignment {
    /// Host name of the hub.
    pub hub: String,
    /// Id of the device in the hub.
    pub device_id: String,
    /// Reason for the assignment.
    pub substatus: Option<AssignmentSubstatus>,
    /// The complete registration, including payload, issued certificates and times.
    pub registration: Registration,
}

/// The failure of an assignment.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RegistrationFailure {
    /// The service's error code.
    pub code: Option<ErrorCode>,
    /// The service's description of the error.
    pub message: Option<String>,
    /// The complete registration.
    pub registration: Registration,
}

impl fmt::Display for RegistrationFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = self.message.as_deref().unwrap_or("the service gave no reason");
        match self.code {
            Some(code) => write!(f, "the device was not assigned: {code}: {message}"),
            None => write!(f, "the device was not assigned: {message}"),
        }
    }
}

/// The state of a registration operation.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct Operation {
    operation_id: String,
    status: Option<RegistrationStatus>,
    registration_state: Option<Registration>,
}

/// Registration.
impl ProvisioningDeviceClient {
    /// Registers the device and waits until the service has assigned it or has refused to assign it.
    ///
    /// Between two lookups, the client waits as long as the service asks (`Retry-After`), or otherwise 2 seconds. An
    /// assigned device may register again, for example after its credentials in the hub have changed; the reprovision
    /// policy of its enrollment then applies. Dropping the future ends the wait but does not cancel the registration.
    ///
    /// REST: `PUT /{idScope}/registrations/{registrationId}/register`, then
    /// `GET /{idScope}/registrations/{registrationId}/operations/{operationId}`.
    ///
    /// # Errors
    ///
    /// [`is_unauthorized`](Error::is_unauthorized) if there is no enrollment for the device, or if its key or
    /// certificate is not accepted; [`is_timeout`](Error::is_timeout) if the registration is still in progress after
    /// the timeout. A failed or disabled registration is an outcome, not an error.
    ///
    /// # Example
    ///
    /// ```no_run
    /// use provisioning_convenience::{RegisterOptions, RegistrationOutcome};
    /// use serde_json::json;
    ///
    /// # async fn run(device: &provisioning_convenience::ProvisioningDeviceClient) -> Result<(), provisioning_convenience::Error> {
    /// let options = RegisterOptions {
    ///     payload: Some(json!({ "model": "T-1000" })),
    ///     ..RegisterOptions::default()
    /// };
    /// if let RegistrationOutcome::Assigned(assignment) = device.register(Some(options)).await? {
    ///     println!("connect to {} as {}", assignment.hub, assignment.device_id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn register(&self, options: Option<RegisterOptions>) -> Result<RegistrationOutcome> {
        let options = options.unwrap_or_default();
        let payload = match options.payload {
            None => None,
            Some(Value::Object(payload)) => Some(payload),
            Some(_) => return Err(Error::invalid_input("payload", "must be a JSON object")),
        };
        let body = types::DeviceRegistration {
            registration_id: Some(self.registration_id.to_string()),
            csr: options.certificate_signing_request,
            payload,
            ..types::DeviceRegistration::default()
        };
        let timeout = options.timeout.unwrap_or(TIMEOUT);
        let deadline = Instant::now() + timeout;
        let work = async |core: ServiceClient<_>| {
            let client = self.over(core);
            let mut response = client.start(&body).await?;
            loop {
                let wait = response.retry_after().unwrap_or(POLL_INTERVAL);
                let operation: Operation = response.into_model()?;
                if let Some(outcome) = outcome(&operation)? {
                    return Ok(outcome);
                }
                if Instant::now() + wait > deadline {
                    return Err(still_in_progress(timeout));
                }
                sleep(wait).await;
                response = client.look_up(&operation.operation_id).await?;
            }
        };
        self.core.composite("register", work).await
    }

    async fn start(&self, body: &types::DeviceRegistration) -> Result<Response<Operation>> {
        let send = || async {
            let request = self
                .core
                .protocol()
                .runtime_registration_register_device_and_issue_certificate_request(
                    &self.id_scope,
                    &self.registration_id,
                    body,
                );
            Ok::<_, Error>(self.core.call("start_registration").send(request).await?)
        };
        retries().run(send).await
    }

    async fn look_up(&self, operation_id: &str) -> Result<Response<Operation>> {
        let send = || async {
            let request = self
                .core
                .protocol()
                .runtime_registration_operation_status_lookup_request(
                    &self.id_scope,
                    &self.registration_id,
                    operation_id,
                );
            Ok::<_, Error>(self.core.call("look_up_registration").send(request).await?)
        };
        retries().run(send).await
    }
}

fn retries() -> RetryLoop {
    RetryLoop::new(ATTEMPTS, Backoff::new(BACKOFF.0, BACKOFF.1))
}

fn still_in_progress(timeout: Duration) -> Error {
    let reason = format!(
        "the registration is still in progress after {} seconds; look it up with get_own_registration, or register again",
        timeout.as_secs()
    );
    azure_service_core::Error::with_message(ErrorKind::Timeout, reason).into()
}

/// Returns the outcome of an operation, or `None` while the operation is in progress.
fn outcome(operation: &Operation) -> Result<Option<RegistrationOutcome>> {
    let registration = operation.registration_state.clone().unwrap_or_default();
    let status = registration.status.as_ref().or(operation.status.as_ref());
    match status {
        Some(RegistrationStatus::Assigning | RegistrationStatus::Unassigned) | None => {
            match operation.operation_id.is_empty() {
                true => Err(Error::invalid_response(
                    "a registration in progress has no operation id",
                )),
                false => Ok(None),
            }
        }
        Some(RegistrationStatus::Assigned) => assignment(registration).map(Some),
        Some(RegistrationStatus::Failed) => Ok(Some(RegistrationOutcome::Failed(RegistrationFailure {
            code: registration
                .error_code
                .and_then(|number| u32::try_from(number).ok())
                .map(ErrorCode::from_number),
            message: registration.error_message.clone(),
            registration,
        }))),
        Some(RegistrationStatus::Disabled) => Ok(Some(RegistrationOutcome::Disabled(registration))),
        Some(RegistrationStatus::UnknownValue(status)) => Err(Error::invalid_response(format!(
            "the registration has the unknown status {status:?}"
        ))),
    }
}

fn assignment(registration: Registration) -> Result<RegistrationOutcome> {
    let (Some(hub), Some(device_id)) = (&registration.assigned_hub, &registration.device_id) else {
        return Err(Error::invalid_response(
            "an assigned registration has no hub or no device id",
        ));
    };
    Ok(RegistrationOutcome::Assigned(Assignment {
        hub: hub.clone(),
        device_id: device_id.clone(),
        substatus: registration.substatus.clone(),
        registration,
    }))
}
