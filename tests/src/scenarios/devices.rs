//! Device identities: create, read, delete.

use iothub_convenience::{DeviceStatus, Precondition, SymmetricKey};

use super::{equal, holds, refused, unregister};
use crate::{Failure, environment::Environment};

/// A device is created with given keys, cannot be created twice, and can be deleted once.
///
/// # Errors
///
/// If an assertion does not hold.
pub async fn device_lifecycle(environment: &Environment) -> Result<(), Failure> {
    let hub = &environment.hub;
    let id = "scenario-devices-life:1.2+3%_#*?!(),=@$'";
    unregister(hub, id).await?;

    let keys = SymmetricKey::generate()?;
    let created = hub
        .create_device_with_sas(id, keys.clone(), DeviceStatus::Disabled, None)
        .await?
        .into_model()?;
    equal("the id", created.device_id.as_str(), id)?;
    equal("the status", created.status.clone(), Some(DeviceStatus::Disabled))?;

    let read = hub.get_device(id).await?.into_model()?;
    equal("the ETag", &read.etag, &created.etag)?;
    let stored = read
        .authentication
        .as_ref()
        .and_then(|authentication| authentication.symmetric_key.as_ref());
    holds("the keys are those of the request", stored == Some(&keys))?;

    let again = hub
        .create_device_with_sas(id, SymmetricKey::generate()?, DeviceStatus::Enabled, None)
        .await;
    let error = refused("a second create of the device", again)?;
    equal("its code", error.code(), Some("DeviceAlreadyExists"))?;
    holds("it exists already", error.is_already_exists())?;

    let stale = Precondition::IfMatch("c3RhbGU=".into());
    holds(
        "a stale delete fails",
        refused("a stale delete", hub.delete_device(id, stale).await)?.is_precondition_failed(),
    )?;
    hub.delete_device(id, read.precondition()?).await?;
    let error = refused("reading a deleted device", hub.get_device(id).await)?;
    equal("its status", error.status(), Some(404))?;
    equal("its code", error.code(), Some("DeviceNotFound"))?;
    Ok(())
}

/// Ids that would change the request's path are refused before a request is sent.
///
/// # Errors
///
/// If an assertion does not hold.
pub async fn ids_that_change_the_path_are_refused(environment: &Environment) -> Result<(), Failure> {
    for id in ["", ".", "..", "a/b", "a b", "ü"] {
        let error = refused(
            id,
            environment
                .hub
                .delete_device(id, Precondition::Unconditional)
                .await,
        )?;
        holds(
            "the client refuses the id",
            error.is_invalid_input() && error.attempts() == 0,
        )?;
    }
    Ok(())
}
