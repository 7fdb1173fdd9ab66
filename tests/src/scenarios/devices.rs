//! Device identities: create, read, delete.

use std::time::Duration;

use iothub_convenience::{
    Authentication, AuthenticationType, DeviceOptions, DeviceStatus, GetDevicesOptions, Precondition,
    SymmetricKey, WhichKey, X509Thumbprint,
};

use super::{equal, holds, keys_of, refused, register};
use crate::{Failure, environment::Environment};

/// A device is created with given keys, cannot be created twice, and can be deleted once.
///
/// # Errors
///
/// If an assertion does not hold.
pub async fn device_lifecycle(environment: &Environment) -> Result<(), Failure> {
    let hub = &environment.hub;
    let id = &environment.device_id("life:1.2+3%_#*?!(),=@$'");

    let keys = SymmetricKey::generate()?;
    let created = hub
        .create_device_with_sas(id, keys.clone(), DeviceStatus::Disabled, None)
        .await?
        .into_model()?;
    equal("the id", &created.device_id, id)?;
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

/// Each kind of authentication can be created and replaced by the others.
///
/// # Errors
///
/// Where something is not as it should be.
pub async fn authentication_kinds(environment: &Environment) -> Result<(), Failure> {
    let hub = &environment.hub;
    let thumbprint = X509Thumbprint::new("0123456789ABCDEF0123456789ABCDEF01234567", None)?;
    let enabled = || DeviceStatus::Enabled;
    let id = &environment.device_id("x509");
    let device = hub
        .create_device_with_x509(id, thumbprint.clone(), enabled(), None)
        .await?
        .into_model()?;
    let stored = device.authentication.as_ref();
    equal(
        "the thumbprint",
        stored.and_then(|stored| stored.x509_thumbprint.as_ref()),
        Some(&thumbprint),
    )?;
    let device = hub
        .update_device_with_certificate_authority(id, device.precondition()?, enabled(), None)
        .await?
        .into_model()?;
    let kind = |authentication: Option<Authentication>| authentication.and_then(|it| it.kind);
    let authority = Some(AuthenticationType::CertificateAuthority);
    equal("the kind", kind(device.authentication.clone()), authority.clone())?;
    let keys = SymmetricKey::generate()?;
    let device = hub
        .update_device_with_sas(id, device.precondition()?, keys.clone(), enabled(), None)
        .await?
        .into_model()?;
    equal("the keys", keys_of(device.authentication.as_ref())?, &keys)?;
    let device = hub
        .update_device_with_x509(
            id,
            device.precondition()?,
            thumbprint,
            DeviceStatus::Disabled,
            None,
        )
        .await?
        .into_model()?;
    equal("the status", device.status.clone(), Some(DeviceStatus::Disabled))?;
    let sas = Authentication::sas(SymmetricKey::assigned_by_service());
    let options = DeviceOptions {
        status_reason: Some("tested".to_owned()),
        ..Default::default()
    };
    let device = hub
        .update_device(
            id,
            device.precondition()?,
            sas,
            DeviceStatus::Disabled,
            Some(options),
        )
        .await?
        .into_model()?;
    equal("the reason", device.status_reason.as_deref(), Some("tested"))?;
    holds(
        "the service assigns a key",
        keys_of(device.authentication.as_ref())?.primary().is_some(),
    )?;

    let id = &environment.device_id("authority");
    let device = hub
        .create_device_with_certificate_authority(id, enabled(), None)
        .await?
        .into_model()?;
    equal("the kind", kind(device.authentication), authority)?;
    let id = &environment.device_id("edge");
    let edge = DeviceOptions {
        iot_edge: true,
        ..Default::default()
    };
    let sas = Authentication::sas(SymmetricKey::generate()?);
    let device = hub
        .create_device(id, sas, enabled(), Some(edge))
        .await?
        .into_model()?;
    holds(
        "it is an edge device",
        device
            .capabilities
            .is_some_and(|capabilities| capabilities.iot_edge),
    )
}

/// A device is listed, and its credentials are derived from its keys.
///
/// # Errors
///
/// Where something is not as it should be.
pub async fn credentials_of_a_device(environment: &Environment) -> Result<(), Failure> {
    let hub = &environment.hub;
    let id = &environment.device_id("credentials");
    register(hub, id).await?;
    let options = GetDevicesOptions { max_count: Some(1) };
    let listed = hub.get_devices(Some(options)).await?.into_model()?;
    equal("the number of listed devices", listed.len(), 1)?;

    let device = hub.get_device(id).await?.into_model()?;
    let connection = hub.device_connection_string(&device, WhichKey::Primary)?;
    let connection = connection.secret();
    holds(
        "the connection string names host, device and key",
        connection.contains(&hub.host_name())
            && connection.contains(&format!("DeviceId={id}"))
            && keys_of(device.authentication.as_ref())?
                .primary()
                .is_some_and(|key| connection.contains(key.secret())),
    )?;
    let token = hub.device_sas_token(&device, WhichKey::Secondary, Duration::from_secs(600))?;
    let left = token.expires_on - azure_core::time::OffsetDateTime::now_utc();
    holds(
        "the token is one",
        token.token.secret().starts_with("SharedAccessSignature "),
    )?;
    holds(
        "it expires in ten minutes",
        (500..=660).contains(&left.whole_seconds()),
    )
}
