//! The client for back ends, and its options.

use std::sync::Arc;
use std::time::Duration;

use azure_core::credentials::TokenCredential;
use azure_core::http::{ClientOptions, Url};
use azure_service_core::{
    CallLimits, CallOptions, ClientInfo, CloudScopes, ConnectionString, Credential, SasCredential,
    ServiceClient,
};
use provisioning_protocol::Client;

use crate::error::{Error, Result};

/// The service's Entra scope in each cloud. The scopes in the sovereign clouds are not documented.
const SCOPES: CloudScopes = CloudScopes {
    public: "https://azure-devices-provisioning.net/.default",
    government: None,
    china: None,
};

/// The key of the Device Provisioning Service in the `Audiences` of a custom cloud.
///
/// # Example
///
/// ```
/// use provisioning_convenience::cloud::{Audiences, CustomConfiguration};
/// use provisioning_convenience::{ProvisioningAudience, ProvisioningServiceClientOptions};
/// use std::sync::Arc;
///
/// let mut cloud = CustomConfiguration::default();
/// cloud.audiences = Audiences::new().with::<ProvisioningAudience>("https://provisioning.example".to_owned());
/// let mut options = ProvisioningServiceClientOptions::default();
/// options.client_options.cloud = Some(Arc::new(cloud.into()));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct ProvisioningAudience;

const INFO: ClientInfo = azure_service_core::client_info! {
    name: "ProvisioningServiceClient",
    namespace: "Microsoft.Devices",
};

/// A client for the service API of a Device Provisioning Service, with which back ends manage enrollments, enrollment
/// groups and registrations.
///
/// It is cheap to clone; clones share connections and tokens. All methods take `&self`.
///
/// # Example
///
/// ```no_run
/// use provisioning_convenience::{Attestation, EnrollmentGroup, ProvisioningServiceClient, SymmetricKeys};
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let connection_string = std::env::var("PROVISIONING_CONNECTION_STRING")?;
/// let dps = ProvisioningServiceClient::from_connection_string(&connection_string, None)?;
/// let attestation = Attestation::symmetric_keys(SymmetricKeys::generate()?);
/// let group = dps.create_enrollment_group(&EnrollmentGroup::new("factory-1", attestation)).await?;
/// println!("{:?}", group.etag);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct ProvisioningServiceClient {
    pub(crate) core: ServiceClient<Client>,
}

/// Options of [`ProvisioningServiceClient`].
///
/// Start from `ProvisioningServiceClientOptions::default()` and change its `client_options`. A new
/// `ClientOptions::default()` has azure_core's retries, which take up to a minute.
#[derive(Debug, Clone)]
pub struct ProvisioningServiceClientOptions {
    /// azure_core's options: transport, policies, retries, user agent, tracing. Default: three retries, after 0.8, 1.6
    /// and 3.2 seconds.
    pub client_options: ClientOptions,
    /// The API version to send. Default: `2026-11-01`. `2021-10-01` has no certificate issuance. Any other version is
    /// sent unchanged.
    pub api_version: String,
    /// The scope of Entra tokens. Default: the service's scope in the cloud that `client_options` selects.
    pub scope: Option<String>,
    /// Timeout of one call, including all attempts and the waits between them. Default: 90 seconds.
    /// [`CallOptions::call_timeout`](crate::CallOptions::call_timeout) replaces it.
    pub call_timeout: Option<Duration>,
    /// The maximum size of a response body in bytes, after decompression. Default: 64 MiB. If a body is larger, the
    /// call fails with [`is_response_too_large`](crate::Error::is_response_too_large).
    pub max_response_size: Option<usize>,
    /// The lifetime of tokens signed with a shared access key. They are renewed before they expire. Default: one hour.
    pub token_lifetime: Option<Duration>,
}

impl Default for ProvisioningServiceClientOptions {
    fn default() -> Self {
        Self {
            client_options: ClientOptions {
                retry: azure_service_core::retry_options(),
                ..ClientOptions::default()
            },
            api_version: provisioning_protocol::API_VERSION.to_owned(),
            scope: None,
            call_timeout: None,
            max_response_size: None,
            token_lifetime: None,
        }
    }
}

impl ProvisioningServiceClientOptions {
    /// Returns default options that trust the certificates in `pem`, such as the emulator's, in addition to the
    /// system's.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](crate::Error::is_invalid_input) if `pem` contains no certificate.
    #[cfg(feature = "rustls")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rustls")))]
    pub fn trusting(pem: &str) -> Result<Self> {
        let mut options = Self::default();
        options.client_options.transport = Some(azure_service_core::transport_trusting(pem)?);
        Ok(options)
    }
}

/// Constructors.
impl ProvisioningServiceClient {
    /// Creates a client from the connection string of a shared access policy:
    /// `HostName=my-dps.azure-devices-provisioning.net;SharedAccessKeyName=provisioningserviceowner;SharedAccessKey=…`.
    ///
    /// The parts may be in any order, and their names are case-insensitive. The policy needs `EnrollmentRead` to read
    /// enrollments, `EnrollmentWrite` to write them and to read their keys, `RegistrationStatusRead` and
    /// `RegistrationStatusWrite` for registrations. Opens no connection.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](crate::Error::is_invalid_input) if the connection string or the options are invalid; the
    /// error names the invalid part and does not show the key.
    ///
    /// # Example
    ///
    /// ```
    /// use provisioning_convenience::ProvisioningServiceClient;
    ///
    /// let connection_string = "HostName=my-dps.azure-devices-provisioning.net;SharedAccessKeyName=owner;SharedAccessKey=bm90IGEga2V5";
    /// let dps = ProvisioningServiceClient::from_connection_string(connection_string, None)?;
    /// assert_eq!(dps.endpoint().as_str(), "https://my-dps.azure-devices-provisioning.net/");
    /// # Ok::<(), provisioning_convenience::Error>(())
    /// ```
    pub fn from_connection_string(
        connection_string: &str,
        options: Option<ProvisioningServiceClientOptions>,
    ) -> Result<Self> {
        let connection: ConnectionString = connection_string
            .parse()
            .map_err(azure_service_core::Error::from)?;
        if connection.host_name().ends_with(".azure-devices.net") {
            return Err(Error::invalid_input(
                "connection string",
                "is that of an IoT hub; use that of a shared access policy of the provisioning service, whose host ends with \
                 .azure-devices-provisioning.net",
            ));
        }
        let credential = SasCredential::new(&connection).map_err(azure_service_core::Error::from)?;
        let credential = match options.as_ref().and_then(|options| options.token_lifetime) {
            Some(lifetime) => credential.with_lifetime(lifetime),
            None => credential,
        };
        Self::new(
            &connection.endpoint(),
            &Credential::sas(credential),
            options.unwrap_or_default(),
        )
    }

    /// Creates a client with a Microsoft Entra identity for the service at `host`, such as
    /// `my-dps.azure-devices-provisioning.net`.
    ///
    /// Tokens are requested from the credential's authority, for [`ProvisioningServiceClientOptions::scope`] or, by
    /// default, for the service's scope in the cloud that `client_options` selects. The identity needs a role such as
    /// *Device Provisioning Service Data Contributor*. The constructor itself opens no connection and requests no
    /// token.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](crate::Error::is_invalid_input) if the host or the options are invalid.
    ///
    /// # Example
    ///
    /// ```no_run
    /// use provisioning_convenience::{ProvisioningServiceClient, TokenCredential};
    /// use std::sync::Arc;
    ///
    /// # fn connect(credential: Arc<dyn TokenCredential>) -> Result<(), provisioning_convenience::Error> {
    /// // `credential` comes from the crate azure_identity.
    /// let host = "my-dps.azure-devices-provisioning.net";
    /// let dps = ProvisioningServiceClient::from_token_credential(host, credential, None)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn from_token_credential(
        host: &str,
        credential: Arc<dyn TokenCredential>,
        options: Option<ProvisioningServiceClientOptions>,
    ) -> Result<Self> {
        let options = options.unwrap_or_default();
        let cloud = options.client_options.cloud.as_deref();
        let scope = SCOPES.scope::<ProvisioningAudience>(cloud, options.scope.clone())?;
        Self::new(host, &Credential::entra(credential, scope), options)
    }

    fn new(
        endpoint: &str,
        credential: &Credential,
        options: ProvisioningServiceClientOptions,
    ) -> Result<Self> {
        check_api_version(&options.api_version)?;
        let api_version = options.api_version;
        let protocol = move |url: &str, http, hook| {
            Client::new_with_client(url, http, hook).with_api_version(api_version.clone())
        };
        let core = ServiceClient::new(endpoint, credential, INFO, options.client_options, protocol)?;
        let core = core.with_limits(CallLimits {
            call_timeout: options.call_timeout,
            max_response_size: options.max_response_size,
        });
        Ok(Self { core })
    }

    /// Returns a client with these call options (timeout, retries, headers, context).
    ///
    /// They apply to every method, pager and bulk run, and replace all earlier call options. The client is cheap to
    /// create and shares connections with `self`.
    ///
    /// # Example
    ///
    /// ```
    /// use provisioning_convenience::{CallOptions, ProvisioningServiceClient, RetryOptions};
    /// use std::time::Duration;
    ///
    /// # fn patient(dps: &ProvisioningServiceClient) -> ProvisioningServiceClient {
    /// dps.with_call_options(CallOptions {
    ///     attempt_timeout: Some(Duration::from_secs(5)),
    ///     retry: Some(RetryOptions::none()),
    ///     ..CallOptions::default()
    /// })
    /// # }
    /// ```
    #[must_use]
    pub fn with_call_options(&self, options: CallOptions) -> Self {
        Self {
            core: self.core.with_call_options(options),
        }
    }

    /// Returns the generated client, which covers every operation of the REST API and uses the same authentication and
    /// retries.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # async fn read(dps: &provisioning_convenience::ProvisioningServiceClient) -> Result<(), Box<dyn std::error::Error>> {
    /// let enrollment = dps.protocol().individual_enrollment_get("sensor-7").await?.into_inner();
    /// println!("{:?}", enrollment.device_id);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn protocol(&self) -> Client {
        self.core.protocol().clone()
    }

    /// Returns the endpoint of the service.
    ///
    /// # Example
    ///
    /// ```
    /// # let text = "HostName=localhost:8443;SharedAccessKeyName=owner;SharedAccessKey=bm90IGEga2V5";
    /// # let dps = provisioning_convenience::ProvisioningServiceClient::from_connection_string(text, None)?;
    /// assert_eq!(dps.endpoint().as_str(), "https://localhost:8443/");
    /// # Ok::<(), provisioning_convenience::Error>(())
    /// ```
    #[must_use]
    pub fn endpoint(&self) -> &Url {
        self.core.endpoint()
    }
}

/// Checks that an API version has only characters that need no escaping in the query. The service checks the rest.
pub(crate) fn check_api_version(version: &str) -> Result<()> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    match !version.is_empty() && version.chars().all(allowed) {
        true => Ok(()),
        false => Err(Error::invalid_input(
            "api_version",
            format!("{version:?} must be a version such as 2026-11-01"),
        )),
    }
}
