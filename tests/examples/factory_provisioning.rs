//! Provisions 100 devices with the key of one enrollment group, and finds each of them in the hub.
//!
//! In a factory, a back end creates the group and derives the key of each device; the device is shipped with only its own key.
//!
//! ```sh
//! cargo run -p integration-tests --example factory_provisioning
//! ```

#![allow(clippy::print_stdout, reason = "an example prints what it does")]

use azure_iot_emulator::Emulator;
use futures::{StreamExt, TryStreamExt, stream};
use integration_tests::Failure;
use integration_tests::environment::hub_of;
use iothub_convenience::IotHubRegistryManager;
use provisioning_convenience::{
    Attestation, EnrollmentGroup, EnrollmentSettings, InitialTwin, ProvisioningDeviceClient,
    ProvisioningDeviceClientOptions, ProvisioningServiceClient, ProvisioningServiceClientOptions,
    RegistrationOutcome, Secret, SymmetricKeys, derive_device_key,
};
use serde_json::Value;

const DEVICES: usize = 100;

type Result<T> = std::result::Result<T, Failure>;

#[tokio::main]
async fn main() -> Result<()> {
    // The service asks devices to wait for 3 seconds; the emulator need not.
    let emulator = Emulator::builder().provisioning_retry_after(0).start().await?;
    let options = ProvisioningServiceClientOptions::trusting(emulator.ca_certificate_pem())?;
    let connection_string = emulator.provisioning_connection_string();
    let dps = ProvisioningServiceClient::from_connection_string(&connection_string, Some(options))?;

    // The back end: a group whose devices start with a tag.
    let keys = SymmetricKeys::generate()?;
    let group_key = keys.primary.clone().ok_or("the group has no key")?;
    let twin = InitialTwin::new().with_tag("batch", "2026-12");
    let group = EnrollmentGroup::new("factory-1", Attestation::symmetric_keys(keys))
        .with_settings(EnrollmentSettings::new().with_initial_twin(twin));
    dps.create_enrollment_group(&group).await?;

    // The factory: each device gets its own key. In the field: each device registers.
    let devices = (0..DEVICES).map(|number| {
        let id = format!("sensor-{number}");
        let key = derive_device_key(&group_key, &id);
        let emulator = &emulator;
        async move { register(emulator, &id, &key?).await }
    });
    let hubs: Vec<String> = stream::iter(devices).buffer_unordered(8).try_collect().await?;
    println!(
        "registered {} devices in {}",
        hubs.len(),
        hubs.first().ok_or("no device")?
    );

    println!("found {} of them in the hub", in_hub(&hub_of(&emulator)?).await?);
    Ok(())
}

/// Registers a device and returns its hub.
async fn register(emulator: &Emulator, id: &str, key: &Secret) -> Result<String> {
    let options = ProvisioningDeviceClientOptions::for_emulator(
        emulator.ca_certificate_pem(),
        emulator.provisioning_endpoint(),
    );
    let scope = emulator.provisioning_id_scope();
    let device = ProvisioningDeviceClient::with_symmetric_key(scope, id, key, Some(options))?;
    match device.register(None).await? {
        RegistrationOutcome::Assigned(assignment) => Ok(assignment.hub),
        RegistrationOutcome::Failed(failure) => Err(failure.to_string().into()),
        RegistrationOutcome::Disabled(_) => Err("the enrollment is disabled".into()),
    }
}

/// Reads each device from the hub, with the tag of the initial twin. Returns their number.
async fn in_hub(hub: &IotHubRegistryManager) -> Result<usize> {
    for number in 0..DEVICES {
        let twin = hub.get_twin(&format!("sensor-{number}")).await?.into_model()?;
        if twin.tags.get("batch") != Some(&Value::from("2026-12")) {
            return Err(format!("sensor-{number} does not have the initial twin").into());
        }
    }
    Ok(DEVICES)
}
