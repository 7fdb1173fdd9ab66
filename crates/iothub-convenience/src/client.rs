//! The client and its options.

mod options;

use std::sync::Arc;

use azure_core::credentials::TokenCredential;
use azure_core::http::Url;
use azure_service_core::{
    CallLimits, CallOptions, ClientInfo, CloudScopes, Credential, SasCredential, ServiceClient, TokenSource,
};

use crate::error::{Error, Result};
use crate::hub_host::{HubHost, service_endpoint};

pub use options::IotHubClientOptions;

/// The Entra scopes of IoT Hub. Only Azure Government has a separate scope.
const SCOPES: CloudScopes = CloudScopes {
    public: "https://iothubs.azure.net/.default",
    government: Some("https://iothubs.azure.us/.default"),
    china: Some("https://iothubs.azure.net/.default"),
};

/// The key of IoT Hub in the `Audiences` of a custom cloud.
///
/// # Example
///
/// ```
/// use iothub_convenience::cloud::{Audiences, CustomConfiguration};
/// use iothub_convenience::{IotHubAudience, IotHubClientOptions};
/// use std::sync::Arc;
///
/// let mut cloud = CustomConfiguration::default();
/// cloud.audiences = Audiences::new().with::<IotHubAudience>("https://iothubs.example".to_owned());
/// let mut options = IotHubClientOptions::default();
/// options.client_options.cloud = Some(Arc::new(cloud.into()));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct IotHubAudience;

const INFO: ClientInfo = azure_service_core::client_info! {
    name: "IotHubRegistryManager",
    namespace: "Microsoft.Devices",
    logged_headers: ["iothub-errorcode"],
};

/// A client for the service API of an IoT hub.
///
/// It is cheap to clone; clones share connections and tokens. All methods take `&self`.
///
/// # Example
///
/// ```
/// use iothub_convenience::{DeviceStatus, IotHubRegistryManager, SymmetricKey};
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (emulator, emulated) = emulated_hub(&[]).await?;
///
/// let connection_string = std::env::var("IOTHUB_CONNECTION_STRING");
/// # let connection_string = connection_string.or(Ok::<_, std::env::VarError>(emulator.iothub_connection_string()));
/// let hub = IotHubRegistryManager::from_connection_string(&connection_string?, None)?;
/// # let hub = emulated;
/// let device = hub
///     .create_device_with_sas("thermostat-7", SymmetricKey::generate()?, DeviceStatus::Enabled, None)
///     .await?
///     .into_model()?;
/// println!("{} has generation {:?}", device.device_id, device.generation_id);
/// # Ok(())
/// # }
/// ```
///
/// # Tests
///
/// The client works with the emulator, in process and over TLS:
///
/// ```
/// use iothub_convenience::{IotHubClientOptions, IotHubRegistryManager};
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let emulator = azure_iot_emulator::Emulator::start().await?;
/// let options = IotHubClientOptions::trusting(emulator.ca_certificate_pem())?;
/// let hub = IotHubRegistryManager::from_connection_string(&emulator.iothub_connection_string(), Some(options))?;
/// assert_eq!(hub.get_devices(None).await?.into_model()?.len(), 0);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct IotHubRegistryManager {
    pub(crate) core: ServiceClient<iothub_protocol::Client>,
    settings: Arc<Settings>,
    #[cfg(feature = "amqp")]
    pub(crate) amqp: crate::amqp::Messaging,
}

/// The options that methods need after the client has been created.
#[derive(Debug)]
struct Settings {
    api_version: String,
    device_host: HubHost,
}

/// Constructors.
impl IotHubRegistryManager {
    /// Creates a client from the connection string of a shared access policy:
    /// `HostName=my-hub.azure-devices.net;SharedAccessKeyName=service;SharedAccessKey=…`.
    ///
    /// The parts may be in any order and their names in any case. `SharedAccessSignature=…` with a token may replace
    /// name and key; such a client works until the token expires. The host may be any of the hub's [names](HubHost); a
    /// name that is only for devices is replaced with the one for services. The policy needs `RegistryRead` to read
    /// devices and modules, `RegistryWrite` to write devices, modules and configurations, and `ServiceConnect` for
    /// everything else.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](crate::Error::is_invalid_input) if the connection string or the options are invalid; the error
    /// names the part and does not show the key. Opens no connection.
    ///
    /// # Example
    ///
    /// ```
    /// use iothub_convenience::IotHubRegistryManager;
    ///
    /// let connection_string = "HostName=my-hub.azure-devices.net;SharedAccessKeyName=service;SharedAccessKey=bm90IGEga2V5";
    /// let hub = IotHubRegistryManager::from_connection_string(connection_string, None)?;
    /// assert_eq!(hub.host_name(), "my-hub.azure-devices.net");
    /// # Ok::<(), iothub_convenience::Error>(())
    /// ```
    pub fn from_connection_string(
        connection_string: &str,
        options: Option<IotHubClientOptions>,
    ) -> Result<Self> {
        let connection = crate::connection_string::parse(connection_string)?;
        let host = service_endpoint(connection.host_name());
        let connection = connection.with_host_name(host);
        let credential = SasCredential::new(&connection).map_err(azure_service_core::Error::from)?;
        let credential = match options.as_ref().and_then(|options| options.token_lifetime) {
            Some(lifetime) => credential.with_lifetime(lifetime),
            None => credential,
        };
        Self::new(
            &connection.endpoint(),
            &Credential::sas(credential.clone()),
            #[cfg(feature = "amqp")]
            crate::amqp::AmqpCredential::Sas(credential),
            options.unwrap_or_default(),
        )
    }

    /// Creates a client with a Microsoft Entra identity for the hub at `host`, such as `my-hub.azure-devices.net`, which may be
    /// any of the hub's [names](HubHost), as in [`from_connection_string`](Self::from_connection_string).
    ///
    /// Tokens are requested for the scope of the cloud in `client_options`, or for [`IotHubClientOptions::scope`], from the
    /// authority of the credential. The identity needs a role such as *IoT Hub Data Contributor*; *IoT Hub Twin
    /// Contributor* and *IoT Hub Registry Contributor* are narrower.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](crate::Error::is_invalid_input) if the host or the options are invalid. Opens no connection and
    /// requests no token.
    ///
    /// # Example
    ///
    /// ```no_run
    /// use iothub_convenience::{IotHubRegistryManager, TokenCredential};
    /// use std::sync::Arc;
    ///
    /// # fn connect(credential: Arc<dyn TokenCredential>) -> Result<(), iothub_convenience::Error> {
    /// // `credential` comes from the crate azure_identity.
    /// let hub = IotHubRegistryManager::from_token_credential("my-hub.azure-devices.net", credential, None)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn from_token_credential(
        host: &str,
        credential: Arc<dyn TokenCredential>,
        options: Option<IotHubClientOptions>,
    ) -> Result<Self> {
        let options = options.unwrap_or_default();
        let cloud = options.client_options.cloud.as_deref();
        let scope = SCOPES.scope::<IotHubAudience>(cloud, options.scope.clone())?;
        let source = TokenSource::new(credential, scope);
        Self::new(
            &service_endpoint(host),
            &Credential::token_source(source.clone()),
            #[cfg(feature = "amqp")]
            crate::amqp::AmqpCredential::Entra(source),
            options,
        )
    }

    fn new(
        endpoint: &str,
        credential: &Credential,
        #[cfg(feature = "amqp")] amqp_credential: crate::amqp::AmqpCredential,
        options: IotHubClientOptions,
    ) -> Result<Self> {
        options.check()?;
        let api_version = options.api_version.clone();
        let protocol = move |url: &str, http, hook| {
            iothub_protocol::Client::new_with_client(url, http, hook).with_api_version(api_version.clone())
        };
        let core = ServiceClient::new(endpoint, credential, INFO, options.client_options, protocol)?;
        let core = core.with_limits(CallLimits {
            call_timeout: options.call_timeout,
            max_response_size: options.max_response_size,
        });
        let host = hub_host(core.endpoint());
        Ok(Self {
            settings: Arc::new(Settings {
                api_version: options.api_version,
                device_host: options.device_host.unwrap_or_else(|| host.for_devices()),
            }),
            #[cfg(feature = "amqp")]
            amqp: crate::amqp::Messaging::new(
                core.endpoint(),
                host.to_string(),
                amqp_credential,
                &options.amqp,
            )?,
            core,
        })
    }

    /// Returns a copy of this client that sends requests through `core`, for the calls of a composite method.
    pub(crate) fn over(&self, core: ServiceClient<iothub_protocol::Client>) -> Self {
        Self {
            core,
            settings: self.settings.clone(),
            #[cfg(feature = "amqp")]
            amqp: self.amqp.clone(),
        }
    }

    /// Fails if the client sends an API version that is older than `since`, the first version that has `what`.
    pub(crate) fn require_version(&self, what: &str, since: &str) -> Result<()> {
        let version = self.settings.api_version.as_str();
        // Versions are dates. Strings in any other form are passed through, as are later versions.
        let is_date = version.starts_with(|c: char| c.is_ascii_digit());
        match is_date && version < since {
            true => Err(Error::invalid_input(
                "api_version",
                format!("is {version:?}, which has no {what}; use {since:?} or a later version"),
            )),
            false => Ok(()),
        }
    }

    /// Returns a client with these call options: timeout, retries, headers, context.
    ///
    /// The options apply to every method, pager, poller, stream and bulk run, and replace all earlier call options.
    /// The returned client shares connections with this one.
    ///
    /// Over AMQP, timeout and retries apply, and the context's span is the parent of the call's span. Headers and
    /// context values for policies do not apply, because a message is not an HTTP request.
    ///
    /// # Example
    ///
    /// ```
    /// use iothub_convenience::{CallOptions, RetryOptions};
    /// use std::time::Duration;
    ///
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["thermostat-7"]).await?;
    /// let client = hub.with_call_options(CallOptions {
    ///     attempt_timeout: Some(Duration::from_secs(5)),
    ///     retry: Some(RetryOptions::none()),
    ///     ..CallOptions::default()
    /// });
    /// let device = client.get_device("thermostat-7").await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_call_options(&self, options: CallOptions) -> Self {
        self.over(self.core.with_call_options(options))
    }

    /// Returns the generated client: one method per operation of the REST API, with the same authentication and retries.
    ///
    /// # Example
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["thermostat-7"]).await?;
    /// let device = hub.protocol().devices_get_identity("thermostat-7").await?.into_inner();
    /// println!("{:?}", device.status);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn protocol(&self) -> iothub_protocol::Client {
        self.core.protocol().clone()
    }

    /// Returns the hub's endpoint.
    ///
    /// # Example
    ///
    /// ```
    /// # let text = "HostName=localhost:8443;SharedAccessKeyName=service;SharedAccessKey=bm90IGEga2V5";
    /// # let hub = iothub_convenience::IotHubRegistryManager::from_connection_string(text, None)?;
    /// assert_eq!(hub.endpoint().as_str(), "https://localhost:8443/");
    /// # Ok::<(), iothub_convenience::Error>(())
    /// ```
    #[must_use]
    pub fn endpoint(&self) -> &Url {
        self.core.endpoint()
    }

    /// Returns the host to which the client connects, with the port unless it is 443.
    ///
    /// # Example
    ///
    /// ```
    /// # let text = "HostName=localhost:8443;SharedAccessKeyName=service;SharedAccessKey=bm90IGEga2V5";
    /// # let hub = iothub_convenience::IotHubRegistryManager::from_connection_string(text, None)?;
    /// assert_eq!(hub.host_name(), "localhost:8443");
    /// # Ok::<(), iothub_convenience::Error>(())
    /// ```
    #[must_use]
    pub fn host_name(&self) -> String {
        hub_host(self.core.endpoint()).to_string()
    }

    /// Returns the host to which devices connect, with the port unless it is 443. Connection strings and tokens of
    /// devices and modules contain this host. See [`IotHubClientOptions::device_host`].
    ///
    /// # Example
    ///
    /// ```
    /// # let text = "HostName=my-hub.service.azure-devices.net;SharedAccessKeyName=service;SharedAccessKey=bm90IGEga2V5";
    /// # let hub = iothub_convenience::IotHubRegistryManager::from_connection_string(text, None)?;
    /// assert_eq!(hub.host_name(), "my-hub.service.azure-devices.net");
    /// assert_eq!(hub.device_host_name(), "my-hub.device.azure-devices.net");
    /// # Ok::<(), iothub_convenience::Error>(())
    /// ```
    #[must_use]
    pub fn device_host_name(&self) -> String {
        self.settings.device_host.to_string()
    }
}

#[expect(
    clippy::expect_used,
    reason = "the endpoint of a client is an http or https URL"
)]
fn hub_host(endpoint: &Url) -> HubHost {
    HubHost::of_url(endpoint).expect("an https URL has a host")
}

#[cfg(all(test, feature = "amqp"))]
mod tests {
    use super::*;

    /// HUB-HOST-1.
    #[test]
    fn amqp_connects_to_the_host_in_use() {
        for (given, target) in [
            ("h.azure-devices.net", "h.azure-devices.net:5671"),
            ("h.service.azure-devices.net", "h.service.azure-devices.net:5671"),
            ("h.device.azure-devices.net", "h.service.azure-devices.net:5671"),
        ] {
            let text = format!("HostName={given};SharedAccessKeyName=n;SharedAccessKey=bm90IGEga2V5");
            let hub = IotHubRegistryManager::from_connection_string(&text, None).unwrap();
            assert_eq!(hub.amqp.target(), target);
        }
    }
}
