//! Choice of a hub.

use sha2::{Digest, Sha256};

use crate::provisioning::errors::{Code, ProvisioningError, Result};
use crate::provisioning::store::enrollment::{AllocationPolicy, Settings};

/// Returns the hub of a device among the linked ones. Not for custom allocation.
pub(crate) fn choose(settings: &Settings, linked: &[String], registration_id: &str) -> Result<String> {
    let is_linked = |hub: &&String| linked.iter().any(|linked| linked.eq_ignore_ascii_case(hub));
    let allowed: Vec<&String> = match &settings.hubs {
        Some(hubs) => hubs.iter().filter(is_linked).collect(),
        None => linked.iter().collect(),
    };
    // The emulator has no locations, so the hub with the lowest latency is the first one.
    let at = match settings.allocation {
        AllocationPolicy::Hashed => hash(registration_id, allowed.len()),
        AllocationPolicy::GeoLatency | AllocationPolicy::Static | AllocationPolicy::Custom => 0,
    };
    allowed.get(at).map(|hub| (*hub).clone()).ok_or_else(|| {
        ProvisioningError::new(
            Code::ARGUMENT_INVALID,
            "No linked hub is in the iotHubs of the enrollment.",
        )
    })
}

/// Distributes registration ids evenly over `count` hubs.
fn hash(registration_id: &str, count: usize) -> usize {
    let digest = Sha256::digest(registration_id.to_ascii_lowercase());
    let number = digest
        .iter()
        .take(4)
        .fold(0, |sum, byte| sum * 256 + usize::from(*byte));
    number.checked_rem(count).unwrap_or(0)
}
