//! Device identities.

use std::time::Duration;

use iothub_convenience::{
    Authentication, AuthenticationType, CreateOrUpdateDeviceOptions, CreateOrUpdateModuleOptions,
    DeviceStatus, GetDevicesOptions, KeySlot, Precondition, SymmetricKey, X509Thumbprint,
};
use serde_json::json;

use super::{ensure, ensure_equal, expect_error, keys_of, register};
use crate::{Failure, environment::Environment};

/// Checks that a device is created with given keys, cannot be created twice, and can be deleted once.
///
/// # Errors
///
/// If the service behaves differently.
pub async fn device_lifecycle(environment: &Environment) -> Result<(), Failure> {
    let hub = &environment.hub;
    let id = &environment.device_id("life:1.2+3%_#*?!(),=@$'");

    let keys = SymmetricKey::generate()?;
    let created = hub
        .create_device_with_sas(id, keys.clone(), DeviceStatus::Disabled, None)
        .await?
        .into_model()?;
    ensure_equal("the id", &created.device_id, id)?;
    ensure_equal("the status", created.status.clone(), Some(DeviceStatus::Disabled))?;

    let read = hub.get_device(id).await?.into_model()?;
    ensure_equal("the ETag", &read.etag, &created.etag)?;
    let stored = read
        .authentication
        .as_ref()
        .and_then(|authentication| authentication.symmetric_key.as_ref());
    ensure("the keys are those of the request", stored == Some(&keys))?;

    let again = hub
        .create_device_with_sas(id, SymmetricKey::generate()?, DeviceStatus::Enabled, None)
        .await;
    let error = expect_error("a second create of the device", again)?;
    ensure_equal("its code", error.code(), Some("DeviceAlreadyExists"))?;
    ensure("it exists already", error.is_already_exists())?;

    let stale = Precondition::IfMatch("c3RhbGU=".into());
    ensure(
        "a stale delete fails",
        expect_error("a stale delete", hub.delete_device(id, stale).await)?.is_precondition_failed(),
    )?;
    hub.delete_device(id, read.precondition()?).await?;
    let error = expect_error("reading a deleted device", hub.get_device(id).await)?;
    ensure_equal("its status", error.status(), Some(404))?;
    ensure_equal("its code", error.code(), Some("DeviceNotFound"))?;
    Ok(())
}

/// Checks that ids that would change the request's path are refused before a request is sent.
///
/// # Errors
///
/// If the service behaves differently.
pub async fn ids_that_change_the_path_are_refused(environment: &Environment) -> Result<(), Failure> {
    for id in ["", ".", "..", "a/b", "a b", "ü"] {
        let error = expect_error(
            id,
            environment
                .hub
                .delete_device(id, Precondition::Unconditional)
                .await,
        )?;
        ensure(
            "the client refuses the id",
            error.is_invalid_input() && error.attempts() == 0,
        )?;
    }
    Ok(())
}

/// Checks that each authentication type can be created and replaced by the others.
///
/// # Errors
///
/// If the service behaves differently.
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
    ensure_equal(
        "the thumbprint",
        stored.and_then(|stored| stored.x509_thumbprint.as_ref()),
        Some(&thumbprint),
    )?;
    let device = hub
        .update_device_with_certificate_authority(id, enabled(), device.precondition()?, None)
        .await?
        .into_model()?;
    let kind = |authentication: Option<Authentication>| authentication.and_then(|it| it.kind);
    let authority = Some(AuthenticationType::CertificateAuthority);
    ensure_equal(
        "the authentication type",
        kind(device.authentication.clone()),
        authority.clone(),
    )?;
    let keys = SymmetricKey::generate()?;
    let device = hub
        .update_device_with_sas(id, keys.clone(), enabled(), device.precondition()?, None)
        .await?
        .into_model()?;
    ensure_equal("the keys", keys_of(device.authentication.as_ref())?, &keys)?;
    let device = hub
        .update_device_with_x509(
            id,
            thumbprint,
            DeviceStatus::Disabled,
            device.precondition()?,
            None,
        )
        .await?
        .into_model()?;
    ensure_equal("the status", device.status.clone(), Some(DeviceStatus::Disabled))?;
    let sas = Authentication::sas(SymmetricKey::assigned_by_service());
    let options = CreateOrUpdateDeviceOptions {
        status_reason: Some("tested".to_owned()),
        ..Default::default()
    };
    let device = hub
        .update_device(
            id,
            sas,
            DeviceStatus::Disabled,
            device.precondition()?,
            Some(options),
        )
        .await?
        .into_model()?;
    ensure_equal("the reason", device.status_reason.as_deref(), Some("tested"))?;
    ensure(
        "the service assigns a key",
        keys_of(device.authentication.as_ref())?.primary().is_some(),
    )?;

    let id = &environment.device_id("authority");
    let device = hub
        .create_device_with_certificate_authority(id, enabled(), None)
        .await?
        .into_model()?;
    ensure_equal("the authentication type", kind(device.authentication), authority)?;
    let id = &environment.device_id("edge");
    let edge = CreateOrUpdateDeviceOptions {
        iot_edge: true,
        ..Default::default()
    };
    let sas = Authentication::sas(SymmetricKey::generate()?);
    let device = hub
        .create_device(id, sas, enabled(), Some(edge))
        .await?
        .into_model()?;
    ensure(
        "it is an edge device",
        device
            .capabilities
            .is_some_and(|capabilities| capabilities.iot_edge),
    )
}

/// Checks that a device is listed, and its credentials are derived from its keys.
///
/// # Errors
///
/// If the service behaves differently.
pub async fn credentials_of_a_device(environment: &Environment) -> Result<(), Failure> {
    let hub = &environment.hub;
    let id = &environment.device_id("credentials");
    register(hub, id).await?;
    let options = GetDevicesOptions { max_count: Some(1) };
    let listed = hub.get_devices(Some(options)).await?.into_model()?;
    ensure_equal("the number of listed devices", listed.len(), 1)?;

    let device = hub.get_device(id).await?.into_model()?;
    let connection = hub.device_connection_string(&device, KeySlot::Primary)?;
    let connection = connection.secret();
    ensure(
        "the connection string names host, device and key",
        connection.contains(&hub.device_host_name())
            && connection.contains(&format!("DeviceId={id}"))
            && keys_of(device.authentication.as_ref())?
                .primary()
                .is_some_and(|key| connection.contains(key.secret())),
    )?;
    let token = hub.device_sas_token(&device, KeySlot::Secondary, Duration::from_secs(600))?;
    let expires_on = token
        .expires_on
        .to_offset()
        .ok_or("the expiry time is not a date")?;
    let left = expires_on - azure_core::time::OffsetDateTime::now_utc();
    ensure(
        "the token is a SAS token",
        token.token.secret().starts_with("SharedAccessSignature "),
    )?;
    ensure(
        "it expires in ten minutes",
        (500..=660).contains(&left.whole_seconds()),
    )
}

/// Checks that attributes of a device and a module are stored with the identity, appear on the twin, and survive a change of
/// the status.
///
/// # Errors
///
/// If the service behaves differently.
pub async fn attributes_of_identities(environment: &Environment) -> Result<(), Failure> {
    let hub = &environment.hub;
    let id = &environment.device_id("attributes");
    let attributes = json!({"site": "oslo", "indoor": true, "floor": 3, "zones": ["a", "b"]});
    let attributes = attributes.as_object().cloned();
    let keys = SymmetricKey::assigned_by_service;
    let options = CreateOrUpdateDeviceOptions {
        attributes: attributes.clone(),
        ..Default::default()
    };
    hub.create_device_with_sas(id, keys(), DeviceStatus::Enabled, Some(options))
        .await?;
    let device = hub.get_device(id).await?.into_model()?;
    ensure_equal("the attributes", &device.attributes, &attributes)?;
    let twin = hub.get_twin(id).await?.into_model()?;
    ensure_equal("the attributes on the twin", &twin.attributes, &attributes)?;

    let options = CreateOrUpdateModuleOptions {
        attributes: attributes.clone(),
        ..Default::default()
    };
    hub.create_module_with_sas(id, "filter", keys(), Some(options))
        .await?;
    let module = hub.get_module(id, "filter").await?.into_model()?;
    ensure_equal("the attributes of the module", &module.attributes, &attributes)?;

    let options = Some(CreateOrUpdateDeviceOptions::from(&device));
    let authentication = device.authentication.clone().unwrap_or_default();
    let precondition = device.precondition()?;
    hub.update_device(id, authentication, DeviceStatus::Disabled, precondition, options)
        .await?;
    let device = hub.get_device(id).await?.into_model()?;
    ensure_equal("the status", device.status, Some(DeviceStatus::Disabled))?;
    ensure_equal("the attributes afterwards", &device.attributes, &attributes)
}
