// Setup for tests and doc examples that run on the emulator. The file is included, so it has no `//!`.

/// Starts an emulator with these devices. Returns it with a client for its hub. The emulator stops when it is
/// dropped.
#[allow(dead_code, reason = "not every file that includes this one uses it")]
async fn emulated_hub(
    devices: &[&str],
) -> Result<(azure_iot_emulator::Emulator, iothub_convenience::IotHubRegistryManager), Box<dyn std::error::Error>> {
    use iothub_convenience::{DeviceStatus, IotHubClientOptions, IotHubRegistryManager, SymmetricKey};

    let emulator = azure_iot_emulator::Emulator::start().await?;
    let options = IotHubClientOptions::trusting(emulator.ca_certificate_pem())?;
    let hub = IotHubRegistryManager::from_connection_string(&emulator.iothub_connection_string(), Some(options))?;
    for device in devices {
        hub.create_device_with_sas(device, SymmetricKey::generate()?, DeviceStatus::Enabled, None).await?;
    }
    Ok((emulator, hub))
}
