//! The device client.

mod options;

use std::sync::Arc;

#[cfg(feature = "rustls")]
use async_trait::async_trait;
use azure_core::credentials::Secret;
#[cfg(feature = "rustls")]
use azure_core::http::policies::{Policy, PolicyResult};
#[cfg(feature = "rustls")]
use azure_core::http::{Context, Request};
use azure_core::http::{Response, Url};
use azure_service_core::{CallLimits, CallOptions, ClientInfo, Credential, SasCredential, ServiceClient};
use provisioning_device_protocol::{Client, types};

use crate::error::{Error, Result};
use crate::ids::check_registration_id;
use crate::key::{decode, derive_device_key};
use crate::registration::Registration;
use crate::service_client::check_api_version;

pub use options::ProvisioningDeviceClientOptions;

use options::trust;

/// The policy name in device tokens.
const KEY_NAME: &str = "registration";

const INFO: ClientInfo = azure_service_core::client_info! {
    name: "ProvisioningDeviceClient",
    namespace: "Microsoft.Devices",
};

/// A client for one device, which registers it with a Device Provisioning Service over HTTPS.
///
/// Devices attest with a symmetric key or an X.509 certificate. TPM attestation needs the TPM between two requests, so
/// it is not part of this client; its operations are available through [`protocol`](Self::protocol).
///
/// # Example
///
/// ```no_run
/// use provisioning_convenience::{ProvisioningDeviceClient, RegistrationOutcome, Secret};
///
/// # async fn run(device_key: Secret) -> Result<(), provisioning_convenience::Error> {
/// let device = ProvisioningDeviceClient::with_symmetric_key("0ne00000001", "sensor-7", &device_key, None)?;
/// match device.register(None).await? {
///     RegistrationOutcome::Assigned(assignment) => {
///         println!("connect to {} as {}", assignment.hub, assignment.device_id);
///     }
///     RegistrationOutcome::Failed(failure) => println!("{failure}"),
///     RegistrationOutcome::Disabled(_) => println!("the enrollment is disabled"),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct ProvisioningDeviceClient {
    pub(crate) core: ServiceClient<Client>,
    pub(crate) id_scope: Arc<str>,
    pub(crate) registration_id: Arc<str>,
}

/// Constructors.
impl ProvisioningDeviceClient {
    /// Creates a client for a device that attests with a symmetric key: a key of its individual enrollment, or a
    /// [derived](crate::derive_device_key) key. The key is base64-encoded. Opens no connection.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](Error::is_invalid_input) if an id, the key or the options are invalid.
    ///
    /// # Example
    ///
    /// ```
    /// use provisioning_convenience::{ProvisioningDeviceClient, Secret};
    ///
    /// let key = Secret::new("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
    /// let device = ProvisioningDeviceClient::with_symmetric_key("0ne00000001", "sensor-7", &key, None)?;
    /// assert_eq!(device.registration_id(), "sensor-7");
    /// # Ok::<(), provisioning_convenience::Error>(())
    /// ```
    pub fn with_symmetric_key(
        id_scope: &str,
        registration_id: &str,
        key: &Secret,
        options: Option<ProvisioningDeviceClientOptions>,
    ) -> Result<Self> {
        check_id_scope(id_scope)?;
        check_registration_id(registration_id)?;
        decode("the key of the device", key)?;
        let mut options = options.unwrap_or_default();
        let resource = format!("{id_scope}/registrations/{registration_id}");
        let credential = SasCredential::for_resource(&resource, Some(KEY_NAME), key);
        let credential = credential.map_err(azure_service_core::Error::from)?;
        let credential = match options.token_lifetime {
            Some(lifetime) => credential.with_lifetime(lifetime),
            None => credential,
        };
        trust(&mut options)?;
        Self::new(id_scope, registration_id, &Credential::sas(credential), options)
    }

    /// Creates a client for a device that attests with a symmetric key, which is derived from `group_key`, the
    /// base64-encoded key of its enrollment group.
    ///
    /// Intended for tests and factories. A device in the field should have only its [derived](crate::derive_device_key)
    /// key, because the group key is valid for every device of the group.
    ///
    /// # Errors
    ///
    /// Same as [`with_symmetric_key`](Self::with_symmetric_key).
    ///
    /// # Example
    ///
    /// ```
    /// use provisioning_convenience::{ProvisioningDeviceClient, Secret};
    ///
    /// let group_key = Secret::new("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
    /// let device = ProvisioningDeviceClient::with_group_key("0ne00000001", "sensor-7", &group_key, None)?;
    /// assert_eq!(device.registration_id(), "sensor-7");
    /// # Ok::<(), provisioning_convenience::Error>(())
    /// ```
    pub fn with_group_key(
        id_scope: &str,
        registration_id: &str,
        group_key: &Secret,
        options: Option<ProvisioningDeviceClientOptions>,
    ) -> Result<Self> {
        let key = derive_device_key(group_key, registration_id)?;
        Self::with_symmetric_key(id_scope, registration_id, &key, options)
    }

    /// Creates a client for a device that attests with a certificate. `identity` contains the private key, the
    /// certificate and its intermediates as PEM. The common name of the certificate is the registration id. Opens no
    /// connection.
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](Error::is_invalid_input) if an id, the identity or the options are invalid, or if the
    /// options contain a transport, because the client must create one that presents the certificate.
    ///
    /// # Example
    ///
    /// ```no_run
    /// use provisioning_convenience::{ProvisioningDeviceClient, Secret};
    ///
    /// # fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// let identity = Secret::new(std::fs::read_to_string("device.pem")?);
    /// let device = ProvisioningDeviceClient::with_certificate("0ne00000001", "sensor-7", &identity, None)?;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "rustls")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rustls")))]
    pub fn with_certificate(
        id_scope: &str,
        registration_id: &str,
        identity: &Secret,
        options: Option<ProvisioningDeviceClientOptions>,
    ) -> Result<Self> {
        check_id_scope(id_scope)?;
        check_registration_id(registration_id)?;
        let mut options = options.unwrap_or_default();
        if options.client_options.transport.is_some() {
            return Err(Error::invalid_input(
                "transport",
                "must not be set, because the client creates a transport that presents the certificate",
            ));
        }
        // Without TLS, there is no handshake in which to present the certificate.
        if !options.endpoint.starts_with("https://") && options.endpoint.contains("://") {
            return Err(Error::invalid_input(
                "endpoint",
                "must be https, because the certificate is presented in the TLS handshake",
            ));
        }
        let trusted = options.trusted_certificates.as_deref();
        let transport = azure_service_core::transport_with_identity(identity, trusted)?;
        options.client_options.transport = Some(transport);
        let credential = Credential::custom(Arc::new(NoHeader));
        Self::new(id_scope, registration_id, &credential, options)
    }

    fn new(
        id_scope: &str,
        registration_id: &str,
        credential: &Credential,
        options: ProvisioningDeviceClientOptions,
    ) -> Result<Self> {
        check_api_version(&options.api_version)?;
        let api_version = options.api_version;
        let protocol = move |url: &str, http, hook| {
            Client::new_with_client(url, http, hook).with_api_version(api_version.clone())
        };
        let core = ServiceClient::new(
            &options.endpoint,
            credential,
            INFO,
            options.client_options,
            protocol,
        )?;
        Ok(Self {
            core: core.with_limits(CallLimits {
                call_timeout: options.call_timeout,
                max_response_size: options.max_response_size,
            }),
            id_scope: id_scope.into(),
            registration_id: registration_id.into(),
        })
    }

    /// Returns a copy of the client that sends through `core`, as the calls of a composite method do.
    pub(crate) fn over(&self, core: ServiceClient<Client>) -> Self {
        Self {
            core,
            id_scope: self.id_scope.clone(),
            registration_id: self.registration_id.clone(),
        }
    }

    /// Returns a client with these call options (timeout, retries, headers, context), which replace all earlier ones.
    /// The client is cheap to create and shares connections with `self`.
    ///
    /// # Example
    ///
    /// ```
    /// use provisioning_convenience::{CallOptions, ProvisioningDeviceClient};
    /// use std::time::Duration;
    ///
    /// # fn impatient(device: &ProvisioningDeviceClient) -> ProvisioningDeviceClient {
    /// device.with_call_options(CallOptions {
    ///     call_timeout: Some(Duration::from_secs(10)),
    ///     ..CallOptions::default()
    /// })
    /// # }
    /// ```
    #[must_use]
    pub fn with_call_options(&self, options: CallOptions) -> Self {
        self.over(self.core.with_call_options(options))
    }

    /// Returns the generated client, which covers every operation of the REST API and uses the same authentication and
    /// retries.
    ///
    /// # Example
    ///
    /// ```
    /// # fn endpoint(device: &provisioning_convenience::ProvisioningDeviceClient) {
    /// let generated = device.protocol();
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
    /// # use provisioning_convenience::{ProvisioningDeviceClient, Secret};
    /// # let key = Secret::new("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
    /// # let device = ProvisioningDeviceClient::with_symmetric_key("0ne00000001", "sensor-7", &key, None)?;
    /// assert_eq!(device.endpoint().as_str(), "https://global.azure-devices-provisioning.net/");
    /// # Ok::<(), provisioning_convenience::Error>(())
    /// ```
    #[must_use]
    pub fn endpoint(&self) -> &Url {
        self.core.endpoint()
    }

    /// Returns the registration id of the device.
    ///
    /// # Example
    ///
    /// ```
    /// # use provisioning_convenience::{ProvisioningDeviceClient, Secret};
    /// # let key = Secret::new("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
    /// # let device = ProvisioningDeviceClient::with_symmetric_key("0ne00000001", "sensor-7", &key, None)?;
    /// assert_eq!(device.registration_id(), "sensor-7");
    /// # Ok::<(), provisioning_convenience::Error>(())
    /// ```
    #[must_use]
    pub fn registration_id(&self) -> &str {
        &self.registration_id
    }

    /// Reads the result of the device's last registration without registering again: the assignment, or the reason why
    /// it failed.
    ///
    /// REST: `POST /{idScope}/registrations/{registrationId}`.
    ///
    /// # Errors
    ///
    /// [`is_not_found`](Error::is_not_found) if the device has never registered.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # async fn run(device: &provisioning_convenience::ProvisioningDeviceClient) -> Result<(), Box<dyn std::error::Error>> {
    /// let registration = device.get_own_registration().await?.into_model()?;
    /// println!("{:?}", registration.assigned_hub);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn get_own_registration(&self) -> Result<Response<Registration>> {
        let body = types::DeviceRegistration {
            registration_id: Some(self.registration_id.to_string()),
            ..types::DeviceRegistration::default()
        };
        let request = self
            .core
            .protocol()
            .runtime_registration_device_registration_status_lookup_request(
                &self.id_scope,
                &self.registration_id,
                &body,
            );
        Ok(self.core.call("get_own_registration").send(request).await?)
    }
}

fn check_id_scope(id_scope: &str) -> Result<()> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-';
    match !id_scope.is_empty() && id_scope.chars().all(allowed) {
        true => Ok(()),
        false => Err(Error::invalid_input(
            "id_scope",
            format!("{id_scope:?} must have ASCII letters, digits and -, such as 0ne00000001"),
        )),
    }
}

/// The authentication policy of clients with a certificate. It adds no header, because the TLS handshake authenticates
/// the device.
#[cfg(feature = "rustls")]
#[derive(Debug)]
struct NoHeader;

#[cfg(feature = "rustls")]
#[async_trait]
impl Policy for NoHeader {
    async fn send(&self, ctx: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        match next.split_first() {
            Some((policy, rest)) => policy.send(ctx, request, rest).await,
            None => Err(azure_core::Error::with_message(
                azure_core::error::ErrorKind::Other,
                "the pipeline has no transport",
            )),
        }
    }
}
