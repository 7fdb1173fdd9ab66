//! The hub for the examples: the one that `IOTHUB_CONNECTION_STRING` names if it is set, otherwise the emulator.

use azure_iot_emulator::Emulator;
use iothub_convenience::{IotHubClientOptions, IotHubRegistryManager, Precondition};

/// The error type of the examples.
pub(crate) type Failure = Box<dyn std::error::Error>;

/// A client for a hub, and the emulator if the hub is not a real one.
pub(crate) struct Hub {
    pub(crate) client: IotHubRegistryManager,
    /// The emulator, which acts as the devices and runs until it is dropped.
    #[allow(dead_code, reason = "some examples need no devices")]
    pub(crate) emulator: Option<Emulator>,
}

impl Hub {
    pub(crate) async fn open() -> Result<Self, Failure> {
        if let Ok(connection_string) = std::env::var("IOTHUB_CONNECTION_STRING") {
            let client = IotHubRegistryManager::from_connection_string(&connection_string, None)?;
            return Ok(Self {
                client,
                emulator: None,
            });
        }
        let emulator = Emulator::start().await?;
        #[cfg_attr(
            not(feature = "amqp"),
            allow(unused_mut, reason = "only AMQP changes the options")
        )]
        let mut options = IotHubClientOptions::trusting(emulator.ca_certificate_pem())?;
        #[cfg(feature = "amqp")]
        {
            options.amqp.endpoint = Some(emulator.iothub_amqp_endpoint());
        }
        let connection_string = emulator.iothub_connection_string();
        let client = IotHubRegistryManager::from_connection_string(&connection_string, Some(options))?;
        Ok(Self {
            client,
            emulator: Some(emulator),
        })
    }

    /// Deletes devices if they exist.
    #[allow(dead_code, reason = "some examples create no devices")]
    pub(crate) async fn delete(&self, device_ids: impl IntoIterator<Item = String>) -> Result<(), Failure> {
        for device_id in device_ids {
            match self
                .client
                .delete_device(&device_id, Precondition::Unconditional)
                .await
            {
                Err(error) if !error.is_not_found() => return Err(error.into()),
                _ => {}
            }
        }
        Ok(())
    }
}
