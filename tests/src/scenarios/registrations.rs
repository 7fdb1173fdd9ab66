//! Registrations of devices.

use futures::TryStreamExt as _;
use iothub_convenience::Precondition as HubPrecondition;
use provisioning_convenience::{
    AssignmentSubstatus, Attestation, EnrollmentGroup, EnrollmentSettings, IndividualEnrollment, InitialTwin,
    Precondition, ProvisioningDeviceClient, ProvisioningStatus, RegistrationOutcome, RegistrationStatus,
    Secret, SymmetricKeys,
};
use serde_json::json;

use super::{ensure, ensure_equal, expect_error};
use crate::{Failure, environment::Environment};

/// Registers a device of a group with its derived key: the device is in the hub with the initial twin.
///
/// # Errors
///
/// If the service behaves differently.
pub async fn device_of_a_group(environment: &Environment) -> Result<(), Failure> {
    let dps = environment.provisioning()?;
    let group_id = environment.enrollment_group_id("factory");
    let id = environment.device_id("of-group");
    let keys = SymmetricKeys::generate()?;
    let group_key = keys.primary.clone().ok_or("no key")?;
    let twin = InitialTwin::new()
        .with_tag("site", "oslo")
        .with_desired("telemetry", json!({ "interval": 30 }));
    let group = EnrollmentGroup::new(&group_id, Attestation::symmetric_keys(keys))
        .with_settings(EnrollmentSettings::new().with_initial_twin(twin));
    dps.create_enrollment_group(&group).await?;

    let scope = environment.id_scope()?;
    let options = environment.provisioning_device_options()?;
    let device = ProvisioningDeviceClient::with_group_key(&scope, &id, &group_key, Some(options.clone()))?;
    let RegistrationOutcome::Assigned(assignment) = device.register(None).await? else {
        return Err("the device is not assigned".into());
    };
    ensure_equal("the device id", assignment.device_id.as_str(), id.as_str())?;
    ensure_equal(
        "the substatus",
        assignment.substatus,
        Some(AssignmentSubstatus::InitialAssignment),
    )?;
    let twin = environment.hub.get_twin(&id).await?.into_model()?;
    ensure_equal("the tag", twin.tags.get("site"), Some(&json!("oslo")))?;
    ensure_equal(
        "the desired property",
        twin.properties.desired.get("telemetry.interval"),
        Some(&json!(30)),
    )?;
    let own = device.get_own_registration().await?.into_model()?;
    ensure_equal(
        "the device's status",
        own.status,
        Some(RegistrationStatus::Assigned),
    )?;

    let registration = dps.get_registration(&id).await?.into_model()?;
    ensure_equal(
        "the hub",
        registration.assigned_hub.as_deref(),
        Some(assignment.hub.as_str()),
    )?;
    let listed: Vec<_> = dps.list_registrations(&group_id, None)?.try_collect().await?;
    ensure_equal("the registrations of the group", listed.len(), 1)?;
    dps.delete_registration(&id, registration.precondition()?).await?;
    let missing = expect_error("the deleted registration", dps.get_registration(&id).await)?;
    ensure("it is gone", missing.is_not_found())?;

    let other = Secret::new("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
    let impostor = ProvisioningDeviceClient::with_symmetric_key(&scope, &id, &other, Some(options))?;
    let error = expect_error("another key", impostor.register(None).await)?;
    ensure("it is refused", error.is_unauthorized())?;
    environment
        .hub
        .delete_device(&id, HubPrecondition::Unconditional)
        .await?;
    Ok(())
}

/// Registers a device with an individual enrollment: the hub knows it by the device id of the enrollment. Once the enrollment
/// is disabled, the device is not assigned.
///
/// # Errors
///
/// If the service behaves differently.
pub async fn device_with_its_own_enrollment(environment: &Environment) -> Result<(), Failure> {
    let dps = environment.provisioning()?;
    let id = environment.enrollment_id("own");
    let device_id = environment.device_id("renamed");
    let attestation = Attestation::symmetric_keys(SymmetricKeys::assigned_by_service());
    let enrollment = IndividualEnrollment::new(&id, attestation).with_device_id(&device_id);
    let mut created = dps.create_individual_enrollment(&enrollment).await?;
    let keys = created.attestation.symmetric_key.clone();
    let key = keys.and_then(|keys| keys.secondary).ok_or("no key")?;
    let options = environment.provisioning_device_options()?;
    let scope = environment.id_scope()?;
    let device = ProvisioningDeviceClient::with_symmetric_key(&scope, &id, &key, Some(options))?;
    let RegistrationOutcome::Assigned(assignment) = device.register(None).await? else {
        return Err("the device is not assigned".into());
    };
    ensure_equal("the device id", assignment.device_id.as_str(), device_id.as_str())?;
    environment.hub.get_device(&device_id).await?;

    created.settings.provisioning_status = Some(ProvisioningStatus::Disabled);
    dps.update_individual_enrollment(&created, Precondition::Unconditional)
        .await?;
    match device.register(None).await {
        Ok(RegistrationOutcome::Disabled(_)) => Ok(()),
        other => Err(format!("a disabled enrollment: {other:?}").into()),
    }
}
