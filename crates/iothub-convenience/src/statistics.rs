//! Counts of devices.

use azure_core::http::Response;

use crate::client::IotHubRegistryManager;
use crate::error::Result;
use crate::model::model;

model! {
    /// The number of registered devices, by status.
    pub struct RegistryStatistics as "statistics" {
        /// The total number of devices.
        pub total_device_count: Option<i64> = "totalDeviceCount",
        /// The number of enabled devices, which may connect.
        pub enabled_device_count: Option<i64> = "enabledDeviceCount",
        /// The number of disabled devices, which may not connect.
        pub disabled_device_count: Option<i64> = "disabledDeviceCount",
    }
}

model! {
    /// Connection statistics.
    pub struct ServiceStatistics as "statistics" {
        /// The number of connected devices.
        pub connected_device_count: Option<i64> = "connectedDeviceCount",
    }
}

/// Counts of devices.
impl IotHubRegistryManager {
    /// Counts the registered devices: in total, enabled and disabled. The numbers may lag by minutes.
    ///
    /// REST: `GET /statistics/devices`.
    ///
    /// # Errors
    ///
    /// See [`Error`](crate::Error).
    ///
    /// # Example
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["thermostat-7"]).await?;
    /// let statistics = hub.get_device_registry_statistics().await?.into_model()?;
    /// assert_eq!(statistics.total_device_count, Some(1));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn get_device_registry_statistics(&self) -> Result<Response<RegistryStatistics>> {
        let request = self.core.protocol().statistics_get_device_statistics_request();
        let call = self.core.call("get_device_registry_statistics");
        Ok(call.send(request).await?)
    }

    /// Counts the connected devices. The number may lag by minutes.
    ///
    /// REST: `GET /statistics/service`.
    ///
    /// # Errors
    ///
    /// See [`Error`](crate::Error).
    ///
    /// # Example
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/emulated/hub.rs"));
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (emulator, hub) = emulated_hub(&["thermostat-7"]).await?;
    /// let statistics = hub.get_service_statistics().await?.into_model()?;
    /// println!("{:?} devices are connected", statistics.connected_device_count);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn get_service_statistics(&self) -> Result<Response<ServiceStatistics>> {
        let request = self.core.protocol().statistics_get_service_statistics_request();
        Ok(self.core.call("get_service_statistics").send(request).await?)
    }
}
