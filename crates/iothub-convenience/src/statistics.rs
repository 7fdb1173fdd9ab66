//! How many devices there are.

use azure_core::http::Response;
use iothub_protocol::types::{RegistryStatistics, ServiceStatistics};

use crate::client::{IotHubRegistryManager, plain};
use crate::error::Result;

/// How many devices there are.
impl IotHubRegistryManager {
    /// Counts the devices: all, enabled, disabled. The numbers may lag by minutes.
    ///
    /// REST: `GET /statistics/devices`.
    ///
    /// # Errors
    ///
    /// As every call: see [`Error`](crate::Error).
    pub async fn get_device_registry_statistics(&self) -> Result<Response<RegistryStatistics>> {
        let request = self.api().statistics_get_device_statistics_request();
        Ok(self.core.send(request, plain()).await?)
    }

    /// Counts the devices that are connected. The number may lag by minutes.
    ///
    /// REST: `GET /statistics/service`.
    ///
    /// # Errors
    ///
    /// As every call: see [`Error`](crate::Error).
    pub async fn get_service_statistics(&self) -> Result<Response<ServiceStatistics>> {
        let request = self.api().statistics_get_service_statistics_request();
        Ok(self.core.send(request, plain()).await?)
    }
}
