//! The client and its options.

use std::sync::Arc;

use azure_core::credentials::TokenCredential;
use azure_core::http::{ClientOptions, Url};
use azure_protocol_runtime::TypedRequest;
use azure_service_core::{CallOptions, CloudScopes, Credential, Error as CoreError, ServiceClient};
use digitaltwins_protocol::Client;

use crate::error::Result;
use crate::graph::ObserveThrottling;

/// The scopes that tokens are requested for. The service is not offered in Azure operated by 21Vianet.
const SCOPES: CloudScopes = CloudScopes {
    public: "https://digitaltwins.azure.net/.default",
    government: Some("https://digitaltwins.azure.us/.default"),
    china: None,
};

/// Names Azure Digital Twins in the `Audiences` of a custom cloud.
///
/// # Example
///
/// ```
/// use std::sync::Arc;
///
/// use digitaltwins_convenience::cloud::{Audiences, CustomConfiguration};
/// use digitaltwins_convenience::{DigitalTwinsAudience, DigitalTwinsClientOptions};
///
/// let mut cloud = CustomConfiguration::default();
/// cloud.audiences = Audiences::new().with::<DigitalTwinsAudience>("https://digitaltwins.contoso.example".to_owned());
/// let mut options = DigitalTwinsClientOptions::default();
/// options.client_options.cloud = Some(Arc::new(cloud.into()));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct DigitalTwinsAudience;

/// Options of a [`DigitalTwinsClient`].
///
/// Start from the default: a `ClientOptions` built from scratch has azure_core's retries, which go on for up to a
/// minute.
#[derive(Debug, Clone)]
pub struct DigitalTwinsClientOptions {
    /// Transport, retries, policies, cloud, tracing and logging. Default: three retries, after 0.8, 1.6 and 3.2 seconds.
    pub client_options: ClientOptions,
    /// The scope that tokens are requested for. Default: that of the cloud in `client_options`;
    /// `https://digitaltwins.azure.net/.default` in the public cloud.
    pub scope: Option<String>,
}

impl Default for DigitalTwinsClientOptions {
    fn default() -> Self {
        Self {
            client_options: ClientOptions {
                retry: azure_service_core::retry_options(),
                ..ClientOptions::default()
            },
            scope: None,
        }
    }
}

impl DigitalTwinsClientOptions {
    /// The default options, with a transport that trusts the certificates in `pem` besides those of the system, such as
    /// the emulator's.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](crate::Error::is_invalid_input) if `pem` has no certificate.
    ///
    /// # Example
    ///
    /// ```
    /// use digitaltwins_convenience::{DelegatedTokenCredential, DigitalTwinsClient, DigitalTwinsClientOptions};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// # let emulator = azure_iot_emulator::Emulator::start().await?;
    /// # let token = emulator.bearer_token();
    /// let options = DigitalTwinsClientOptions::trusting(emulator.ca_certificate_pem())?;
    /// let credential = DelegatedTokenCredential::new(move || token.clone());
    /// let client = DigitalTwinsClient::new(emulator.digitaltwins_endpoint(), credential, Some(options))?;
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "rustls")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rustls")))]
    pub fn trusting(pem: &str) -> Result<Self> {
        let mut options = Self::default();
        options.client_options.transport = Some(azure_service_core::transport_trusting(pem)?);
        Ok(options)
    }
}

/// A client of one Azure Digital Twins instance.
///
/// Cheap to clone; clones share connections and tokens.
///
/// # Authentication
///
/// The service takes tokens of Microsoft Entra ID. The identity needs the role *Azure Digital Twins Data Reader* to read
/// and *Azure Digital Twins Data Owner* to write, on the instance.
///
/// # Example
///
/// ```no_run
/// use std::sync::Arc;
///
/// use digitaltwins_convenience::{BasicDigitalTwin, DigitalTwinsClient, TokenCredential};
///
/// # async fn example(credential: Arc<dyn TokenCredential>) -> Result<(), digitaltwins_convenience::Error> {
/// let client = DigitalTwinsClient::new("https://my-instance.api.weu.digitaltwins.azure.net", credential, None)?;
/// let twin: BasicDigitalTwin = client.get_digital_twin("room-1").await?.into_model()?;
/// println!("{} is a {}", twin.id, twin.model());
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct DigitalTwinsClient {
    pub(crate) core: ServiceClient<Client>,
}

/// Construction and call options.
impl DigitalTwinsClient {
    /// Creates a client of the instance at `endpoint`, such as `https://my-instance.api.weu.digitaltwins.azure.net` or
    /// only the host name. Sends nothing.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](crate::Error::is_invalid_input) if `endpoint` is not an `https` URL, if the cloud has no known
    /// scope, or if `options` cannot be used.
    pub fn new(
        endpoint: &str,
        credential: Arc<dyn TokenCredential>,
        options: Option<DigitalTwinsClientOptions>,
    ) -> Result<Self> {
        let DigitalTwinsClientOptions {
            client_options: mut options,
            scope,
        } = options.unwrap_or_default();
        let scope = SCOPES.scope::<DigitalTwinsAudience>(options.cloud.as_deref(), scope)?;
        options.per_try_policies.push(Arc::new(ObserveThrottling));
        let credential = Credential::entra(credential, scope);
        let info = azure_service_core::client_info! {
            name: "DigitalTwinsClient",
            namespace: "Microsoft.DigitalTwins",
        };
        let core = ServiceClient::new(endpoint, &credential, info, options, Client::new_with_client)?;
        Ok(Self { core })
    }

    /// Returns the same client with other options for its calls: every method, pager and poller. Earlier options are
    /// replaced as a whole.
    ///
    /// # Example
    ///
    /// ```
    /// # use digitaltwins_convenience::{BasicDigitalTwin, DigitalTwinsClient, Error};
    /// use std::time::Duration;
    ///
    /// use digitaltwins_convenience::{CallOptions, RetryOptions};
    ///
    /// # mod common { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/common/mod.rs")); }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// # let (_emulator, client) = common::building().await?;
    /// let impatient = client.with_call_options(CallOptions {
    ///     attempt_timeout: Some(Duration::from_secs(5)),
    ///     retry: Some(RetryOptions::none()),
    ///     ..CallOptions::default()
    /// });
    /// let room: BasicDigitalTwin = impatient.get_digital_twin("room-1").await?.into_model()?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn with_call_options(&self, options: CallOptions) -> Self {
        Self {
            core: self.core.with_call_options(options),
        }
    }

    /// The address of the instance.
    #[must_use]
    pub fn endpoint(&self) -> &Url {
        self.core.endpoint()
    }

    /// The generated client, with the same authentication, retries and call options: every operation as the API
    /// description has it.
    #[must_use]
    pub fn protocol(&self) -> Client {
        self.api().clone()
    }

    /// The generated client, which builds the requests.
    pub(crate) fn api(&self) -> &Client {
        self.core.protocol()
    }
}

/// A request, or why it cannot be built: the client sends it or fails.
pub(crate) type Built<T> = Result<TypedRequest<T>, CoreError>;

/// Gives the parameters in an error the names that they have here; `names` has pairs of the generated client's name and
/// the method's.
pub(crate) fn renamed<T, E: Into<CoreError>>(
    request: Result<TypedRequest<T>, E>,
    names: &[(&str, &'static str)],
) -> Built<T> {
    request.map_err(|error| {
        let error: CoreError = error.into();
        let name = names
            .iter()
            .find(|(generated, _)| error.parameter() == Some(*generated));
        match (name, error.message()) {
            (Some((_, name)), Some(reason)) => CoreError::invalid_input(*name, reason),
            _ => error,
        }
    })
}

/// Checks the page size and builds the request for the first page with it.
pub(crate) fn first_page<T>(page_size: Option<u32>, build: impl FnOnce(Option<i64>) -> Built<T>) -> Built<T> {
    match page_size {
        Some(0) => Err(CoreError::invalid_input(
            "page_size",
            "must not be 0; leave it out for the service's default",
        )),
        other => build(other.map(i64::from)),
    }
}
