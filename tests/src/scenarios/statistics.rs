//! Counts of devices.

use super::{eventually, holds, register};
use crate::{Failure, environment::Environment};

/// The registry counts a device that was created, and the connected ones are not more than all.
///
/// # Errors
///
/// Where something is not as it should be.
pub async fn counts(environment: &Environment) -> Result<(), Failure> {
    let hub = &environment.hub;
    register(hub, &environment.device_id("counted")).await?;
    let counts = eventually(1, async || {
        let counts = hub.get_device_registry_statistics().await?.into_model()?;
        let is_there = counts.total_device_count.ok_or("no total")? >= 1;
        Ok(Vec::from_iter(is_there.then_some(counts)))
    })
    .await?;
    let counts = counts.first().ok_or("no statistics")?;
    let total = counts.total_device_count.ok_or("no total")?;
    holds(
        "enabled and disabled devices are all devices",
        counts
            .enabled_device_count
            .zip(counts.disabled_device_count)
            .is_some_and(|(enabled, disabled)| enabled + disabled == total),
    )?;
    let service = hub.get_service_statistics().await?.into_model()?;
    let connected = service
        .connected_device_count
        .ok_or("no count of connected devices")?;
    holds("connected devices are devices", (0..=total).contains(&connected))
}
