//! Module identities.

use std::time::Duration;

use iothub_convenience::{
    Authentication, AuthenticationType, CreateOrUpdateModuleOptions, KeySlot, Precondition, SymmetricKey,
    X509Thumbprint,
};

use super::{ensure, ensure_equal, expect_error, keys_of, register};
use crate::{Failure, environment::Environment};

/// Checks that each authentication type can be created and replaced by the others.
///
/// # Errors
///
/// If the service behaves differently.
pub async fn authentication_kinds_of_modules(environment: &Environment) -> Result<(), Failure> {
    let hub = &environment.hub;
    let id = &environment.device_id("modules");
    register(hub, id).await?;
    let thumbprint = X509Thumbprint::new("0123456789ABCDEF0123456789ABCDEF01234567", None)?;
    let kind = |authentication: Option<Authentication>| authentication.and_then(|it| it.kind);
    let authority = Some(AuthenticationType::CertificateAuthority);

    let module = hub
        .create_module_with_x509(id, "x509", thumbprint.clone(), None)
        .await?
        .into_model()?;
    let selfsigned = Some(AuthenticationType::SelfSigned);
    ensure_equal(
        "the authentication type",
        kind(module.authentication.clone()),
        selfsigned.clone(),
    )?;
    let module = hub
        .update_module_with_certificate_authority(id, "x509", module.precondition()?, None)
        .await?
        .into_model()?;
    ensure_equal(
        "the authentication type",
        kind(module.authentication.clone()),
        authority.clone(),
    )?;
    let keys = SymmetricKey::generate()?;
    let module = hub
        .update_module_with_sas(id, "x509", keys.clone(), module.precondition()?, None)
        .await?
        .into_model()?;
    ensure_equal("the keys", keys_of(module.authentication.as_ref())?, &keys)?;
    let module = hub
        .update_module_with_x509(id, "x509", thumbprint, module.precondition()?, None)
        .await?
        .into_model()?;
    ensure_equal(
        "the authentication type",
        kind(module.authentication.clone()),
        selfsigned,
    )?;
    let options = CreateOrUpdateModuleOptions {
        managed_by: Some("scenario".to_owned()),
        ..Default::default()
    };
    let sas = Authentication::sas(SymmetricKey::assigned_by_service());
    let module = hub
        .update_module(id, "x509", sas, module.precondition()?, Some(options))
        .await?
        .into_model()?;
    ensure_equal("the manager", module.managed_by.as_deref(), Some("scenario"))?;

    let module = hub
        .create_module_with_certificate_authority(id, "authority", None)
        .await?
        .into_model()?;
    ensure_equal("the authentication type", kind(module.authentication), authority)
}

/// Checks that a module is created, read, listed and deleted, and its credentials are derived from its keys.
///
/// # Errors
///
/// If the service behaves differently.
pub async fn module_lifecycle(environment: &Environment) -> Result<(), Failure> {
    let hub = &environment.hub;
    let id = &environment.device_id("module");
    register(hub, id).await?;
    let keys = SymmetricKey::generate()?;
    let created = hub
        .create_module_with_sas(id, "m", keys.clone(), None)
        .await?
        .into_model()?;
    ensure_equal("its keys", keys_of(created.authentication.as_ref())?, &keys)?;
    hub.create_module(id, "n", Authentication::sas(keys), None)
        .await?;
    let again = hub
        .create_module(id, "n", Authentication::certificate_authority(), None)
        .await;
    ensure(
        "it exists already",
        expect_error("the same module again", again)?.is_already_exists(),
    )?;

    let read = hub.get_module(id, "m").await?.into_model()?;
    ensure_equal("the ETag", &read.etag, &created.etag)?;
    let mut listed: Vec<_> = hub
        .get_modules(id)
        .await?
        .into_model()?
        .into_iter()
        .map(|module| module.module_id)
        .collect();
    listed.sort();
    ensure_equal("the modules", listed, vec!["m".to_owned(), "n".to_owned()])?;

    let connection = hub.module_connection_string(&read, KeySlot::Primary)?;
    ensure(
        "the connection string names the module",
        connection.secret().contains("ModuleId=m"),
    )?;
    let token = hub.module_sas_token(&read, KeySlot::Primary, Duration::from_secs(600))?;
    ensure(
        "the token names the module",
        token.token.secret().contains("modules%2Fm"),
    )?;

    hub.delete_module(id, "m", read.precondition()?).await?;
    let gone = hub.delete_module(id, "m", Precondition::Unconditional).await;
    ensure(
        "it is deleted once",
        expect_error("a second delete", gone)?.is_not_found(),
    )
}
