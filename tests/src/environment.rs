//! The two services under test: the embedded emulator or real services.

use azure_core::http::Transport;
use azure_iot_emulator::Emulator;
use digitaltwins_convenience::{DelegatedTokenCredential, DigitalTwinsClient, DigitalTwinsClientOptions};
use iothub_convenience::{IotHubClientOptions, IotHubRegistryManager};

use crate::Failure;

/// Names the hub to use instead of the emulator, by a connection string with write permission.
pub const IOTHUB_CONNECTION_STRING: &str = "IOTHUB_CONNECTION_STRING";
/// Names the Digital Twins instance to use instead of the emulator, with the account of the Azure CLI.
pub const DIGITALTWINS_ENDPOINT: &str = "DIGITALTWINS_ENDPOINT";

/// A client of each service.
#[derive(Debug)]
pub struct Environment {
    /// The client of the IoT hub.
    pub hub: IotHubRegistryManager,
    /// The client of the Digital Twins instance.
    pub twins: DigitalTwinsClient,
    emulator: Option<Emulator>,
    real: (bool, bool),
}

impl Environment {
    /// Connects to the services that the environment variables name, and to an emulator for those they do not name.
    ///
    /// # Errors
    ///
    /// If a connection string or address is invalid, or the emulator cannot start.
    pub async fn from_variables() -> Result<Self, Failure> {
        let hub = std::env::var(IOTHUB_CONNECTION_STRING).ok();
        let twins = std::env::var(DIGITALTWINS_ENDPOINT).ok();
        Self::new(hub.as_deref(), twins.as_deref()).await
    }

    /// Connects to a new emulator and ignores the environment variables.
    ///
    /// # Errors
    ///
    /// If the emulator cannot start.
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
            (None, None) => return Err("no hub to connect to".into()),
        };
        let twins = match (twins, &emulator) {
            (Some(endpoint), _) => {
                let credential = azure_identity::DeveloperToolsCredential::new(None)?;
                DigitalTwinsClient::new(endpoint, credential, None)?
            }
            (None, Some(emulator)) => twins_of(emulator)?,
            (None, None) => return Err("no Digital Twins instance to connect to".into()),
        };
        Ok(Self {
            hub,
            twins,
            emulator,
            real,
        })
    }

    /// Returns the emulator, or `None` if both services are real.
    #[must_use]
    pub fn emulator(&self) -> Option<&Emulator> {
        self.emulator.as_ref()
    }

    /// Returns the kind and address of the hub, for output.
    #[must_use]
    pub fn hub_name(&self) -> String {
        format!("{} ({})", self.hub.host_name(), kind(self.real.0))
    }

    /// Returns the kind and address of the Digital Twins instance, for output.
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

/// Returns a client of the emulator's hub.
///
/// # Errors
///
/// If the emulator's certificate cannot be used.
pub fn hub_of(emulator: &Emulator) -> Result<IotHubRegistryManager, Failure> {
    let options = IotHubClientOptions::trusting(emulator.ca_certificate_pem())?;
    Ok(IotHubRegistryManager::from_connection_string(
        &emulator.iothub_connection_string(),
        Some(options),
    )?)
}

/// Returns a client of the emulator's Digital Twins instance.
///
/// # Errors
///
/// If the emulator's certificate cannot be used.
pub fn twins_of(emulator: &Emulator) -> Result<DigitalTwinsClient, Failure> {
    let options = DigitalTwinsClientOptions::trusting(emulator.ca_certificate_pem())?;
    let credential = DelegatedTokenCredential::new(emulator.bearer_tokens());
    Ok(DigitalTwinsClient::new(
        emulator.digitaltwins_endpoint(),
        credential,
        Some(options),
    )?)
}

/// Returns a transport that trusts the emulator's certificate.
///
/// # Errors
///
/// If the emulator's certificate cannot be used.
pub fn trusting(emulator: &Emulator) -> Result<Transport, Failure> {
    Ok(azure_service_core::transport_trusting(
        emulator.ca_certificate_pem(),
    )?)
}
