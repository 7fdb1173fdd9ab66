//! Devices that register with the provisioning service.

use std::time::Duration;

use provisioning_convenience::{
    Attestation, CallOptions, EnrollmentGroup, IndividualEnrollment, ProvisioningDeviceClient,
    RegistrationOutcome, RetryOptions, Secret, SymmetricKeys,
};

use super::{ensure, ensure_equal, expect_error};
use crate::{Failure, environment::Environment};

/// A key that no enrollment has.
const UNKNOWN_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// Checks the accessors of a device's client, its call options and its generated client.
///
/// # Errors
///
/// If the service behaves differently.
pub async fn device_client_construction(environment: &Environment) -> Result<(), Failure> {
    let id = environment.id("unknown");
    let key = Secret::new(UNKNOWN_KEY);
    let scope = environment.id_scope()?;
    let options = environment.provisioning_device_options()?;
    let device = ProvisioningDeviceClient::with_symmetric_key(&scope, &id, &key, Some(options))?;
    ensure_equal("the registration id", device.registration_id(), id.as_str())?;
    ensure_equal("the scheme", device.endpoint().scheme(), "https")?;
    let generated = device.protocol();
    let looked_up = generated.runtime_registration_operation_status_lookup(&scope, &id, "1");
    ensure("an unknown device is refused", looked_up.await.is_err())?;
    let hurried = device.with_call_options(CallOptions {
        attempt_timeout: Some(Duration::from_nanos(1)),
        retry: Some(RetryOptions::none()),
        ..Default::default()
    });
    let error = expect_error("a call in 1 ns", hurried.get_own_registration().await)?;
    ensure("it is a timeout", error.is_timeout())
}

/// Registers two devices of a group with keys that are derived from the group's.
///
/// # Errors
///
/// If the service behaves differently.
pub async fn devices_register(environment: &Environment) -> Result<(), Failure> {
    let group_id = environment.enrollment_group_id("derived");
    let keys = SymmetricKeys::generate()?;
    let group_key = keys.secondary.clone().ok_or("no key")?;
    let group = EnrollmentGroup::new(group_id, Attestation::symmetric_keys(keys));
    environment
        .provisioning()?
        .create_enrollment_group(&group)
        .await?;
    for name in ["derived-1", "derived-2"] {
        let id = environment.device_id(name);
        let options = environment.provisioning_device_options()?;
        let scope = environment.id_scope()?;
        let device = ProvisioningDeviceClient::with_group_key(&scope, &id, &group_key, Some(options))?;
        let outcome = device.register(None).await?;
        ensure(
            "it is assigned",
            matches!(outcome, RegistrationOutcome::Assigned(_)),
        )?;
        let own = device.get_own_registration().await?.into_model()?;
        ensure_equal("the device id", own.device_id.as_deref(), Some(id.as_str()))?;
        environment.hub.get_device(&id).await?;
    }
    Ok(())
}

/// Registers a device with its certificate, which the individual enrollment has; another certificate is refused.
///
/// # Errors
///
/// If the service behaves differently.
pub async fn devices_register_with_certificates(environment: &Environment) -> Result<(), Failure> {
    let id = environment.enrollment_id("certified");
    let device_id = environment.device_id("certified");
    let certified = || {
        let mut params = rcgen::CertificateParams::new(Vec::new())?;
        params
            .distinguished_name
            .push(rcgen::DnType::CommonName, id.as_str());
        let key = rcgen::KeyPair::generate()?;
        let certificate = params.self_signed(&key)?.pem();
        let identity = Secret::new(format!("{}{certificate}", key.serialize_pem()));
        Ok::<_, Failure>((certificate, identity))
    };
    let (certificate, identity) = certified()?;
    let attestation = Attestation::x509_client_certificates(certificate, None);
    let enrollment = IndividualEnrollment::new(&id, attestation);
    environment
        .provisioning()?
        .create_individual_enrollment(&enrollment)
        .await?;
    let client = |identity: &Secret| {
        let options = environment.provisioning_device_options()?;
        let scope = environment.id_scope()?;
        let device = ProvisioningDeviceClient::with_certificate(&scope, &id, identity, Some(options))?;
        Ok::<_, Failure>(device)
    };
    let outcome = client(&identity)?.register(None).await?;
    ensure(
        "it is assigned",
        matches!(outcome, RegistrationOutcome::Assigned(_)),
    )?;
    environment.hub.get_device(&device_id).await?;
    let (_, other) = certified()?;
    let error = expect_error("another certificate", client(&other)?.register(None).await)?;
    ensure("it is refused", error.is_unauthorized())
}
