//! Custom allocation: a webhook chooses the hub.
//!
//! The webhook is called when the device polls, so a state that is loaded continues where it was dumped.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::provisioning::devices::assignment::{Allocation, fail};
use crate::provisioning::devices::attestation::AttestedDevice;
use crate::provisioning::devices::webhook;
use crate::provisioning::devices::webhook::{WebhookOutcome, WebhookReply};
use crate::provisioning::errors::{Code, ProvisioningError};
use crate::provisioning::instance::ProvisioningService;
use crate::provisioning::store::enrollment::{EnrollmentKind, InitialTwin};
use crate::provisioning::store::registration::{PendingAllocation, Proof, Registration};
use crate::provisioning::store::view;
use crate::provisioning::store::view::EnrollmentExtent;

/// Maximum number of calls: the first call and ten retries.
const MAX_CALLS: u32 = 11;
/// Delay before the first retry, in seconds.
const FIRST_DELAY: u64 = 1;
/// Increase of the delay with each retry, in seconds.
const DELAY_STEP: u64 = 9;

impl ProvisioningService {
    /// Returns whether a call of the registration's webhook is due.
    pub(super) fn is_call_due(&self, registration: &Registration) -> bool {
        let now = self.now();
        let pending = registration.pending.as_ref();
        pending.is_some_and(|pending| pending.next_call <= now)
    }

    /// Calls the webhook, and records the result.
    pub(super) async fn allocate_by_webhook(&self, device: &AttestedDevice, registration: &mut Registration) {
        let Some(mut pending) = registration.pending.take() else {
            return;
        };
        let Some(definition) = &device.enrollment.settings.webhook else {
            // The enrollment has changed since the registration.
            return self.assign(device, registration);
        };
        let body = self.webhook_body(device, registration, &pending);
        let outcome = webhook::call(&definition.webhook_url, &body).await;
        registration.updated = self.now();
        match outcome {
            WebhookOutcome::Reply(reply) => self.apply_reply(device, registration, *reply),
            WebhookOutcome::Unauthorized => fail(
                registration,
                &ProvisioningError::new(
                    Code::CUSTOM_ALLOCATION_UNAUTHORIZED,
                    "The webhook of the custom allocation refused the credentials.",
                ),
            ),
            WebhookOutcome::Failed(reason) => fail(registration, &failed(&reason)),
            WebhookOutcome::Retry(reason) if pending.calls + 1 >= MAX_CALLS => {
                fail(registration, &failed(&reason));
            }
            WebhookOutcome::Retry(_) => {
                let delay = FIRST_DELAY + DELAY_STEP * u64::from(pending.calls);
                pending.calls += 1;
                pending.next_call = self.now().saturating_add(Duration::from_secs(delay));
                registration.pending = Some(pending);
            }
        }
    }

    fn apply_reply(&self, device: &AttestedDevice, registration: &mut Registration, reply: WebhookReply) {
        let hub = reply.iot_hub_host_name.filter(|hub| !hub.is_empty());
        let Some(hub) = hub else {
            let message = "The webhook of the custom allocation named no iotHubHostName.";
            let code = Code::CUSTOM_ALLOCATION_HUB_NOT_SPECIFIED;
            return fail(registration, &ProvisioningError::new(code, message));
        };
        if !self
            .linked_hosts()
            .iter()
            .any(|linked| linked.eq_ignore_ascii_case(&hub))
        {
            return fail(registration, &failed(&format!("the hub \"{hub}\" is not linked")));
        }
        registration.payload = reply.payload;
        let allocation = Allocation {
            hub,
            initial_twin: reply.initial_twin.map(InitialTwin::from),
        };
        self.assign_to(device, registration, allocation);
    }

    /// Returns the body of the request to the webhook.
    fn webhook_body(
        &self,
        device: &AttestedDevice,
        registration: &Registration,
        pending: &PendingAllocation,
    ) -> Value {
        let extent = EnrollmentExtent {
            kind: device.kind,
            keys: false,
            registry: false,
        };
        let mut context = Map::new();
        context.insert("registrationId".to_owned(), json!(device.registration_id));
        if let Some(previous) = &registration.assignment {
            context.insert("currentIotHubHostName".to_owned(), json!(previous.hub));
            context.insert("currentDeviceId".to_owned(), json!(previous.device_id));
        }
        match &device.proof {
            Proof::SymmetricKey { .. } => context.insert("symmetricKey".to_owned(), json!({})),
            Proof::X509 { certificate, .. } => context.insert(
                "x509".to_owned(),
                json!({ "clientCertificates": { "primary": { "info": certificate } } }),
            ),
        };
        if let Some(payload) = &pending.payload {
            context.insert("payload".to_owned(), payload.clone());
        }
        let member = match device.kind {
            EnrollmentKind::Individual => "individualEnrollment",
            EnrollmentKind::Group => "enrollmentGroup",
        };
        json!({
            member: view::enrollment(&device.enrollment, None, extent),
            "deviceRuntimeContext": context,
            "linkedHubs": self.linked_hosts(),
        })
    }
}

fn failed(reason: &str) -> ProvisioningError {
    let message = format!("The custom allocation failed: {reason}.");
    ProvisioningError::new(Code::CUSTOM_ALLOCATION_FAILED, message)
}
