//! Module identities: created, read, replaced, deleted.

use std::time::Duration;

use iothub_convenience::{
    Authentication, AuthenticationType, ModuleOptions, Precondition, SymmetricKey, WhichKey, X509Thumbprint,
};

use super::{equal, holds, keys_of, refused, register};
use crate::{Failure, environment::Environment};

/// Each kind of authentication can be created and replaced by the others.
///
/// # Errors
///
/// Where something is not as it should be.
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
    equal(
        "the kind",
        kind(module.authentication.clone()),
        selfsigned.clone(),
    )?;
    let module = hub
        .update_module_with_certificate_authority(id, "x509", module.precondition()?, None)
        .await?
        .into_model()?;
    equal("the kind", kind(module.authentication.clone()), authority.clone())?;
    let keys = SymmetricKey::generate()?;
    let module = hub
        .update_module_with_sas(id, "x509", module.precondition()?, keys.clone(), None)
        .await?
        .into_model()?;
    equal("the keys", keys_of(module.authentication.as_ref())?, &keys)?;
    let module = hub
        .update_module_with_x509(id, "x509", module.precondition()?, thumbprint, None)
        .await?
        .into_model()?;
    equal("the kind", kind(module.authentication.clone()), selfsigned)?;
    let options = ModuleOptions {
        managed_by: Some("scenario".to_owned()),
    };
    let sas = Authentication::sas(SymmetricKey::assigned_by_service());
    let module = hub
        .update_module(id, "x509", module.precondition()?, sas, Some(options))
        .await?
        .into_model()?;
    equal("who manages it", module.managed_by.as_deref(), Some("scenario"))?;

    let module = hub
        .create_module_with_certificate_authority(id, "authority", None)
        .await?
        .into_model()?;
    equal("the kind", kind(module.authentication), authority)
}

/// A module is created, listed and deleted once, and its credentials are derived from its keys.
///
/// # Errors
///
/// Where something is not as it should be.
pub async fn life_of_a_module(environment: &Environment) -> Result<(), Failure> {
    let hub = &environment.hub;
    let id = &environment.device_id("module");
    register(hub, id).await?;
    let keys = SymmetricKey::generate()?;
    let created = hub
        .create_module_with_sas(id, "m", keys.clone(), None)
        .await?
        .into_model()?;
    equal("its keys", keys_of(created.authentication.as_ref())?, &keys)?;
    hub.create_module(id, "n", Authentication::sas(keys), None)
        .await?;
    let again = hub
        .create_module(id, "n", Authentication::certificate_authority(), None)
        .await;
    holds(
        "it exists already",
        refused("the same module again", again)?.is_already_exists(),
    )?;

    let read = hub.get_module(id, "m").await?.into_model()?;
    equal("the ETag", &read.etag, &created.etag)?;
    let mut listed: Vec<_> = hub
        .get_modules(id)
        .await?
        .into_model()?
        .into_iter()
        .map(|module| module.module_id)
        .collect();
    listed.sort();
    equal("the modules", listed, vec!["m".to_owned(), "n".to_owned()])?;

    let connection = hub.module_connection_string(&read, WhichKey::Primary)?;
    holds(
        "the connection string names the module",
        connection.secret().contains("ModuleId=m"),
    )?;
    let token = hub.module_sas_token(&read, WhichKey::Primary, Duration::from_secs(600))?;
    holds(
        "the token names the module",
        token.token.secret().contains("modules%2Fm"),
    )?;

    hub.delete_module(id, "m", read.precondition()?).await?;
    let gone = hub.delete_module(id, "m", Precondition::Unconditional).await;
    holds(
        "it is deleted once",
        refused("a second delete", gone)?.is_not_found(),
    )
}
