//! The client and its options.

use std::sync::Arc;
use std::time::Duration;

use azure_core::credentials::TokenCredential;
use azure_core::http::{ClientOptions, Url};
use azure_service_core::{
    CallLimits, CallOptions, ClientInfo, CloudScopes, Credential, SasCredential, ServiceClient,
};

use crate::error::Result;

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
    #[cfg(feature = "amqp")]
    pub(crate) amqp: crate::amqp::Messaging,
}

/// Options of [`IotHubRegistryManager`].
///
/// Change the default rather than building a new `ClientOptions`, whose retry policy retries for up to a minute.
#[derive(Debug, Clone)]
pub struct IotHubClientOptions {
    /// azure_core's options: transport, policies, retries, user agent, tracing. Default: three retries, after 0.8, 1.6
    /// and 3.2 seconds.
    pub client_options: ClientOptions,
    /// The scope of Entra tokens. Default: the scope of the cloud in `client_options`.
    pub scope: Option<String>,
    /// Timeout of one call: of all attempts and the waits between them. Default: 90 seconds. A direct method or a
    /// command extends it by its own timeout. [`CallOptions::call_timeout`](crate::CallOptions::call_timeout) replaces it.
    pub call_timeout: Option<Duration>,
    /// The maximum size of a response body in bytes, after decompression. Default: 64 MiB. A larger body fails with
    /// [`is_response_too_large`](crate::Error::is_response_too_large).
    pub max_response_size: Option<usize>,
    /// The lifetime of tokens signed with a shared access key, over HTTP and AMQP. They are renewed before they expire.
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
            call_timeout: None,
            max_response_size: None,
            token_lifetime: None,
            #[cfg(feature = "amqp")]
            amqp: crate::amqp::AmqpOptions::default(),
        }
    }
}

impl IotHubClientOptions {
    /// Returns default options that trust the certificates in `pem` in addition to those of the system, over HTTP and
    /// AMQP, such as the certificate of an emulator.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](crate::Error::is_invalid_input) if `pem` contains no certificate.
    ///
    /// # Example
    ///
    /// ```
    /// use iothub_convenience::{IotHubClientOptions, IotHubRegistryManager};
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = azure_iot_emulator::Emulator::start().await?;
    /// let options = IotHubClientOptions::trusting(emulator.ca_certificate_pem())?;
    /// let connection_string = emulator.iothub_connection_string();
    /// let hub = IotHubRegistryManager::from_connection_string(&connection_string, Some(options))?;
    /// # Ok(())
    /// # }
    /// ```
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

    /// Returns options for an emulator over HTTP and AMQP. They trust the certificates in `pem`, like
    /// [`trusting`](Self::trusting), and have the emulator's AMQP endpoint, because its port is not in the connection
    /// string.
    ///
    /// # Errors
    ///
    /// Same as [`trusting`](Self::trusting).
    ///
    /// # Example
    ///
    /// ```
    /// use iothub_convenience::{CloudToDeviceMessage, IotHubClientOptions, IotHubRegistryManager};
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = azure_iot_emulator::Emulator::start().await?;
    /// let options = IotHubClientOptions::for_emulator(emulator.ca_certificate_pem(), emulator.iothub_amqp_endpoint())?;
    /// let hub = IotHubRegistryManager::from_connection_string(&emulator.iothub_connection_string(), Some(options))?;
    /// let error = hub.send_c2d_message("missing", CloudToDeviceMessage::new("hello")).await.unwrap_err();
    /// assert!(error.is_not_found());
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(all(feature = "rustls", feature = "amqp"))]
    #[cfg_attr(docsrs, doc(cfg(all(feature = "rustls", feature = "amqp"))))]
    pub fn for_emulator(pem: &str, amqp_endpoint: impl Into<String>) -> Result<Self> {
        let mut options = Self::trusting(pem)?;
        options.amqp.endpoint = Some(amqp_endpoint.into());
        Ok(options)
    }
}

/// Constructors.
impl IotHubRegistryManager {
    /// Creates a client from the connection string of a shared access policy:
    /// `HostName=my-hub.azure-devices.net;SharedAccessKeyName=service;SharedAccessKey=…`.
    ///
    /// The parts may be in any order and their names in any case. `SharedAccessSignature=…` with a token may replace
    /// name and key; such a client works until the token expires. The policy needs `RegistryRead` to read devices and
    /// modules, `RegistryWrite` to write them and configurations, `ServiceConnect` for everything else.
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

    /// Creates a client with a Microsoft Entra identity for the hub at `host`, such as `my-hub.azure-devices.net`.
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
        let core = core.with_limits(CallLimits {
            call_timeout: options.call_timeout,
            max_response_size: options.max_response_size,
        });
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

    /// Returns this client with another core, for the calls of a composite method.
    pub(crate) fn over(&self, core: ServiceClient<iothub_protocol::Client>) -> Self {
        Self {
            core,
            #[cfg(feature = "amqp")]
            amqp: self.amqp.clone(),
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

    /// Returns the endpoint of the hub.
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

    /// Returns the hub's host, with the port unless it is 443.
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
