//! Keys of many devices and modules.

use iothub_convenience::{DeviceStatus, IdentityId, IotHubRegistryManager, KeyPolicy, SymmetricKey};

use super::{ensure, ensure_equal};
use crate::{Failure, environment::Environment};

/// Creates a device with keys, a module with keys, and a device without; returns their ids.
async fn identities(environment: &Environment, name: &str) -> Result<[IdentityId; 3], Failure> {
    let hub = &environment.hub;
    let device = environment.device_id(name);
    let keys = SymmetricKey::assigned_by_service;
    hub.create_device_with_sas(&device, keys(), DeviceStatus::Enabled, None)
        .await?;
    hub.create_module_with_sas(&device, "filter", keys(), None)
        .await?;
    let without_keys = environment.device_id(&format!("{name}-certificate"));
    hub.create_device_with_certificate_authority(&without_keys, DeviceStatus::Enabled, None)
        .await?;
    Ok([
        IdentityId::device(&device),
        IdentityId::module(&device, "filter"),
        IdentityId::device(without_keys),
    ])
}

/// Reads the keys of identities, all of which have some.
async fn keys(hub: &IotHubRegistryManager, identities: &[IdentityId]) -> Result<Vec<SymmetricKey>, Failure> {
    let report = hub.get_keys(identities.to_vec(), None).await?;
    ensure("all keys are read", report.is_successful())?;
    Ok(report.done().map(|(_, keys)| keys.clone()).collect())
}

/// Checks that the keys of devices and modules are swapped, and that an identity with a certificate fails alone.
///
/// # Errors
///
/// If the service behaves differently.
pub async fn swapped_keys(environment: &Environment) -> Result<(), Failure> {
    let hub = &environment.hub;
    let all = identities(environment, "swapped").await?;
    let before = keys(hub, &all[..2]).await?;
    let report = hub.swap_keys(all.clone(), None).await?;
    let failed: Vec<_> = report.failed().map(|(identity, _)| identity.clone()).collect();
    ensure_equal("the failures", failed.as_slice(), &all[2..])?;
    let after = keys(hub, &all[..2]).await?;
    for (before, after) in before.iter().zip(&after) {
        ensure("the keys are swapped", &before.clone().swapped() == after)?;
    }
    ensure_equal("the number of identities", after.len(), 2)
}

/// Checks that the service generates the keys that the policy names and keeps the other, and none for an identity with a
/// certificate.
///
/// # Errors
///
/// If the service behaves differently.
pub async fn regenerated_keys(environment: &Environment) -> Result<(), Failure> {
    let hub = &environment.hub;
    let all = identities(environment, "regenerated").await?;
    for (policy, is_kept) in [
        (KeyPolicy::Primary, (false, true)),
        (KeyPolicy::Secondary, (true, false)),
        (KeyPolicy::Both, (false, false)),
    ] {
        let before = keys(hub, &all[..2]).await?;
        let report = hub.regenerate_keys(all.clone(), policy, None).await?;
        ensure("the run is complete", report.stopped_by.is_none())?;
        let done: Vec<_> = report.done().map(|(identity, _)| identity.clone()).collect();
        ensure_equal("the identities with new keys", done.as_slice(), &all[..2])?;
        let after = keys(hub, &all[..2]).await?;
        for ((before, after), (_, new)) in before.iter().zip(&after).zip(report.done()) {
            let kept = (
                before.primary() == after.primary(),
                before.secondary() == after.secondary(),
            );
            ensure_equal("which keys are kept", kept, is_kept)?;
            // The result may have only the new key.
            for (new, stored) in [
                (new.primary(), after.primary()),
                (new.secondary(), after.secondary()),
            ] {
                ensure("the result has the stored keys", new.is_none() || new == stored)?;
            }
        }
    }
    Ok(())
}
