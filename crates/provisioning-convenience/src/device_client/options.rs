//! Options of the device client.

use std::time::Duration;

use azure_core::http::ClientOptions;

use crate::error::{Error, Result};

/// The endpoint that devices of all provisioning services use.
const ENDPOINT: &str = "https://global.azure-devices-provisioning.net";

/// Options of [`ProvisioningDeviceClient`](crate::ProvisioningDeviceClient).
///
/// Start from `ProvisioningDeviceClientOptions::default()` and change its `client_options`. A new
/// `ClientOptions::default()` has azure_core's retries, which take up to a minute.
#[derive(Debug, Clone)]
pub struct ProvisioningDeviceClientOptions {
    /// azure_core's options: transport, policies, retries, user agent, tracing. Default: three retries, after 0.8, 1.6
    /// and 3.2 seconds.
    pub client_options: ClientOptions,
    /// The API version to send. Default: `2026-11-01`. `2021-10-01` has no certificate issuance. Any other version is
    /// sent unchanged.
    pub api_version: String,
    /// Endpoint of the service. Default: `https://global.azure-devices-provisioning.net`. Sovereign clouds and
    /// emulators have different endpoints.
    pub endpoint: String,
    /// PEM certificates to trust in addition to the system's, such as an emulator's certificate.
    pub trusted_certificates: Option<String>,
    /// Timeout of one call, including all attempts and the waits between them. Default: 90 seconds.
    /// [`CallOptions::call_timeout`](crate::CallOptions::call_timeout) replaces it.
    pub call_timeout: Option<Duration>,
    /// The maximum size of a response body in bytes, after decompression. Default: 64 MiB. If a body is larger, the
    /// call fails with [`is_response_too_large`](crate::Error::is_response_too_large).
    pub max_response_size: Option<usize>,
    /// The lifetime of tokens signed with a symmetric key. They are renewed before they expire. Default: one hour.
    pub token_lifetime: Option<Duration>,
}

impl Default for ProvisioningDeviceClientOptions {
    fn default() -> Self {
        Self {
            client_options: ClientOptions {
                retry: azure_service_core::retry_options(),
                ..ClientOptions::default()
            },
            api_version: provisioning_device_protocol::API_VERSION.to_owned(),
            endpoint: ENDPOINT.to_owned(),
            trusted_certificates: None,
            call_timeout: None,
            max_response_size: None,
            token_lifetime: None,
        }
    }
}

impl ProvisioningDeviceClientOptions {
    /// Returns options for an emulator at `endpoint` that presents the certificate `pem`.
    #[must_use]
    pub fn for_emulator(pem: impl Into<String>, endpoint: impl Into<String>) -> Self {
        Self {
            trusted_certificates: Some(pem.into()),
            endpoint: endpoint.into(),
            ..Self::default()
        }
    }
}

/// Sets a transport that trusts `trusted_certificates`, if any are given.
pub(super) fn trust(options: &mut ProvisioningDeviceClientOptions) -> Result<()> {
    let Some(pem) = &options.trusted_certificates else {
        return Ok(());
    };
    if options.client_options.transport.is_some() {
        return Err(Error::invalid_input(
            "trusted_certificates",
            "cannot be added to a transport of your own; let that trust them",
        ));
    }
    #[cfg(feature = "rustls")]
    {
        options.client_options.transport = Some(azure_service_core::transport_trusting(pem)?);
        Ok(())
    }
    #[cfg(not(feature = "rustls"))]
    {
        let _ = pem;
        Err(Error::invalid_input(
            "trusted_certificates",
            "needs the feature rustls; set a transport that trusts them",
        ))
    }
}
