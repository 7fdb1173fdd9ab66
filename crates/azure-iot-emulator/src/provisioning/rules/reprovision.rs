//! The effect of a registration on a device that may be assigned already.

use crate::provisioning::store::enrollment::ReprovisionPolicy;
use crate::provisioning::store::registration::{Assignment, Substatus};

/// The effect of a registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// The assignment and the device in the hub are unchanged.
    Keep,
    /// The device gets the initial twin.
    Initialize(Substatus),
    /// The device keeps its twin.
    Migrate(Substatus),
}

impl Effect {
    pub(crate) fn substatus(self) -> Option<Substatus> {
        match self {
            Self::Keep => None,
            Self::Initialize(substatus) | Self::Migrate(substatus) => Some(substatus),
        }
    }
}

/// Returns the effect of assigning a device to `hub`.
pub(crate) fn effect(previous: Option<&Assignment>, policy: ReprovisionPolicy, hub: &str) -> Effect {
    let Some(previous) = previous else {
        return Effect::Initialize(Substatus::InitialAssignment);
    };
    let same_hub = previous.hub.eq_ignore_ascii_case(hub);
    match (policy.update_hub_assignment, policy.migrate_device_data) {
        (false, _) => Effect::Keep,
        (true, false) => Effect::Initialize(Substatus::DeviceDataReset),
        (true, true) if same_hub => Effect::Migrate(Substatus::ReprovisionedToInitialAssignment),
        (true, true) => Effect::Migrate(Substatus::DeviceDataMigrated),
    }
}
