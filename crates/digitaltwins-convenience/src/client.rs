//! The client and its options.

use std::sync::Arc;
use std::time::Duration;

use azure_core::credentials::TokenCredential;
use azure_core::http::{ClientOptions, Url};
use azure_protocol_runtime::TypedRequest;
use azure_service_core::{
    CallLimits, CallOptions, CloudScopes, Credential, Error as CoreError, ServiceClient,
};
use digitaltwins_protocol::Client;

use crate::error::Result;
use crate::graph::ObserveThrottling;

/// The scopes that tokens are requested for (ADT-HTTP-7, ADT-HTTP-15, ADT-HTTP-16). Only the scope of the public
/// cloud is documented. Set `DigitalTwinsClientOptions::scope` if an inferred one is wrong.
const SCOPES: CloudScopes = CloudScopes {
    public: "https://digitaltwins.azure.net/.default",
    government: Some("https://digitaltwins.azure.us/.default"),
    china: None,
};

/// The key of Azure Digital Twins in the `Audiences` of a custom cloud.
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
/// Change the default rather than building a new `ClientOptions`, whose retry policy retries for up to a minute.
#[derive(Debug, Clone)]
pub struct DigitalTwinsClientOptions {
    /// Transport, retries, policies, cloud, tracing and logging. Default: three retries, after 0.8, 1.6 and 3.2
    /// seconds.
    pub client_options: ClientOptions,
    /// The scope that tokens are requested for. The default depends on the cloud in `client_options`.
    ///
    /// * Public cloud: `https://digitaltwins.azure.net/.default`.
    /// * Azure Government: `https://digitaltwins.azure.us/.default`, which is inferred and not documented.
    /// * Azure operated by 21Vianet: no default, because the service is not known to be offered there.
    pub scope: Option<String>,
    /// The timeout of one call, including all attempts and the waits between them. Default: 90 seconds.
    /// [`CallOptions::call_timeout`](crate::CallOptions::call_timeout) replaces it.
    pub call_timeout: Option<Duration>,
    /// The maximum size of a response body in bytes, after decompression. Default: 64 MiB. A larger body fails with
    /// [`is_response_too_large`](crate::Error::is_response_too_large).
    pub max_response_size: Option<usize>,
}

impl Default for DigitalTwinsClientOptions {
    fn default() -> Self {
        Self {
            client_options: ClientOptions {
                retry: azure_service_core::retry_options(),
                ..ClientOptions::default()
            },
            scope: None,
            call_timeout: None,
            max_response_size: None,
        }
    }
}

impl DigitalTwinsClientOptions {
    /// Returns the default options, with a transport that trusts the certificates in `pem` in addition to the
    /// system's, such as the certificate of the emulator.
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

/// A client for one Azure Digital Twins instance.
///
/// Cheap to clone; clones share connections and tokens.
///
/// # Authentication
///
/// The service accepts Microsoft Entra ID tokens. On the instance, the identity needs the role *Azure Digital Twins
/// Data Reader* to read and *Azure Digital Twins Data Owner* to write.
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
    /// Creates a client for the instance at `endpoint`, such as `https://my-instance.api.weu.digitaltwins.azure.net`
    /// or just its host name. Sends no request.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](crate::Error::is_invalid_input) if `endpoint` is not an `https` URL, if the cloud has no
    /// known scope, or if an option is invalid.
    ///
    /// # Example
    ///
    /// ```
    /// use digitaltwins_convenience::{DelegatedTokenCredential, DigitalTwinsClient};
    ///
    /// let credential = DelegatedTokenCredential::new(|| "a token from elsewhere".to_owned());
    /// let client = DigitalTwinsClient::new("my-instance.api.weu.digitaltwins.azure.net", credential, None)?;
    /// assert_eq!(client.endpoint().scheme(), "https");
    /// # Ok::<(), digitaltwins_convenience::Error>(())
    /// ```
    pub fn new(
        endpoint: &str,
        credential: Arc<dyn TokenCredential>,
        options: Option<DigitalTwinsClientOptions>,
    ) -> Result<Self> {
        let DigitalTwinsClientOptions {
            client_options: mut options,
            scope,
            call_timeout,
            max_response_size,
        } = options.unwrap_or_default();
        let scope = SCOPES.scope::<DigitalTwinsAudience>(options.cloud.as_deref(), scope)?;
        options.per_try_policies.push(Arc::new(ObserveThrottling));
        let credential = Credential::entra(credential, scope);
        let info = azure_service_core::client_info! {
            name: "DigitalTwinsClient",
            namespace: "Microsoft.DigitalTwins",
        };
        let core = ServiceClient::new(endpoint, &credential, info, options, Client::new_with_client)?;
        let core = core.with_limits(CallLimits {
            call_timeout,
            max_response_size,
        });
        Ok(Self { core })
    }

    /// Returns a client that uses `options` for all of its calls, including those of pagers and pollers. `options`
    /// replaces the current call options as a whole. Both clients share connections and tokens.
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
    /// let failing_fast = client.with_call_options(CallOptions {
    ///     attempt_timeout: Some(Duration::from_secs(5)),
    ///     retry: Some(RetryOptions::none()),
    ///     ..CallOptions::default()
    /// });
    /// let room: BasicDigitalTwin = failing_fast.get_digital_twin("room-1").await?.into_model()?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn with_call_options(&self, options: CallOptions) -> Self {
        Self {
            core: self.core.with_call_options(options),
        }
    }

    /// Returns the URL of the instance.
    ///
    /// # Example
    ///
    /// ```
    /// # mod common { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/common/mod.rs")); }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// # let (_emulator, client) = common::building().await?;
    /// println!("connected to {}", client.endpoint());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn endpoint(&self) -> &Url {
        self.core.endpoint()
    }

    /// Returns the generated client, which covers every operation of the API description and uses the same
    /// authentication, retries and call options.
    ///
    /// # Example
    ///
    /// ```
    /// # mod common { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/common/mod.rs")); }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// # let (_emulator, client) = common::building().await?;
    /// let page = client.protocol().digital_twin_models_list(None, None, Some(10), None, None).await?;
    /// println!("{} models on the first page", page.value.len());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn protocol(&self) -> Client {
        self.api().clone()
    }

    /// Returns the generated client that builds the requests.
    pub(crate) fn api(&self) -> &Client {
        self.core.protocol()
    }
}

/// A request, or the error from building it, with which the call then fails.
pub(crate) type Built<T> = Result<TypedRequest<T>, CoreError>;

/// Checks the page size and builds the request for the first page.
pub(crate) fn first_page<T>(page_size: Option<u32>, build: impl FnOnce(Option<i64>) -> Built<T>) -> Built<T> {
    match page_size {
        Some(0) => Err(CoreError::invalid_input(
            "page_size",
            "must not be 0; use None for the service's default",
        )),
        other => build(other.map(i64::from)),
    }
}
