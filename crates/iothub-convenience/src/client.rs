//! The client and how it is made.

use std::sync::Arc;
use std::time::Duration;

use azure_core::credentials::TokenCredential;
use azure_core::http::{ClientOptions, Context, NoFormat, RawResponse, Response, Url};
use azure_service_core::{ClientInfo, ConnectionString, Credential, SasCredential, ServiceClient};

use crate::error::Result;

/// The Entra scope of IoT Hub.
const SCOPE: &str = "https://iothubs.azure.net/.default";

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
/// use iothub_convenience::{IotHubClientOptions, IotHubRegistryManager, transport_trusting};
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let emulator = azure_iot_emulator::Emulator::start().await?;
/// let mut options = IotHubClientOptions::default();
/// options.client_options.transport = Some(transport_trusting(emulator.ca_certificate_pem())?);
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

/// What a client may be given beside address and credential.
///
/// Take the default and change what should be different: `client_options` made from nothing have azure_core's retries,
/// which go on for up to a minute.
#[derive(Debug, Clone)]
pub struct IotHubClientOptions {
    /// azure_core's options: transport, policies, retries, user agent, tracing. Default: three retries, after 0.8, 1.6
    /// and 3.2 seconds.
    pub client_options: ClientOptions,
    /// How long tokens made with a shared access key are valid, over HTTP and AMQP; they are renewed ahead of their
    /// end. Default: one hour.
    pub token_lifetime: Option<Duration>,
    /// How the hub is reached over AMQP.
    #[cfg(feature = "amqp")]
    pub amqp: crate::amqp::AmqpOptions,
}

impl Default for IotHubClientOptions {
    fn default() -> Self {
        Self {
            client_options: ClientOptions {
                retry: azure_service_core::retry_options(),
                ..ClientOptions::default()
            },
            token_lifetime: None,
            #[cfg(feature = "amqp")]
            amqp: crate::amqp::AmqpOptions::default(),
        }
    }
}

impl IotHubRegistryManager {
    /// A client with the key of a shared access policy, as in
    /// `HostName=my-hub.azure-devices.net;SharedAccessKeyName=service;SharedAccessKey=…`.
    ///
    /// The parts may come in any order, their names in any case. The policy needs `RegistryRead` to read devices and
    /// modules, `RegistryWrite` to write them and configurations, `ServiceConnect` for everything else.
    ///
    /// # Errors
    ///
    /// Fails if the connection string or the options cannot be used; the error names the part and shows no key. No
    /// connection is made.
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
            options,
        )
    }

    /// A client with a Microsoft Entra identity, for the hub at `host`, such as `my-hub.azure-devices.net`.
    ///
    /// The identity needs a role such as *IoT Hub Data Contributor*; *IoT Hub Twin Contributor* and *IoT Hub Registry
    /// Contributor* are narrower.
    ///
    /// # Errors
    ///
    /// Fails if the host or the options cannot be used. No connection is made and no token is asked for.
    pub fn from_token_credential(
        host: &str,
        credential: Arc<dyn TokenCredential>,
        options: Option<IotHubClientOptions>,
    ) -> Result<Self> {
        Self::new(
            host,
            &Credential::entra(credential.clone(), SCOPE),
            #[cfg(feature = "amqp")]
            crate::amqp::AmqpCredential::Entra {
                credential,
                scope: SCOPE,
            },
            options,
        )
    }

    fn new(
        endpoint: &str,
        credential: &Credential,
        #[cfg(feature = "amqp")] amqp_credential: crate::amqp::AmqpCredential,
        options: Option<IotHubClientOptions>,
    ) -> Result<Self> {
        let all_options = options.unwrap_or_default();
        let options = all_options.client_options;
        let protocol = iothub_protocol::Client::new_with_client;
        let core = ServiceClient::new(endpoint, credential, INFO, options, protocol)?;
        Ok(Self {
            #[cfg(feature = "amqp")]
            amqp: crate::amqp::Messaging::new(
                core.endpoint(),
                host_name(core.endpoint()),
                amqp_credential,
                &all_options.amqp,
            )?,
            core,
        })
    }

    /// The low-level client: one method per operation of the REST API, with the same authentication and retries.
    #[must_use]
    pub fn protocol(&self) -> iothub_protocol::Client {
        self.api().clone()
    }

    /// The generated client, which builds the requests.
    pub(crate) fn api(&self) -> &iothub_protocol::Client {
        self.core.protocol()
    }

    /// The host of the hub, with a port if it is not the usual one.
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

/// The answer of a generated method as an answer of ours.
pub(crate) fn retype<A, B>(response: Response<A>) -> Response<B> {
    RawResponse::from(response).into()
}

/// The context of calls about which there is nothing to say.
pub(crate) fn plain() -> Context<'static> {
    Context::new()
}

/// The answer of an operation that answers without a body.
pub(crate) fn without_body<A>(response: Response<A>) -> Response<(), NoFormat> {
    RawResponse::from(response).into()
}
