//! The client and its options.

use std::sync::Arc;
use std::time::Duration;

use azure_core::credentials::TokenCredential;
use azure_core::http::{ClientOptions, Url};
use azure_service_core::{
    CallOptions, ClientInfo, CloudScopes, ConnectionString, Credential, SasCredential, ServiceClient,
};

use crate::error::Result;

/// The scopes of IoT Hub. The public one is for all clouds but Azure Government.
const SCOPES: CloudScopes = CloudScopes {
    public: "https://iothubs.azure.net/.default",
    government: Some("https://iothubs.azure.us/.default"),
    china: Some("https://iothubs.azure.net/.default"),
};

/// Names IoT Hub in the `Audiences` of a custom cloud.
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

/// A client for the service side of one IoT hub.
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
/// # Testing code that uses it
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
    #[cfg(feature = "amqp")]
    pub(crate) amqp: crate::amqp::Messaging,
}

/// Options of [`IotHubRegistryManager`].
///
/// Change the fields of the default: a new `ClientOptions` has azure_core's retries, which go on for up to a minute.
#[derive(Debug, Clone)]
pub struct IotHubClientOptions {
    /// azure_core's options: transport, policies, retries, user agent, tracing. Default: three retries, after 0.8, 1.6
    /// and 3.2 seconds.
    pub client_options: ClientOptions,
    /// The scope to request Entra tokens for. Default: that of the cloud in `client_options`.
    pub scope: Option<String>,
    /// How long tokens made with a shared access key are valid, over HTTP and AMQP; they are renewed before they expire.
    /// Default: one hour.
    pub token_lifetime: Option<Duration>,
    /// Options of the AMQP connection.
    #[cfg(feature = "amqp")]
    #[cfg_attr(docsrs, doc(cfg(feature = "amqp")))]
    pub amqp: crate::amqp::AmqpOptions,
}

impl Default for IotHubClientOptions {
    fn default() -> Self {
        Self {
            client_options: ClientOptions {
                retry: azure_service_core::retry_options(),
                ..ClientOptions::default()
            },
            scope: None,
            token_lifetime: None,
            #[cfg(feature = "amqp")]
            amqp: crate::amqp::AmqpOptions::default(),
        }
    }
}

impl IotHubClientOptions {
    /// Default options that trust the certificates in `pem`, besides those of the system: over HTTP and AMQP. For the
    /// emulator.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](crate::Error::is_invalid_input) if `pem` contains no certificate.
    #[cfg(feature = "rustls")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rustls")))]
    pub fn trusting(pem: &str) -> Result<Self> {
        let mut options = Self::default();
        options.client_options.transport = Some(azure_service_core::transport_trusting(pem)?);
        #[cfg(feature = "amqp")]
        {
            options.amqp.trusted_certificates = Some(pem.to_owned());
        }
        Ok(options)
    }
}

/// Constructors.
impl IotHubRegistryManager {
    /// A client with the key of a shared access policy, as in
    /// `HostName=my-hub.azure-devices.net;SharedAccessKeyName=service;SharedAccessKey=…`.
    ///
    /// The parts may come in any order, their names in any case. The policy needs `RegistryRead` to read devices and
    /// modules, `RegistryWrite` to write them and configurations, `ServiceConnect` for everything else.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](crate::Error::is_invalid_input) if the connection string or the options cannot be used; the error
    /// names the part and shows no key. No connection is made.
    pub fn from_connection_string(
        connection_string: &str,
        options: Option<IotHubClientOptions>,
    ) -> Result<Self> {
        let connection: ConnectionString = connection_string
            .parse()
            .map_err(azure_service_core::Error::from)?;
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

    /// A client with a Microsoft Entra identity, for the hub at `host`, such as `my-hub.azure-devices.net`.
    ///
    /// Tokens are requested for the scope of the cloud in `client_options`, or for [`IotHubClientOptions::scope`]. The
    /// authority that issues them is the credential's. The identity needs a role such as *IoT Hub Data Contributor*; *IoT Hub Twin Contributor* and *IoT Hub Registry
    /// Contributor* are narrower.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](crate::Error::is_invalid_input) if the host or the options cannot be used. No connection is made
    /// and no token is requested.
    ///
    /// # Example
    ///
    /// ```no_run
    /// use iothub_convenience::{IotHubRegistryManager, TokenCredential};
    /// use std::sync::Arc;
    ///
    /// # fn connect(credential: Arc<dyn TokenCredential>) -> Result<(), iothub_convenience::Error> {
    /// // `credential` is one of the crate azure_identity.
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
        Self::new(
            host,
            &Credential::entra(credential.clone(), scope.clone()),
            #[cfg(feature = "amqp")]
            crate::amqp::AmqpCredential::Entra { credential, scope },
            options,
        )
    }

    fn new(
        endpoint: &str,
        credential: &Credential,
        #[cfg(feature = "amqp")] amqp_credential: crate::amqp::AmqpCredential,
        options: IotHubClientOptions,
    ) -> Result<Self> {
        let protocol = iothub_protocol::Client::new_with_client;
        let core = ServiceClient::new(endpoint, credential, INFO, options.client_options, protocol)?;
        Ok(Self {
            #[cfg(feature = "amqp")]
            amqp: crate::amqp::Messaging::new(
                core.endpoint(),
                host_name(core.endpoint()),
                amqp_credential,
                &options.amqp,
            )?,
            core,
        })
    }

    /// The same client on another core: for the calls of a method that consists of several.
    pub(crate) fn over(&self, core: ServiceClient<iothub_protocol::Client>) -> Self {
        Self {
            core,
            #[cfg(feature = "amqp")]
            amqp: self.amqp.clone(),
        }
    }

    /// The same client, with other options for its calls: timeout, retries, headers, context.
    ///
    /// They apply to every method, pager, poller and bulk run. Over AMQP the timeout applies; retries there are those of
    /// [`IotHubClientOptions`]. Earlier options are replaced as a whole. It is cheap; connections are shared.
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
    /// let impatient = hub.with_call_options(CallOptions {
    ///     attempt_timeout: Some(Duration::from_secs(5)),
    ///     retry: Some(RetryOptions::none()),
    ///     ..CallOptions::default()
    /// });
    /// let device = impatient.get_device("thermostat-7").await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_call_options(&self, options: CallOptions) -> Self {
        self.over(self.core.with_call_options(options))
    }

    /// The low-level client: one method per operation of the REST API, with the same authentication and retries.
    #[must_use]
    pub fn protocol(&self) -> iothub_protocol::Client {
        self.core.protocol().clone()
    }

    /// The host of the hub, with its port if that is not 443.
    #[must_use]
    pub fn host_name(&self) -> String {
        host_name(self.core.endpoint())
    }
}

#[expect(
    clippy::expect_used,
    reason = "the endpoint of a client is an http or https URL"
)]
fn host_name(endpoint: &Url) -> String {
    let host = endpoint.host_str().expect("an https URL has a host");
    endpoint
        .port()
        .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}
