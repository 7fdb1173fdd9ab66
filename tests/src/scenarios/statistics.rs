//! Registry and service statistics.

use super::{ensure, eventually, register};
use crate::{Failure, environment::Environment};

/// Checks that the registry counts devices by status, and that no more devices are connected than exist.
///
/// # Errors
///
/// If the service behaves differently.
pub async fn device_counts(environment: &Environment) -> Result<(), Failure> {
    let hub = &environment.hub;
    register(hub, &environment.device_id("counted")).await?;
    let counts = eventually(1, async || {
        let counts = hub.get_device_registry_statistics().await?.into_model()?;
        let is_counted = counts.total_device_count.ok_or("no total")? >= 1;
        Ok(Vec::from_iter(is_counted.then_some(counts)))
    })
    .await?;
    let counts = counts.first().ok_or("no statistics")?;
    let total = counts.total_device_count.ok_or("no total")?;
    ensure(
        "enabled and disabled devices add up to the total",
        counts
            .enabled_device_count
            .zip(counts.disabled_device_count)
            .is_some_and(|(enabled, disabled)| enabled + disabled == total),
    )?;
    let service = hub.get_service_statistics().await?.into_model()?;
    let connected = service
        .connected_device_count
        .ok_or("no count of connected devices")?;
    ensure(
        "at most all devices are connected",
        (0..=total).contains(&connected),
    )
}
