//! Client options.

use std::time::Duration;

use azure_core::http::ClientOptions;

use crate::error::{Error, Result};
use crate::hub_host::{HostRole, HubHost};

/// Options of [`IotHubRegistryManager`](crate::IotHubRegistryManager).
///
/// Change the default rather than building a new `ClientOptions`, whose retry policy retries for up to a minute.
#[derive(Debug, Clone)]
pub struct IotHubClientOptions {
    /// azure_core's options: transport, policies, retries, user agent, tracing. Default: three retries, after 0.8, 1.6
    /// and 3.2 seconds.
    pub client_options: ClientOptions,
    /// The API version, sent with every request. Default: `2024-03-31`.
    ///
    /// The hub also accepts `2021-04-12`, which lacks attributes and key regeneration, and `2026-11-01`, which adds the
    /// members of Azure Device Registry. A later version is sent unchanged: members that this crate does not know are
    /// in `extra`.
    pub api_version: String,
    /// The host name in the connection strings and tokens of devices and modules, if devices connect to a different
    /// host from the client, such as the hub's [classic name](HubHost::classic) or a gateway. Default: the client's
    /// host, or the one [for devices](HubHost::for_devices) if the client's host is only for services.
    pub device_host: Option<HubHost>,
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
            api_version: iothub_protocol::API_VERSION.to_owned(),
            device_host: None,
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
    /// Checks that the API version is not empty, and that devices can connect to `device_host`.
    pub(super) fn check(&self) -> Result<()> {
        if self.api_version.trim().is_empty() {
            let reason = "is empty; use one such as \"2024-03-31\", which is the default";
            return Err(Error::invalid_input("api_version", reason));
        }
        let device_host = self.device_host.as_ref();
        if let Some(host) = device_host.filter(|host| host.role() == HostRole::Service) {
            let reason = format!(
                "is {:?}, to which only services connect; use its for_devices() or classic()",
                host.as_str()
            );
            return Err(Error::invalid_input("device_host", reason));
        }
        Ok(())
    }

    /// Returns default options that trust the certificates in `pem`, such as an emulator's, in addition to the system's
    /// certificates. The options apply to both HTTP and AMQP.
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
