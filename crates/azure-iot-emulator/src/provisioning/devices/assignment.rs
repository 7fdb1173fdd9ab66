//! Assignment of a device to a hub.

use crate::provisioning::devices::attestation::AttestedDevice;
use crate::provisioning::errors::ProvisioningError;
use crate::provisioning::instance::ProvisioningService;
use crate::provisioning::rules::reprovision::Effect;
use crate::provisioning::rules::{allocation, reprovision};
use crate::provisioning::store::enrollment::{EnrollmentKind, InitialTwin};
use crate::provisioning::store::registration::{
    Assignment, Failure, Registration, RegistrationStatus, Substatus,
};
use crate::service::assignment::AssignedDevice;

/// The chosen hub, and the initial twin if a webhook returned one.
pub(super) struct Allocation {
    pub(super) hub: String,
    pub(super) initial_twin: Option<InitialTwin>,
}

impl ProvisioningService {
    /// Assigns a device to a linked hub, and records the result.
    pub(super) fn assign(&self, device: &AttestedDevice, registration: &mut Registration) {
        let settings = &device.enrollment.settings;
        match allocation::choose(settings, &self.linked_hosts(), &device.registration_id) {
            Ok(hub) => {
                let allocation = Allocation {
                    hub,
                    initial_twin: None,
                };
                self.assign_to(device, registration, allocation);
            }
            Err(error) => fail(registration, &error),
        }
    }

    /// Assigns a device to a hub, and records the result.
    pub(super) fn assign_to(
        &self,
        device: &AttestedDevice,
        registration: &mut Registration,
        allocation: Allocation,
    ) {
        let settings = &device.enrollment.settings;
        let previous = registration.assignment.as_ref();
        let mut effect = reprovision::effect(previous, settings.reprovision, &allocation.hub);
        // A twin from a webhook replaces the device's data, whatever the policy is.
        if let (Effect::Migrate(_), Some(_)) = (effect, &allocation.initial_twin) {
            effect = Effect::Initialize(Substatus::DeviceDataReset);
        }
        if let Some(substatus) = effect.substatus() {
            let assigned = assigned_device(device, effect, allocation.initial_twin);
            let device_id = assigned.device_id.clone();
            if let Err(error) = self.linked().target.assign(assigned) {
                registration.status = RegistrationStatus::Failed;
                registration.failure = Some(Failure {
                    code: error.code,
                    message: error.message,
                });
                return;
            }
            registration.assignment = Some(Assignment {
                hub: allocation.hub,
                device_id,
                substatus,
            });
        }
        registration.status = RegistrationStatus::Assigned;
    }
}

/// Records a failure.
pub(super) fn fail(registration: &mut Registration, error: &ProvisioningError) {
    registration.status = RegistrationStatus::Failed;
    registration.failure = Some(Failure {
        code: error.code.number(),
        message: error.message.clone(),
    });
}

/// Builds the device to create or update in the hub.
fn assigned_device(
    device: &AttestedDevice,
    effect: Effect,
    initial_twin: Option<InitialTwin>,
) -> AssignedDevice {
    let settings = &device.enrollment.settings;
    let device_id = match device.kind {
        EnrollmentKind::Individual => settings.device_id.as_ref(),
        EnrollmentKind::Group => None,
    };
    let twin = initial_twin
        .or_else(|| settings.initial_twin.clone())
        .unwrap_or_default();
    AssignedDevice {
        device_id: device_id.unwrap_or(&device.registration_id).clone(),
        credentials: device.credentials.clone(),
        edge: settings.edge,
        tags: twin.tags,
        desired: twin.desired,
        resets_twin: matches!(effect, Effect::Initialize(_)),
    }
}
