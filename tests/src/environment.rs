//! The two services to talk to: the embedded emulator, or real ones.

use azure_core::http::Transport;
use azure_iot_emulator::Emulator;
use digitaltwins_convenience::{DelegatedTokenCredential, DigitalTwinsClient, DigitalTwinsClientOptions};
use iothub_convenience::{IotHubClientOptions, IotHubRegistryManager};

use crate::Failure;

/// Names the hub to use instead of the emulator, with a connection string that may write to it.
pub const IOTHUB_CONNECTION_STRING: &str = "IOTHUB_CONNECTION_STRING";
/// Names the Digital Twins instance to use instead of the emulator; you are who the Azure CLI says you are.
pub const DIGITALTWINS_ENDPOINT: &str = "DIGITALTWINS_ENDPOINT";

/// A client of each service, and what they talk to.
#[derive(Debug)]
pub struct Environment {
    /// The IoT Hub.
    pub hub: IotHubRegistryManager,
    /// The Digital Twins instance.
    pub twins: DigitalTwinsClient,
    emulator: Option<Emulator>,
    real: (bool, bool),
}

impl Environment {
    /// The services that the environment variables name; the emulator for those that it does not name.
    ///
    /// # Errors
    ///
    /// A connection string or address that cannot be used, or an emulator that cannot start.
    pub async fn from_variables() -> Result<Self, Failure> {
        let hub = std::env::var(IOTHUB_CONNECTION_STRING).ok();
        let twins = std::env::var(DIGITALTWINS_ENDPOINT).ok();
        Self::new(hub.as_deref(), twins.as_deref()).await
    }

    /// An emulator of its own, whatever the environment variables say.
    ///
    /// # Errors
    ///
    /// An emulator that cannot start.
    pub async fn emulated() -> Result<Self, Failure> {
        Self::new(None, None).await
    }

    async fn new(hub: Option<&str>, twins: Option<&str>) -> Result<Self, Failure> {
        let emulator = match (hub, twins) {
            (Some(_), Some(_)) => None,
            _ => Some(Emulator::start().await?),
        };
        let real = (hub.is_some(), twins.is_some());
        let hub = match (hub, &emulator) {
            (Some(connection_string), _) => {
                IotHubRegistryManager::from_connection_string(connection_string, None)?
            }
            (None, Some(emulator)) => hub_of(emulator)?,
            (None, None) => return Err("no hub to talk to".into()),
        };
        let twins = match (twins, &emulator) {
            (Some(endpoint), _) => {
                let credential = azure_identity::DeveloperToolsCredential::new(None)?;
                DigitalTwinsClient::new(endpoint, credential, None)?
            }
            (None, Some(emulator)) => twins_of(emulator)?,
            (None, None) => return Err("no Digital Twins instance to talk to".into()),
        };
        Ok(Self {
            hub,
            twins,
            emulator,
            real,
        })
    }

    /// The emulator behind the clients, unless both services are real.
    #[must_use]
    pub fn emulator(&self) -> Option<&Emulator> {
        self.emulator.as_ref()
    }

    /// What the hub is: an address to print.
    #[must_use]
    pub fn hub_name(&self) -> String {
        format!("{} ({})", self.hub.host_name(), kind(self.real.0))
    }

    /// What the Digital Twins instance is: an address to print.
    #[must_use]
    pub fn twins_name(&self) -> String {
        format!(
            "{} ({})",
            self.twins.endpoint().as_str().trim_end_matches('/'),
            kind(self.real.1)
        )
    }
}

fn kind(real: bool) -> &'static str {
    if real { "real" } else { "emulator" }
}

/// A client of the emulator's hub.
///
/// # Errors
///
/// A certificate that cannot be used, which would be a mistake of the emulator.
pub fn hub_of(emulator: &Emulator) -> Result<IotHubRegistryManager, Failure> {
    let options = IotHubClientOptions::trusting(emulator.ca_certificate_pem())?;
    Ok(IotHubRegistryManager::from_connection_string(
        &emulator.iothub_connection_string(),
        Some(options),
    )?)
}

/// A client of the emulator's Digital Twins instance.
///
/// # Errors
///
/// A certificate that cannot be used, which would be a mistake of the emulator.
pub fn twins_of(emulator: &Emulator) -> Result<DigitalTwinsClient, Failure> {
    let options = DigitalTwinsClientOptions::trusting(emulator.ca_certificate_pem())?;
    let credential = DelegatedTokenCredential::new(emulator.bearer_tokens());
    Ok(DigitalTwinsClient::new(
        emulator.digitaltwins_endpoint(),
        credential,
        Some(options),
    )?)
}

/// A transport that trusts the emulator's certificate.
///
/// # Errors
///
/// A certificate that cannot be used, which would be a mistake of the emulator.
pub fn trusting(emulator: &Emulator) -> Result<Transport, Failure> {
    Ok(azure_service_core::transport_trusting(
        emulator.ca_certificate_pem(),
    )?)
}
