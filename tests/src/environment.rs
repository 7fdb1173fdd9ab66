//! Clients for all services: the embedded emulator, or live ones.

use std::sync::{Arc, Mutex, PoisonError};

use azure_core::credentials::TokenCredential;
use azure_core::http::Transport;
use azure_iot_emulator::{DigitalTwins, Emulator, IotHub};
use digitaltwins_convenience::{DelegatedTokenCredential, DigitalTwinsClient, DigitalTwinsClientOptions};
use iothub_convenience::{IotHubClientOptions, IotHubRegistryManager};
use provisioning_convenience::{
    ProvisioningDeviceClientOptions, ProvisioningServiceClient, ProvisioningServiceClientOptions,
};

use crate::Failure;
use crate::resources::Resource;

/// The connection string of a live hub, with a policy that may write.
pub const IOTHUB_CONNECTION_STRING: &str = "IOTHUB_CONNECTION_STRING";
/// The endpoint of a live Digital Twins instance, accessed with the identity of the Azure CLI.
pub const DIGITALTWINS_ENDPOINT: &str = "DIGITALTWINS_ENDPOINT";

/// The SAS URL of a blob container that the hub's import and export jobs may read and write.
pub const IOTHUB_BLOB_CONTAINER: &str = "IOTHUB_BLOB_CONTAINER";
/// `1` if the Entra identity of [`DIGITALTWINS_ENDPOINT`] may read the hub too.
pub const IOTHUB_ENTRA: &str = "IOTHUB_ENTRA";
/// The name of an endpoint of the Digital Twins instance for event routes.
pub const DIGITALTWINS_ROUTE_ENDPOINT: &str = "DIGITALTWINS_ROUTE_ENDPOINT";
/// The URL of a blob with the import file that `conformance-live --print-import-file` prints.
pub const IMPORT_INPUT_BLOB: &str = "IMPORT_INPUT_BLOB";
/// The URL of the blob for the log of an import job.
pub const IMPORT_OUTPUT_BLOB: &str = "IMPORT_OUTPUT_BLOB";
/// The value of [`DIGITALTWINS_ENDPOINT`] again, as permission to delete everything in the instance.
pub const DIGITALTWINS_ERASE: &str = "DIGITALTWINS_ERASE";

/// A client for each service, and the emulator behind them unless they are live.
///
/// Scenarios take their ids from here, so that ids are unique to the run and [`clean_up`](Self::clean_up) can delete the
/// resources.
#[derive(Debug)]
pub struct Environment {
    /// The client of the IoT hub.
    pub hub: IotHubRegistryManager,
    /// The client of the Digital Twins instance.
    pub twins: DigitalTwinsClient,
    /// The client of the provisioning service that is linked to the hub; `None` if the hub is live.
    provisioning: Option<ProvisioningServiceClient>,
    emulator: Option<Emulator>,
    live: (bool, bool),
    run: String,
    pub(crate) resources: Mutex<Vec<Resource>>,
}

/// The blobs of an import job. On the emulator they are files, which are deleted on drop.
#[derive(Debug)]
pub struct ImportBlobs {
    /// The URI of the import file.
    pub input: String,
    /// The URI of the log.
    pub output: String,
    _directory: Option<tempfile::TempDir>,
}

/// A requirement of a scenario that a live service may not meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// A device that responds to methods and settles messages, scripted by the emulator.
    RespondingDevice,
    /// A blob container for the hub's import and export jobs.
    HubBlobContainer,
    /// An Entra identity that may read the hub.
    HubEntraRole,
    /// Blobs for an import job of Digital Twins.
    ImportBlobs,
    /// An endpoint of the Digital Twins instance for event routes.
    EventRouteEndpoint,
    /// A Digital Twins instance in which everything may be deleted.
    ErasableInstance,
    /// A provisioning service that is linked to the hub.
    LinkedProvisioning,
}

impl std::fmt::Display for Need {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::RespondingDevice => write!(f, "a device that responds (only on the emulator)"),
            Self::HubBlobContainer => write!(f, "a blob container ({IOTHUB_BLOB_CONTAINER})"),
            Self::HubEntraRole => write!(f, "an Entra role on the hub ({IOTHUB_ENTRA}=1)"),
            Self::ImportBlobs => write!(f, "blobs ({IMPORT_INPUT_BLOB} and {IMPORT_OUTPUT_BLOB})"),
            Self::EventRouteEndpoint => {
                write!(f, "an event route endpoint ({DIGITALTWINS_ROUTE_ENDPOINT})")
            }
            Self::LinkedProvisioning => {
                write!(
                    f,
                    "a provisioning service linked to the hub (only on the emulator)"
                )
            }
            Self::ErasableInstance => {
                write!(
                    f,
                    "an instance that may be emptied ({DIGITALTWINS_ERASE}=<endpoint>)"
                )
            }
        }
    }
}

impl Environment {
    /// Connects to the services that environment variables name, and to an emulator for the others.
    ///
    /// # Errors
    ///
    /// If a variable is invalid or the emulator cannot start.
    pub async fn from_variables() -> Result<Self, Failure> {
        let hub = std::env::var(IOTHUB_CONNECTION_STRING).ok();
        let twins = std::env::var(DIGITALTWINS_ENDPOINT).ok();
        Self::new(hub.as_deref(), twins.as_deref()).await
    }

    /// Starts an emulator and connects to it, ignoring environment variables.
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
        let live = (hub.is_some(), twins.is_some());
        let hub = match (hub, &emulator) {
            (Some(connection_string), _) => {
                IotHubRegistryManager::from_connection_string(connection_string, None)?
            }
            (None, Some(emulator)) => hub_of(emulator)?,
            (None, None) => return Err("there is neither a hub nor an emulator".into()),
        };
        let twins = match (twins, &emulator) {
            (Some(endpoint), _) => DigitalTwinsClient::new(
                endpoint,
                azure_identity::DeveloperToolsCredential::new(None)?,
                None,
            )?,
            (None, Some(emulator)) => twins_of(emulator)?,
            (None, None) => return Err("there is neither a Digital Twins instance nor an emulator".into()),
        };
        let provisioning = match &emulator {
            Some(emulator) if !live.0 => Some(provisioning_of(emulator)?),
            _ => None,
        };
        Ok(Self {
            hub,
            twins,
            provisioning,
            emulator,
            live,
            run: azure_core::Uuid::new_v4().simple().to_string()[..8].to_owned(),
            resources: Mutex::default(),
        })
    }

    /// Returns whether the hub is live.
    #[must_use]
    pub fn hub_is_live(&self) -> bool {
        self.live.0
    }

    /// Returns whether the Digital Twins instance is live.
    #[must_use]
    pub fn twins_are_live(&self) -> bool {
        self.live.1
    }

    /// Returns whether a requirement is met. The emulator meets all.
    #[must_use]
    pub fn has(&self, need: Need) -> bool {
        let set = |name| std::env::var_os(name).is_some();
        let equal = |name, value: &str| std::env::var(name).is_ok_and(|set| set == value);
        match need {
            Need::RespondingDevice | Need::LinkedProvisioning => !self.live.0,
            Need::HubBlobContainer => !self.live.0 || set(IOTHUB_BLOB_CONTAINER),
            Need::HubEntraRole => !self.live.0 || equal(IOTHUB_ENTRA, "1"),
            Need::ImportBlobs => !self.live.1 || (set(IMPORT_INPUT_BLOB) && set(IMPORT_OUTPUT_BLOB)),
            Need::EventRouteEndpoint => !self.live.1 || set(DIGITALTWINS_ROUTE_ENDPOINT),
            Need::ErasableInstance => {
                !self.live.1
                    || std::env::var(DIGITALTWINS_ENDPOINT)
                        .is_ok_and(|endpoint| equal(DIGITALTWINS_ERASE, &endpoint))
            }
        }
    }

    /// Returns an id that is unique to the run, without tracking a resource.
    #[must_use]
    pub fn id(&self, name: &str) -> String {
        format!("scenario-{}-{name}", self.run)
    }

    /// Returns a DTMI segment that is unique to the run, without tracking a resource.
    #[must_use]
    pub fn dtmi_segment(&self, name: &str) -> String {
        format!("r{}_{name}", self.run)
    }

    /// Adds a resource to those that [`clean_up`](Self::clean_up) deletes.
    pub(crate) fn track(&self, resource: Resource) {
        self.resources
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(resource);
    }

    /// Returns a credential for both services: the developer's, or the emulator's.
    ///
    /// # Errors
    ///
    /// If no developer tool is signed in.
    pub fn credential(&self, live: bool) -> Result<Arc<dyn TokenCredential>, Failure> {
        match &self.emulator {
            Some(emulator) if !live => Ok(credential_of(emulator)),
            _ => Ok(azure_identity::DeveloperToolsCredential::new(None)?),
        }
    }

    /// Returns the options of a client of the hub.
    ///
    /// # Errors
    ///
    /// If the emulator's certificate is invalid.
    pub fn hub_options(&self) -> Result<Option<IotHubClientOptions>, Failure> {
        match &self.emulator {
            Some(emulator) if !self.live.0 => Ok(Some(hub_options_of(emulator)?)),
            _ => Ok(None),
        }
    }

    /// Returns the connection string of the hub.
    ///
    /// # Errors
    ///
    /// If the environment variable is not set.
    pub fn hub_connection_string(&self) -> Result<String, Failure> {
        match &self.emulator {
            Some(emulator) if !self.live.0 => Ok(emulator.iothub_connection_string()),
            _ => Ok(std::env::var(IOTHUB_CONNECTION_STRING)?),
        }
    }

    /// Returns the options of a client of Digital Twins.
    ///
    /// # Errors
    ///
    /// If the emulator's certificate is invalid.
    pub fn twins_options(&self) -> Result<Option<DigitalTwinsClientOptions>, Failure> {
        match &self.emulator {
            Some(emulator) if !self.live.1 => Ok(Some(DigitalTwinsClientOptions::trusting(
                emulator.ca_certificate_pem(),
            )?)),
            _ => Ok(None),
        }
    }

    /// Returns the name of an endpoint for event routes.
    ///
    /// # Errors
    ///
    /// If a live instance has none, see [`Need::EventRouteEndpoint`].
    pub fn route_endpoint(&self) -> Result<String, Failure> {
        match self.emulated_twins() {
            Some(twins) => {
                twins.subscribe("scenario")?;
                Ok("scenario".to_owned())
            }
            None => Ok(std::env::var(DIGITALTWINS_ROUTE_ENDPOINT)?),
        }
    }

    /// Returns the blobs of an import job; on the emulator, the input has this content.
    ///
    /// # Errors
    ///
    /// If a live instance has none, see [`Need::ImportBlobs`], or a file cannot be written.
    pub fn import_blobs(&self, input: &[u8]) -> Result<ImportBlobs, Failure> {
        let Some(twins) = self.emulated_twins() else {
            return Ok(ImportBlobs {
                input: std::env::var(IMPORT_INPUT_BLOB)?,
                output: std::env::var(IMPORT_OUTPUT_BLOB)?,
                _directory: None,
            });
        };
        let directory = tempfile::tempdir()?;
        std::fs::create_dir(directory.path().join("jobs"))?;
        std::fs::write(directory.path().join("jobs/input.ndjson"), input)?;
        twins.set_blob_directory(directory.path());
        let blob = |name| format!("https://blobs.example.net/jobs/{name}.ndjson");
        Ok(ImportBlobs {
            input: blob("input"),
            output: blob("output"),
            _directory: Some(directory),
        })
    }

    /// Returns the URI of a blob container for the hub's import and export jobs.
    ///
    /// # Errors
    ///
    /// If a live hub has none, see [`Need::HubBlobContainer`].
    pub fn hub_blob_container(&self) -> Result<String, Failure> {
        match &self.emulator {
            Some(emulator) if !self.live.0 => Ok(format!("{}/scenarios", emulator.iothub_blob_endpoint())),
            _ => Ok(std::env::var(IOTHUB_BLOB_CONTAINER)?),
        }
    }

    /// Returns the client of the provisioning service, for scenarios with [`Need::LinkedProvisioning`].
    ///
    /// # Errors
    ///
    /// If the hub is live.
    pub fn provisioning(&self) -> Result<&ProvisioningServiceClient, Failure> {
        let client = self.provisioning.as_ref();
        client.ok_or_else(|| Need::LinkedProvisioning.to_string().into())
    }

    fn provisioning_emulator(&self) -> Result<&Emulator, Failure> {
        let emulator = self.emulator.as_ref().filter(|_| !self.live.0);
        emulator.ok_or_else(|| Need::LinkedProvisioning.to_string().into())
    }

    /// Returns the connection string of the provisioning service.
    ///
    /// # Errors
    ///
    /// If the hub is live.
    pub fn provisioning_connection_string(&self) -> Result<String, Failure> {
        Ok(self.provisioning_emulator()?.provisioning_connection_string())
    }

    /// Returns the options of a client of the provisioning service.
    ///
    /// # Errors
    ///
    /// If the hub is live.
    pub fn provisioning_options(&self) -> Result<Option<ProvisioningServiceClientOptions>, Failure> {
        let pem = self.provisioning_emulator()?.ca_certificate_pem();
        Ok(Some(ProvisioningServiceClientOptions::trusting(pem)?))
    }

    /// Returns the options of a device's client of the provisioning service.
    ///
    /// # Errors
    ///
    /// If the hub is live.
    pub fn provisioning_device_options(&self) -> Result<ProvisioningDeviceClientOptions, Failure> {
        let emulator = self.provisioning_emulator()?;
        Ok(ProvisioningDeviceClientOptions::for_emulator(
            emulator.ca_certificate_pem(),
            emulator.provisioning_endpoint(),
        ))
    }

    /// Returns the id scope of the provisioning service.
    ///
    /// # Errors
    ///
    /// If the hub is live.
    pub fn id_scope(&self) -> Result<String, Failure> {
        Ok(self.provisioning_emulator()?.provisioning_id_scope().to_owned())
    }

    fn emulated_twins(&self) -> Option<&DigitalTwins> {
        let twins = self.emulator.as_ref().and_then(Emulator::digitaltwins);
        twins.filter(|_| !self.live.1)
    }

    /// Returns the emulator's devices, for scenarios with [`Need::RespondingDevice`].
    ///
    /// # Errors
    ///
    /// If the hub is live.
    pub fn devices(&self) -> Result<&IotHub, Failure> {
        let hub = self.emulator.as_ref().and_then(Emulator::iothub);
        hub.filter(|_| !self.live.0)
            .ok_or_else(|| Need::RespondingDevice.to_string().into())
    }

    /// Returns the emulator behind the clients, unless both services are live.
    #[must_use]
    pub fn emulator(&self) -> Option<&Emulator> {
        self.emulator.as_ref()
    }

    /// Returns the address of the hub, for display.
    #[must_use]
    pub fn hub_name(&self) -> String {
        format!("{} ({})", self.hub.host_name(), kind(self.live.0))
    }

    /// Returns the address of the Digital Twins instance, for display.
    #[must_use]
    pub fn twins_name(&self) -> String {
        format!(
            "{} ({})",
            self.twins.endpoint().as_str().trim_end_matches('/'),
            kind(self.live.1)
        )
    }
}

fn kind(live: bool) -> &'static str {
    if live { "live" } else { "emulator" }
}

/// Returns a client for the emulator's hub.
///
/// # Errors
///
/// If the emulator's certificate is invalid.
pub fn hub_of(emulator: &Emulator) -> Result<IotHubRegistryManager, Failure> {
    let options = hub_options_of(emulator)?;
    Ok(IotHubRegistryManager::from_connection_string(
        &emulator.iothub_connection_string(),
        Some(options),
    )?)
}

/// Returns a client for the emulator's Digital Twins instance.
///
/// # Errors
///
/// If the emulator's certificate is invalid.
pub fn twins_of(emulator: &Emulator) -> Result<DigitalTwinsClient, Failure> {
    let options = DigitalTwinsClientOptions::trusting(emulator.ca_certificate_pem())?;
    Ok(DigitalTwinsClient::new(
        emulator.digitaltwins_endpoint(),
        credential_of(emulator),
        Some(options),
    )?)
}

fn provisioning_of(emulator: &Emulator) -> Result<ProvisioningServiceClient, Failure> {
    let options = ProvisioningServiceClientOptions::trusting(emulator.ca_certificate_pem())?;
    Ok(ProvisioningServiceClient::from_connection_string(
        &emulator.provisioning_connection_string(),
        Some(options),
    )?)
}

fn hub_options_of(emulator: &Emulator) -> Result<IotHubClientOptions, Failure> {
    let mut options = IotHubClientOptions::trusting(emulator.ca_certificate_pem())?;
    options.amqp.endpoint = Some(emulator.iothub_amqp_endpoint());
    Ok(options)
}

fn credential_of(emulator: &Emulator) -> Arc<dyn TokenCredential> {
    let token = emulator.bearer_token();
    DelegatedTokenCredential::new(move || token.clone())
}

/// Returns a transport that trusts the emulator's certificate.
///
/// # Errors
///
/// If the emulator's certificate is invalid.
pub fn trusting(emulator: &Emulator) -> Result<Transport, Failure> {
    Ok(azure_service_core::transport_trusting(
        emulator.ca_certificate_pem(),
    )?)
}
