//! The client and how it is made.

use std::sync::Arc;

use azure_core::credentials::TokenCredential;
use azure_core::http::{ClientOptions, Context, RawResponse, Response, Url};
use azure_service_core::{Credential, ServiceClient};
use digitaltwins_protocol::Client;

use crate::error::{Error, Result};
use crate::graph::NoteThrottling;

/// What tokens are asked for.
const SCOPE: &str = "https://digitaltwins.azure.net/.default";

/// Options of a [`DigitalTwinsClient`].
///
/// Take the default and change what should be different: `client_options` made from nothing have azure_core's retries,
/// which go on for up to a minute.
#[derive(Debug, Clone)]
pub struct DigitalTwinsClientOptions {
    /// Transport, retries, policies, tracing and logging. Default: three retries, after 0.8, 1.6 and 3.2 seconds.
    pub client_options: ClientOptions,
    /// What tokens are asked for, if the instance is not in the public cloud:
    /// `https://digitaltwins.azure.net/.default` by default.
    pub scope: Option<&'static str>,
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

/// A client of one Azure Digital Twins instance.
///
/// Cheap to clone, and all clones share connections and tokens.
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
/// use azure_core::credentials::TokenCredential;
/// use digitaltwins_convenience::{BasicDigitalTwin, DigitalTwinsClient};
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
    context: Context<'static>,
}

impl DigitalTwinsClient {
    /// A client of the instance at `endpoint`, such as `https://my-instance.api.weu.digitaltwins.azure.net` or only the
    /// host name. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// If `endpoint` is no `https` address, or if the options cannot be used.
    pub fn new(
        endpoint: &str,
        credential: Arc<dyn TokenCredential>,
        options: Option<DigitalTwinsClientOptions>,
    ) -> Result<Self> {
        let DigitalTwinsClientOptions {
            client_options: mut options,
            scope,
        } = options.unwrap_or_default();
        options.per_try_policies.push(Arc::new(NoteThrottling));
        let credential = Credential::entra(credential, scope.unwrap_or(SCOPE));
        let info = azure_service_core::client_info! {
            name: "DigitalTwinsClient",
            namespace: "Microsoft.DigitalTwins",
        };
        let core = ServiceClient::new(endpoint, &credential, info, options, Client::new_with_client)?;
        Ok(Self {
            core,
            context: Context::new(),
        })
    }

    /// The same client, with `context` for its calls: a span that they belong to, or a
    /// [`ResponseTimeout`](crate::ResponseTimeout). Pagers and pollers have a context in their own options.
    #[must_use]
    pub fn with_context(&self, context: Context<'_>) -> Self {
        Self {
            core: self.core.clone(),
            context: context.into_owned(),
        }
    }

    /// The address of the instance.
    #[must_use]
    pub fn endpoint(&self) -> &Url {
        self.core.endpoint()
    }

    /// The generated client underneath, with the same authentication and retries: every operation as the API describes
    /// it.
    #[must_use]
    pub fn protocol(&self) -> Client {
        self.api().clone()
    }

    /// The generated client, which builds the requests.
    pub(crate) fn api(&self) -> &Client {
        self.core.protocol()
    }

    pub(crate) fn context(&self) -> Context<'static> {
        self.context.clone()
    }
}

/// The same answer, to be decoded as another type.
pub(crate) fn retype<A, B>(response: Response<A>) -> Response<B> {
    RawResponse::from(response).into()
}

/// Refuses an id that cannot be part of a path, before a pager is made of it.
pub(crate) fn check_id(parameter: &'static str, id: &str) -> Result<()> {
    azure_protocol_runtime::path_segment::<()>(parameter, id).map_err(azure_service_core::Error::from)?;
    Ok(())
}

/// The page size as the protocol takes it.
pub(crate) fn page_size(max_items_per_page: Option<u32>) -> Result<Option<i64>> {
    match max_items_per_page {
        Some(0) => Err(Error::invalid_input("max_items_per_page", "must not be 0")),
        other => Ok(other.map(i64::from)),
    }
}
